// Somebody wants to call a component.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/events.h"
#include "base/status.h"
#include "base/task.h"
#include "components/lease.h"

namespace dormouse {

struct Demand {
  std::string cause;       // "request", "prefetch", "preload", "control": told in events
  bool retry_now = false;  // try a failed load again before its back-off has passed
  // Called exactly once: at once on the calling thread when the component is callable, otherwise on the registry's loop
  // thread. Must only hand over. Errors: load_failed (with cause and remedy), unavailable (stopping, or retired),
  // queue_full (max_pending of its pool wait already), cancelled (not wanted any more).
  UniqueFunction<void(Result<Lease>)> done;
  // Expires when the lease is not wanted any more: then it gives its place among the waiters to others. The load goes
  // on.
  std::optional<std::weak_ptr<void>> wanted = std::nullopt;
  bool is_wanted() const { return !wanted || !wanted->expired(); }
  Actor actor = {};  // the operator who asked for it, if one did
};

}  // namespace dormouse
