// Whether the host is ready to serve, and the notices of a change: events, and the service manager.
// Not what makes it ready: the registry loads the preloads, the engine the scripts (both before it is asked).
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/events.h"
#include "base/status.h"
#include "components/registry.h"
#include "config/config.h"

namespace dormouse {

// The registry's readiness, until the host stops. Any thread.
class Readiness {
 public:
  Readiness(const Config& config, Registry& registry);
  Status operator()() const;
  void stop() { stopping_ = true; }
  // Whether a load is under way that readiness waits for; one that failed before does not count.
  bool is_loading() const;

 private:
  Registry& registry_;
  std::vector<std::string> preloads_;
  std::atomic<bool> stopping_{false};
};

// Looks at readiness and tells of changes: the events host.ready and host.not_ready, and READY=1, STATUS= and
// EXTEND_TIMEOUT_USEC= to the service manager. Main thread only.
class ReadinessNotices {
 public:
  // All outlive it. `started` is when the process began to start.
  ReadinessNotices(Readiness& readiness, EventLog& events, const Clock& clock, const Environment& environment,
                   Time started);

  // After anything that may have changed it, and every kLookAgain while it is not ready.
  void look();
  bool is_ready() const { return ready_.value_or(false); }
  // Around a reload that the service manager did not ask `ctl` for.
  void reload_began();
  void reload_ended();
  // `limit`: when the process has ended at the latest.
  void stopping(Duration limit);

  static constexpr Duration kLookAgain = std::chrono::seconds(5);

 private:
  Readiness& readiness_;
  EventLog& events_;
  const Clock& clock_;
  const Environment& environment_;
  const Time started_;
  std::optional<bool> ready_;
  std::string told_;  // the last STATUS=
  bool told_ready_ = false;
};

}  // namespace dormouse
