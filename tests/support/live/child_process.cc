#include "support/live/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "base/unique_fd.h"

namespace dormouse {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

std::vector<std::string> merged_environment(const std::vector<std::string>& added) {
  std::vector<std::string> all = added;
  for (char** entry = environ; *entry; ++entry) {
    const std::string text = *entry;
    const std::string name = text.substr(0, text.find('=') + 1);
    bool replaced = false;
    for (const std::string& other : added) replaced = replaced || other.compare(0, name.size(), name) == 0;
    if (!replaced) all.push_back(text);
  }
  return all;
}

struct SpawnPlan {
  SpawnPlan() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

pid_t spawn(const std::vector<std::string>& argv, const std::vector<std::string>& environment, int output) {
  SpawnPlan plan;
  ::posix_spawn_file_actions_addopen(&plan.actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&plan.actions, output, 1);
  ::posix_spawn_file_actions_adddup2(&plan.actions, output, 2);
  // Test runners block and ignore signals of their own; a server under test must start as from a shell.
  sigset_t none;
  sigemptyset(&none);
  sigset_t defaults;
  sigemptyset(&defaults);
  for (const int number : {SIGTERM, SIGINT, SIGPIPE, SIGHUP, SIGQUIT}) sigaddset(&defaults, number);
  ::posix_spawnattr_setsigmask(&plan.attributes, &none);
  ::posix_spawnattr_setsigdefault(&plan.attributes, &defaults);
  ::posix_spawnattr_setflags(&plan.attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, argv.at(0).c_str(), &plan.actions, &plan.attributes, pointers(argv).data(),
                                   pointers(environment).data());
  if (error) throw std::runtime_error("cannot start " + argv[0] + ": " + std::strerror(error));
  return pid;
}

}  // namespace

ChildProcess ChildProcess::start(const std::vector<std::string>& argv, Options options) {
  const char* path = options.output.empty() ? "/dev/null" : options.output.c_str();
  const UniqueFd output(::open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!output) throw std::runtime_error("cannot write " + std::string(path));
  return ChildProcess(spawn(argv, merged_environment(options.environment), output.get()));
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept : pid_(std::exchange(other.pid_, 0)), ended_(other.ended_) {}

ChildProcess::~ChildProcess() {
  if (!pid_ || ended_) return;
  ::kill(pid_, SIGKILL);
  reap(true);
}

bool ChildProcess::reap(bool block) {
  if (ended_) return true;
  int status = 0;
  pid_t found;
  do found = ::waitpid(pid_, &status, block ? 0 : WNOHANG);
  while (found < 0 && errno == EINTR);
  if (found != pid_) return false;
  ended_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return true;
}

bool ChildProcess::running() {
  return !reap(false);
}

void ChildProcess::signal(int number) const {
  if (pid_ && !ended_) ::kill(pid_, number);
}

std::optional<int> ChildProcess::wait(milliseconds patience) {
  if (reap(false)) return ended_;
  // A descriptor of the process becomes readable when it ends, so nothing is polled.
  const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  const auto until = steady_clock::now() + patience;
  while (!reap(false)) {
    const auto left = std::chrono::duration_cast<milliseconds>(until - steady_clock::now()).count();
    if (left < 0) return std::nullopt;
    pollfd entry{process.get(), POLLIN, 0};
    ::poll(&entry, process ? 1 : 0, static_cast<int>(std::min<long long>(left + 1, process ? left + 1 : 10)));
  }
  return ended_;
}

std::string output_of(const std::vector<std::string>& argv, std::chrono::seconds patience) {
  char path[] = "/tmp/dormouse-output-XXXXXX";
  const UniqueFd file(::mkstemp(path));
  if (!file) throw std::runtime_error("mkstemp failed");
  ChildProcess child = ChildProcess::start(argv, {{}, path});
  const std::optional<int> code = child.wait(patience);
  std::string text;
  char block[4096];
  for (ssize_t size; (size = ::read(file.get(), block, sizeof block)) > 0;)
    text.append(block, static_cast<size_t>(size));
  ::unlink(path);
  if (code != 0) throw std::runtime_error(argv.at(0) + " failed: " + text);
  return text;
}

}  // namespace dormouse
