// `dormouse run`: from an empty process to a serving host, and back. Reads top to bottom; main waits for signals and
// tells of what changed.
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <thread>

#include "base/unique_fd.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/configuration.h"
#include "cli/crashes.h"
#include "cli/log.h"
#include "cli/parts.h"
#include "cli/readiness.h"
#include "cli/run_signals.h"
#include "cli/script_reload.h"
#include "components/memory_watch.h"
#include "components/plugin_watch.h"
#include "config/config_on_disk.h"
#include "config/state_dir.h"
#include "http/audit.h"
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
  bool dry_run = false;
};

constexpr MetricInfo kLinesDropped{"dormouse_log_lines_dropped_total",
                                   "Lines that the log did not write, by level: beyond host.log.lines_per_second, or "
                                   "because standard error was not read."};

// Written to from any thread, so that main looks again.
class Wake {
 public:
  Wake() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  int fd() const { return fd_.get(); }
  void wake() const {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t size = ::write(fd_.get(), &one, sizeof one);
  }
  void clear() const {
    uint64_t count;
    [[maybe_unused]] const ssize_t size = ::read(fd_.get(), &count, sizeof count);
  }

 private:
  UniqueFd fd_;
};

// Writes every event into the log on the thread that published it, before that goes on: the last ones before a crash
// are in the file. Then wakes main, whose readiness may have changed.
class EventWriter {
 public:
  EventWriter(EventLog& events, const Wake& wake) : events_(events) {
    subscription_ = events_.subscribe([this, &wake] {
      last_ = log_events(events_, last_);
      wake.wake();
    });
  }
  ~EventWriter() { events_.unsubscribe(subscription_); }
  EventWriter(const EventWriter&) = delete;
  EventWriter& operator=(const EventWriter&) = delete;

 private:
  EventLog& events_;
  uint64_t last_ = 0;  // of the subscription's callbacks, which run one after the other
  uint64_t subscription_ = 0;
};

// The log outlives what it wakes.
class ForgetWake {
 public:
  explicit ForgetWake(HostLog& log) : log_(log) {}
  ~ForgetWake() { log_.on_dropped({}); }
  ForgetWake(const ForgetWake&) = delete;
  ForgetWake& operator=(const ForgetWake&) = delete;

 private:
  HostLog& log_;
};

// Tells of lines that the log dropped: the event log.dropped, and the metric.
void tell_dropped(HostLog& log, Time now, EventLog& events, Metrics& metrics) {
  for (const LineLimit::Dropped& each : log.take_dropped(now)) {
    const std::string level(to_string(each.level));
    metrics.counter(kLinesDropped, {{"level", level}}).add(each.lines);
    events.publish("log.dropped", each.message, {{"lines", each.lines}, {"level", level}});
  }
}

unsigned thread_count(const Config& config) {
  return config.host.threads ? config.host.threads : std::max(1u, std::thread::hardware_concurrency());
}

std::string counted(size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

int64_t whole_ms(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

// The same as announce() with a time stamp, for those who keep the log alone.
void log_start(const Config& config, const HttpHost& http, HostParts& parts) {
  const std::string components = std::to_string(parts.registry().names().size());
  const std::string pipelines = std::to_string(parts.engine().pipelines().size());
  const LogField fields[] = {{"version", DORMOUSE_VERSION}, {"config", config.file},
                             {"components", components},    {"pipelines", pipelines},
                             {"data", http.data_address()}, {"control", http.control_address()}};
  write_log({LogLevel::info, "host.started", "host", {}, fields});
}

void announce(const HttpHost& http, HostParts& parts, const std::string& state_dir) {
  std::printf("dormouse " DORMOUSE_VERSION ": %s, %s\n", counted(parts.registry().names().size(), "component").c_str(),
              counted(parts.engine().pipelines().size(), "pipeline").c_str());
  std::printf("data     http://%s\n", http.data_address().c_str());
  std::printf("control  http://%s  (token in %s/token)\n", http.control_address().c_str(), state_dir.c_str());
  std::fflush(stdout);
}

// What main looks at while it serves.
struct Serving {
  RunSignals& signals;
  const Wake& wake;
  HostLog& log;
  ReadinessNotices& notices;
  ScriptReload& reload;
  HostParts& parts;

  int wait_ms() const {
    using std::chrono::ceil;
    using Ms = std::chrono::milliseconds;
    if (log.has_dropped()) return static_cast<int>(ceil<Ms>(LineLimit::kWindow).count());
    return notices.is_ready() ? -1 : static_cast<int>(ceil<Ms>(ReadinessNotices::kLookAgain).count());
  }
  void look() {
    wake.clear();
    notices.look();
    tell_dropped(log, parts.clock().now(), parts.events(), parts.metrics());
  }
};

// Until a stop signal, which is returned. SIGHUP reloads the scripts.
int serve(Serving serving) {
  bool reloading = false;
  for (;;) {
    serving.look();
    pollfd waits[] = {{serving.signals.fd(), POLLIN, 0}, {serving.wake.fd(), POLLIN, 0}};
    ::poll(waits, 2, serving.wait_ms());
    while (const std::optional<int> signal = serving.signals.take()) {
      if (*signal != SIGHUP) return *signal;
      if (!std::exchange(reloading, true)) serving.notices.reload_began();
      serving.reload.start();
    }
    if (reloading && serving.reload.collect()) {
      reloading = false;
      serving.notices.reload_ended();
    }
  }
}

// Not ready and still serving, so that load balancers look elsewhere before the listeners close.
void wait_to_stop(Duration delay) {
  if (delay > Duration::zero()) std::this_thread::sleep_for(delay);
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
  const std::string text =
      "host.data.connections_max is " + std::to_string(data.limits.connections_max) + ", but the limit of " +
      std::to_string(limit) + " descriptors has room for " + std::to_string(room) +
      ": these are taken; raise the limit (LimitNOFILE= of systemd, ulimit -n) or lower the setting";
  write_log({LogLevel::warn, "host.limited", "host", text});
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
    write_log(
        {LogLevel::warn, "host.left_behind", "host", "left behind: code of a plugin or script that did not return"});
    ::_exit(static_cast<int>(ExitCode::failed));
  }).detach();
}

