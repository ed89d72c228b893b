// `dormouse run`: from an empty process to a serving host, and back. Reads top to bottom; main waits and writes the
// log.
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

#include "base/unique_fd.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/configuration.h"
#include "cli/crashes.h"
#include "cli/log.h"
#include "cli/parts.h"
#include "cli/service_notify.h"
#include "components/memory_watch.h"
#include "config/config_on_disk.h"
#include "config/state_dir.h"
#include "http/http_host.h"
#include "pipeline/files_watch.h"

namespace dormouse {
namespace {

// A few calls of stat: what changed on disk is seen within that time.
constexpr Duration kFilesLookEvery = std::chrono::seconds(5);

// What the joins and flushes after the two graces may take.
constexpr Duration kStopSlack = std::chrono::seconds(5);

struct RunArguments {
  std::string config;
  std::string log_level;
};

// SIGTERM and SIGINT as a descriptor. Blocked before any other thread exists, so none of them ever takes one.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    fd_.reset(::signalfd(-1, &signals_, SFD_CLOEXEC | SFD_NONBLOCK));
    ::signal(SIGPIPE, SIG_IGN);
  }
  int fd() const { return fd_.get(); }
  // The next one ends the process at once: for people who pressed Ctrl-C twice.
  void let_the_next_one_kill() {
    signalfd_siginfo taken;
    [[maybe_unused]] const ssize_t size = ::read(fd_.get(), &taken, sizeof taken);
    pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
  }

 private:
  sigset_t signals_;
  UniqueFd fd_;
};

// Wakes main for every published event; main writes the log, so that no reactor ever waits for a terminal.
class EventWriter {
 public:
  explicit EventWriter(EventLog& events) : events_(events), fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    subscription_ = events_.subscribe([fd = fd_.get()] {
      const uint64_t one = 1;
      [[maybe_unused]] const ssize_t size = ::write(fd, &one, sizeof one);
    });
  }
  ~EventWriter() {
    events_.unsubscribe(subscription_);
    write();
  }
  int fd() const { return fd_.get(); }
  // Any thread, but for the order of lines: a crash is told by a thread of its own.
  void write() {
    const std::lock_guard lock(mutex_);
    uint64_t count;
    [[maybe_unused]] const ssize_t size = ::read(fd_.get(), &count, sizeof count);
    last_ = log_events(events_, last_);
  }

 private:
  EventLog& events_;
  UniqueFd fd_;
  uint64_t subscription_ = 0;
  std::mutex mutex_;
  uint64_t last_ = 0;  // guarded by mutex_
};

// The registry's readiness, until the host stops.
class Readiness {
 public:
  explicit Readiness(const Registry& registry) : registry_(registry) {}
  Status operator()() const {
    return stopping_ ? Status(Code::unavailable, "the host is stopping") : registry_.readiness();
  }
  void stop() { stopping_ = true; }

 private:
  const Registry& registry_;
  std::atomic<bool> stopping_{false};
};

unsigned thread_count(const Config& config) {
  return config.host.threads ? config.host.threads : std::max(1u, std::thread::hardware_concurrency());
}

std::string counted(size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

void announce(const HttpHost& http, HostParts& parts, const std::string& state_dir) {
  std::printf("dormouse " DORMOUSE_VERSION ": %s, %s\n", counted(parts.registry().names().size(), "component").c_str(),
              counted(parts.engine().pipelines().size(), "pipeline").c_str());
  std::printf("data     http://%s\n", http.data_address().c_str());
  std::printf("control  http://%s  (token in %s/token)\n", http.control_address().c_str(), state_dir.c_str());
  std::fflush(stdout);
}

// Until a stop signal.
void serve(const StopSignals& signals, EventWriter& log) {
  pollfd waits[] = {{signals.fd(), POLLIN, 0}, {log.fd(), POLLIN, 0}};
  while (!(waits[0].revents & POLLIN)) {
    ::poll(waits, 2, -1);
    if (waits[1].revents & POLLIN) log.write();
  }
}

// Sockets are descriptors, and so are plugin files: the soft limit of 1,024 is below what the listeners may hold.
// Returns the limit in force.
uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return RLIM_INFINITY;
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : before;
}

// The data listener with no more connections than there are descriptors for: what the control listener and the host
// itself need comes first, since an operator has to get in when the data side is full.
DataOptions within_descriptors(DataOptions data, const ControlOptions& control, unsigned threads, uint64_t limit) {
  constexpr uint64_t kOfTheHost = 64;  // log, state folder, plugin files being read, models of plugins
  constexpr uint64_t kOfAThread = 8;   // epoll, event and timer descriptors, two listening sockets
  const uint64_t kept = kOfTheHost + kOfAThread * (threads + 1) + control.limits.connections_max +
                        refused_connections_max(control.limits);
  const uint64_t sockets = limit > kept ? limit - kept : 0;
  const uint64_t refused = refused_connections_max(data.limits);
  if (data.limits.connections_max + refused <= sockets) return data;
  const uint64_t room = std::max<uint64_t>(sockets - std::min(sockets / 2, refused), 1);
  std::fprintf(
      stderr,
      "warning: host.data.connections_max is %u, but the limit of %llu descriptors has room for %llu: these are "
      "taken; raise the limit (LimitNOFILE= of systemd, ulimit -n) or lower the setting\n",
      data.limits.connections_max, static_cast<unsigned long long>(limit), static_cast<unsigned long long>(room));
  data.limits.connections_max = static_cast<unsigned>(room);
  return data;
}

