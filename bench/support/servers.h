// The servers of a comparison, each in a folder of its own below build/bench, on a free loopback port, stopped by pid.
// Errors are thrown (std::runtime_error). One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "support/live/child_process.h"

namespace dormouse::bench {

// A server as it can be started again and again.
struct ServerPlan {
  std::string name;
  std::vector<std::string> argv;
  std::vector<std::string> environment;
  std::string log;     // what it prints
  uint16_t port = 0;   // where it serves
  std::string health;  // what answers 200 once it serves: "/healthz"
};

struct DormouseSetup {
  std::string name;                    // of the folder
  std::string components;              // YAML below `components:`, indented by two, or empty
  std::vector<std::string> plugins;    // folders
  std::vector<std::string> pipelines;  // files
  std::vector<std::string> environment;
  std::string binary = {};  // empty: this build's
};
ServerPlan plan_dormouse(const DormouseSetup& setup);
// Where a running host is operated, out of the state folder of the setup called `name`.
struct ControlAccess {
  uint16_t port = 0;
  std::string authorized;  // a header line
};
ControlAccess control_of(const std::string& name);
// `peer` is a file of bench/peers: its @root@, @port@ and @lua@ are filled in.
ServerPlan plan_nginx(const std::string& peer);

// A server that runs until this ends.
class RunningServer {
 public:
  // Starts it and waits for its first 200; `to_first_answer` is the time from just before the exec until then.
  explicit RunningServer(const ServerPlan& plan);
  ~RunningServer();  // SIGTERM, patience, and only then SIGKILL

  pid_t pid() const { return child_.pid(); }
  std::chrono::duration<double, std::milli> to_first_answer() const { return to_first_answer_; }

 private:
  std::chrono::steady_clock::time_point started_;
  ChildProcess child_;
  std::chrono::duration<double, std::milli> to_first_answer_{};
};

struct LoadResult {
  double requests = 0;
  double requests_per_second = 0;
  double p99_ms = 0;
};
struct LoadShape {
  unsigned threads = 2;
  unsigned connections = 32;
  unsigned seconds = 5;
};
// wrk with one body, posted again and again. Any answer but 2xx and any socket error is an error.
LoadResult run_wrk(uint16_t port, const std::string& target, const std::string& body, const LoadShape& shape);

}  // namespace dormouse::bench
