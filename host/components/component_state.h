// The part of a component that belongs to the registry's loop thread. Private to component*.cc.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "components/component.h"
#include "components/registry_context.h"

namespace dormouse {

// One attempt to load. Shared by the loop and the lane; only the loop writes, but for the cancel flag.
struct Component::LoadJob {
  CancelToken cancel;
  Time began{};
  bool holds_slot = false;
  bool by_operator = false;  // given up for an unload, which is no failure
  Status given_up;           // why the result is not wanted any more
  MemoryWindows::Id window = 0;
  bool has_window = false;
};

struct Component::Owned {
  State state = State::absent;
  std::string cause;
  bool pinned = false;
  std::optional<std::chrono::system_clock::time_point> pinned_at;  // when a verb pinned it
  Actor pinned_by;
  std::optional<std::chrono::system_clock::time_point> since;  // the last change of state
  Actor asking;                                                // of the verb that is being taken
  uint64_t generation = 0;
  PoolPolicy policy;
  std::deque<Demand> waiters;

  std::shared_ptr<LoadJob> load;
  Time load_queued_at{};
  std::string load_cause;
  EventLoop::TimerId load_timer = 0;
  unsigned failures = 0;
  Time retry_at{};
  std::string failed_identity;
  std::string served_identity;  // of the plugin files and the model at the last load that succeeded
  Time file_looked_at{};
  EventLoop::TimerId retry_timer = 0;  // of a preload that failed
  bool was_ready = false;
  Status last_error;

  Time ready_at{};
  Time trimmed_at{};
  EventLoop::TimerId idle_timer = 0;

  IdleStep drain_target = IdleStep::none;
  bool drain_waits = false;  // leases are still out; otherwise closing has begun and only a veto turns back
  bool trimming = false;
  bool lane_open = false;  // timers of the plugin may run
  bool stopping = false;
  MemoryWindows::Id window = 0;
  int64_t returned_resident_bytes = 0;
  int64_t returned_private_bytes = 0;
  bool returned_estimate = false;
  bool proven = false;
  std::vector<std::string> pinned_dependencies;

  struct PendingVerb {
    Verb verb;
    UniqueFunction<void(VerbAnswer)> done;
    uint64_t number = 0;
    EventLoop::TimerId timer = 0;  // the end of its wait
    Actor actor = {};
  };
  std::vector<PendingVerb> verbs;
  uint64_t awaited = 0;  // the number of the last one
};

}  // namespace dormouse