[[noreturn]] void end_at_once(ExitCode code) {
  std::fflush(stdout);
  ::_exit(static_cast<int>(code));
}

// A plugin or script that never returns must not keep the process from ending: what the ordered stop has not reached by
// then is given up.
void end_at_the_latest_in(Duration time) {
  std::thread([time] {
    std::this_thread::sleep_for(time);
    static constexpr char kLine[] = "left behind: code of a plugin or script that did not return\n";
    (void)!::write(STDERR_FILENO, kLine, sizeof kLine - 1);
    ::_exit(static_cast<int>(ExitCode::failed));
  }).detach();
}

ExitCode run(const RunArguments& arguments, const Environment& environment) {
  // A configuration with faults serves nobody: all are told, nothing was started.
  const std::optional<Config> config = load_or_complain(arguments.config, environment);
  if (!config) return ExitCode::config;
  // Before the first thread, which is the log's.
  StopSignals signals;
  const uint64_t descriptors = raise_descriptor_limit();
  start_logging(arguments.log_level.empty() ? config->host.log_level : arguments.log_level);

  const auto cannot_start = [](const Status& status) {
    complain(status);
    return ExitCode::cannot_start;
  };
  // From here on the state folder is ours alone.
  const Result<std::string> state_path = find_state_dir(config->host.state_dir, environment);
  if (!state_path) return cannot_start(state_path.status());
  const Result<StateDir> state = StateDir::open(*state_path);
  if (!state) return cannot_start(state.status());
  const Result<std::string> token = state->token();
  if (!token) return cannot_start(token.status());

  Result<CrashStore> crashes = open_crashes(*state_path);
  if (!crashes) return cannot_start(crashes.status());

  Result<std::unique_ptr<HostParts>> made = HostParts::create(*config, *state_path, thread_count(*config));
  if (!made) return cannot_start(made.status());
  HostParts& parts = **made;
  EventWriter log(parts.events());
  const Result<std::unique_ptr<CrashReporter>> reporter = report_crashes(&*crashes, [&log](const std::string& line) {
    log.write();
    log_last_line(line, CrashReporter::kLastWordsTime);
  });
  if (!reporter) return cannot_start(reporter.status());
  announce_crashes(*crashes, parts.events(), parts.metrics());
  if (!load_scripts_or_complain(parts.engine())) return ExitCode::config;

  const MemoryWatch memory(
      config->memory, {read_memory, [&parts] { return parts.registry().statuses(); }, std::chrono::system_clock::now},
      parts.control_reactor(), parts.events(), parts.metrics());

  const auto config_file = std::make_shared<ConfigOnDisk>(*config, environment);
  const FilesWatch files({{"scripts", [&parts] { return parts.engine().unlike_disk(); }},
                          {"config", [config_file] { return std::optional(config_file->unlike_loaded()); }}},
                         kFilesLookEvery, std::chrono::system_clock::now, parts.control_reactor(), parts.events(),
                         parts.metrics());

  // Ports open last: who can connect is served.
  Readiness readiness(parts.registry());
  HostView view{parts.registry(), parts.engine(), parts.events(),
                parts.metrics(),  parts.clock(),  parts.clock().now(),
                DORMOUSE_VERSION, *token,         [&readiness] { return readiness(); },
                &memory,          &*crashes,      &files};
  const DataOptions data = within_descriptors(config->data, config->control, thread_count(*config), descriptors);
  Result<std::unique_ptr<HttpHost>> http =
      HttpHost::start(data, config->control, std::move(view), parts.data_reactors(), parts.control_reactor());
  if (!http) return cannot_start(http.status());
  if (Status status = state->publish_control_address((*http)->control_address()); !status.ok())
    return cannot_start(status);
  parts.registry().preload();
  announce(**http, parts, *state_path);
  notify_service_manager(environment, "READY=1");

  serve(signals, log);

  // In reverse: no new work, the running work ends, components are closed and unmapped, threads end.
  signals.let_the_next_one_kill();
  end_at_the_latest_in(2 * config->host.stop_grace + kStopSlack);
  notify_service_manager(environment, "STOPPING=1");
  readiness.stop();
  state->forget_control_address();
  (*http)->stop(config->host.stop_grace);
  const std::vector<std::string> leftovers = parts.stop(config->host.stop_grace);
  for (const std::string& line : leftovers) std::fprintf(stderr, "left behind: %s\n", line.c_str());
  // Threads of a plugin may still use what would be taken down now.
  if (!leftovers.empty()) end_at_once(ExitCode::ok);
  return ExitCode::ok;
}

}  // namespace

void add_run(CLI::App& app, CommandContext& context) {
  auto arguments = std::make_shared<RunArguments>();
  CLI::App* command = app.add_subcommand("run", "Serve: data and control listeners, until SIGTERM or SIGINT");
  command->add_option("-c,--config", arguments->config, kConfigHelp);
  command->add_option("--log-level", arguments->log_level, "debug, info, warn or error; default: host.log_level")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  command->footer(
      "\nThe first signal stops in order: no new requests, running ones get host.stop_grace, components are closed "
      "and\n"
      "unmapped, exit 0. A second one ends the process at once.");
  command->callback([arguments, &context] { context.exit = run(*arguments, context.environment); });
}

}  // namespace dormouse