ExitCode cannot_start(const Status& status) {
  complain(status);
  return ExitCode::cannot_start;
}

// All that a start would refuse, with the same words. Opens no port, makes and writes nothing.
ExitCode dry_run(Config config, const Environment& environment) {
  start_logging({.level = "error", .lines_per_second = 0});
  const Result<std::string> state_path = find_state_dir(config.host.state_dir, environment);
  Status refused = state_path.ok() ? StateDir::check(*state_path) : state_path.status();
  if (refused.ok()) refused = HttpHost::check(config.data, config.control);
  config.registry.read_only = true;
  // The scripts' faults are worth knowing beside a taken port: both are told, and the first decides.
  Result<std::unique_ptr<HostParts>> parts = HostParts::create(config, state_path.ok() ? *state_path : "", 1);
  if (!parts) return cannot_start(parts.status());
  const LoadReport report = (*parts)->engine().load(true);
  const bool scripts_ok = complain_of(report);
  if (!refused.ok()) complain(refused);
  if (!scripts_ok) return ExitCode::config;
  if (!refused.ok()) return ExitCode::cannot_start;
  std::printf("%s: would start\n", config.file.c_str());
  return ExitCode::ok;
}

ExitCode run(const RunArguments& arguments, const Environment& environment) {
  survive_hangups();
  const SystemClock clock;
  const Time began = clock.now();
  // A configuration with faults serves nobody: all are told, nothing was started.
  const ConfigReport read = load_given(arguments.config, environment);
  for (const ConfigError& error : read.errors) std::fprintf(stderr, "%s\n", error.to_string().c_str());
  if (!read.ok()) return ExitCode::config;
  const Config& config = read.config;
  if (arguments.dry_run) return dry_run(config, environment);
  RunSignals signals;  // before the first thread
  const uint64_t descriptors = raise_descriptor_limit();
  LogOptions log_options = config.host.log;
  if (!arguments.log_level.empty()) log_options.level = arguments.log_level;
  HostLog& log = start_logging(log_options);
  for (const ConfigError& warning : read.warnings)
    write_log({LogLevel::warn, "config.warning", warning.file, warning.to_string()});

  // From here on the state folder is ours alone.
  const Result<std::string> state_path = find_state_dir(config.host.state_dir, environment);
  if (!state_path) return cannot_start(state_path.status());
  const Result<StateDir> state = StateDir::open(*state_path);
  if (!state) return cannot_start(state.status());
  const Result<std::string> token = state->token();
  if (!token) return cannot_start(token.status());

  Result<CrashStore> crashes = open_crashes(*state_path);
  if (!crashes) return cannot_start(crashes.status());

  const Wake wake;
  log.on_dropped([&wake] { wake.wake(); });
  const ForgetWake forget(log);
  Result<std::unique_ptr<HostParts>> made = HostParts::create(config, *state_path, thread_count(config));
  if (!made) return cannot_start(made.status());
  HostParts& parts = **made;
  const EventWriter event_writer(parts.events(), wake);
  parts.metrics().declare(kLinesDropped);
  // All lines before it are written already.
  const Result<std::unique_ptr<CrashReporter>> reporter = report_crashes(&*crashes, [](const std::string& line) {
    write_log({LogLevel::error, "host.crashed", "host", line});
  });
  if (!reporter) return cannot_start(reporter.status());
  announce_crashes(*crashes, parts.events(), parts.metrics());
  const LoadReport scripts = parts.engine().load(false);
  if (!scripts.errors.empty() || !scripts.status.ok()) return complain_of(scripts), ExitCode::config;
  log_report(scripts);

  const MemoryWatch memory(
      config.memory, {read_memory, [&parts] { return parts.registry().statuses(); }, std::chrono::system_clock::now},
      parts.control_reactor(), parts.events(), parts.metrics());

  const auto config_file = std::make_shared<ConfigOnDisk>(config, environment);
  const FilesWatch files({{"scripts", [&parts] { return parts.engine().unlike_disk(); }},
                          {"config", [config_file] { return std::optional(config_file->unlike_loaded()); }}},
                         kFilesLookEvery, std::chrono::system_clock::now, parts.control_reactor(), parts.events(),
                         parts.metrics());

  std::unique_ptr<PluginWatch> plugin_watch;
  if (config.registry.watch) {
    Result<std::unique_ptr<PluginWatch>> watch =
        PluginWatch::start(config.registry.plugins.folders, *state_path + "/models", parts.registry());
    if (!watch) return cannot_start(watch.status());
    plugin_watch = std::move(*watch);
  }

  // Ports open last: who can connect is served.
  Readiness readiness(config, parts.registry());
  const auto audit = std::make_shared<Audit>(parts.events(), parts.clock());
  HostView view{parts.registry(),
                parts.engine(),
                parts.events(),
                parts.metrics(),
                parts.clock(),
                parts.clock().now(),
                DORMOUSE_VERSION,
                *token,
                [&readiness] { return readiness(); },
                &memory,
                &*crashes,
                &files,
                audit};
  const DataOptions data = within_descriptors(config.data, config.control, thread_count(config), descriptors);
  Result<std::unique_ptr<HttpHost>> http =
      HttpHost::start(data, config.control, std::move(view), parts.data_reactors(), parts.control_reactor());
  if (!http) return cannot_start(http.status());
  if (Status status = state->publish_control_address((*http)->control_address()); !status.ok())
    return cannot_start(status);
  parts.registry().preload();
  log_start(config, **http, parts);
  announce(**http, parts, *state_path);

  ReadinessNotices notices(readiness, parts.events(), parts.clock(), environment, began);
  ScriptReload reload(parts.engine(), *audit, [&wake] { wake.wake(); });
  const int signal = serve({signals, wake, log, notices, reload, parts});

  // In reverse: not ready, no new work, the running work ends, components are closed and unmapped, threads end.
  const Time stop_began = clock.now();
  signals.let_the_next_one_kill();
  readiness.stop();
  plugin_watch.reset();
  const Duration limit = config.host.stop_delay + 2 * config.host.stop_grace + kStopSlack;
  end_at_the_latest_in(limit);
  notices.stopping(limit);
  parts.events().publish("host.stopping", "host",
                         {{"reason", name_of_signal(signal)},
                          {"in_flight", parts.engine().in_flight()},
                          {"stop_delay_ms", whole_ms(config.host.stop_delay)},
                          {"stop_grace_ms", whole_ms(config.host.stop_grace)}});
  wait_to_stop(config.host.stop_delay);
  state->forget_control_address();
  (*http)->stop(config.host.stop_grace);
  const std::vector<std::string> leftovers = parts.stop(config.host.stop_grace);
  for (const std::string& line : leftovers)
    write_log({LogLevel::warn, "host.left_behind", "host", "left behind: " + line});
  tell_dropped(log, Time::max(), parts.events(), parts.metrics());
  parts.events().publish("host.stopped", "host",
                         {{"reason", name_of_signal(signal)}, {"took_ms", whole_ms(clock.now() - stop_began)}});
  // Threads of a plugin may still use what would be taken down now.
  if (!leftovers.empty()) end_at_once(ExitCode::ok);
  return ExitCode::ok;
}

}  // namespace

void add_run(const Syntax& line, CommandContext& context) {
  auto arguments = std::make_shared<RunArguments>();
  const Syntax command = line.command("run", "Serve on the data and the control listener until SIGTERM or SIGINT");
  command.option("-c,--config", arguments->config, kConfigHelp);
  command.option("--log-level", arguments->log_level, "debug, info, warn or error; default: host.log.level",
                 {.choices = {"debug", "info", "warn", "error"}});
  command.flag("--dry-run", arguments->dry_run,
               "Report every fault that would prevent a start (exit 3 or 4); open no port and write nothing");
  command.footer(
      "\nSIGTERM or SIGINT stops the host in order: /readyz answers 503. After host.stop_delay the data listener "
      "closes.\n"
      "Running requests may take host.stop_grace. Then the host unmaps the components and exits with 0. A second "
      "signal\n"
      "ends the process at once. SIGHUP reloads the scripts; scripts with faults change nothing.");
  command.runs([arguments, &context] { context.exit = run(*arguments, context.environment); });
}

}  // namespace dormouse
