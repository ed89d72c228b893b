// A demand: the wish of a request or an operator for a lease of a component. Data; it is not the lease (lease.h).
// Made by the caller of Component::acquire, which takes it over. Its fields say who is called on which thread.
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
  std::string cause;       // "request", "prefetch", "preload", "control": shown in events
  bool retry_now = false;  // try a failed load again before its back-off has passed
  // Called exactly once: at once on the calling thread when the component is callable, otherwise on the registry's loop
  // thread. Must only hand over. Errors: load_failed (with cause and remedy), unavailable (stopping, or retired),
  // queue_full (max_pending demands of the component's pool wait already), cancelled (no longer wanted).
  UniqueFunction<void(Result<Lease>)> done;
  // Expires when the asker no longer wants the lease. Then another demand may take the place among the waiters; the
  // load goes on. None: always wanted.
  std::optional<std::weak_ptr<void>> wanted = std::nullopt;
  bool is_wanted() const { return !wanted || !wanted->expired(); }
  Actor actor = {};  // the operator behind the demand; empty: a request or the host itself
};

}  // namespace dormouse
