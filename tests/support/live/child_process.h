// A program started by a test or a benchmark, and never outliving it: killed and reaped with its object.
// Not a shell: arguments go to the program as they are. Owner: one thread. Errors are thrown (std::runtime_error).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace dormouse {

class ChildProcess {
 public:
  struct Options {
    std::vector<std::string> environment;  // "NAME=value", added to ours and stronger
    std::string output;                    // file for what it prints to both streams; empty: nowhere
  };
  // argv[0] is looked up in PATH.
  static ChildProcess start(const std::vector<std::string>& argv, Options options);
  static ChildProcess start(const std::vector<std::string>& argv) { return start(argv, {}); }
  ~ChildProcess();
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;

  pid_t pid() const { return pid_; }
  bool running();
  void signal(int number) const;
  // How it ended: the exit code, or 128 + the signal. Nothing when it still runs after `patience`.
  std::optional<int> wait(std::chrono::milliseconds patience);

 private:
  explicit ChildProcess(pid_t pid) : pid_(pid) {}
  bool reap(bool block);

  pid_t pid_ = 0;  // 0: moved from
  std::optional<int> ended_;
};

// What the program prints, once it has ended with code 0.
std::string output_of(const std::vector<std::string>& argv, std::chrono::seconds patience);

}  // namespace dormouse
