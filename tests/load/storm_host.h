// The host of the storm: the real binary with three canaries and a cache, its ports and its token. Started, asked,
// stopped.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "support/live/child_process.h"
#include "support/live/http_client.h"
#include "support/temp_folder.h"

namespace dormouse {

inline constexpr std::array kStormComponents{"storm.first", "storm.second", "storm.third"};

inline constexpr const char* kStormCache = "storm.cache";

class StormHost {
 public:
  StormHost();  // answers on both ports when it returns; throws with its output otherwise

  uint16_t data_port() const { return data_port_; }
  uint16_t control_port() const { return control_port_; }
  // The Authorization line of verbs.
  const std::string& authorization() const { return authorization_; }

  // The body of a GET on the control port that must succeed.
  std::string read(const std::string& target) const;
  // SIGTERM; its exit code, or nothing when it does not end.
  std::optional<int> stop();
  bool running() { return child_->running(); }
  // What it printed, and what a canary wrote into `file` ("breaches", "opens").
  std::string output() const;
  std::string canary_file(const std::string& component, const std::string& file) const;

 private:
  TempFolder folder_;
  uint16_t data_port_;
  uint16_t control_port_;
  std::string authorization_;
  std::optional<ChildProcess> child_;
};

}  // namespace dormouse
