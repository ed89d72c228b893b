// Calls to methods of components. A call takes a lease as its argument, so a call without a lease does not compile.
// These functions do not look at how the code is carried (loaded.h); they load nothing and retry nothing.
// Any thread that holds the lease, unless a function says otherwise.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "artifacts/manifest.h"
#include "base/status.h"
#include "base/task.h"
#include "components/call_options.h"
#include "components/lease.h"
#include "exec/event_loop.h"
#include "values/value.h"

namespace dormouse {

// A method of a component, found when a pipeline was checked, in the manifest of that time.
struct MethodRef {
  std::shared_ptr<const Manifest> manifest;
  const MethodManifest* method = nullptr;  // inside *manifest
  uint32_t index = 0;                      // into TypeManifest::methods
};

// The index of the method in the incarnation of the lease. Its plugin may have another version than the one checked;
// then the method is looked up by name. nullopt: it has no such method.
std::optional<uint32_t> resolve_method(const Lease& lease, const MethodRef& ref);

// Whether the method runs at once on the calling thread: fast, thread rule `any`, safety class `unmap`.
bool runs_inline(const Lease& lease, uint32_t method);

// Runs the method on this thread. Only for methods that run inline; for any other the answer is failed_precondition.
// The result is checked against the manifest. Errors: the method's own; broken_contract; not_found.
Result<Value> call_inline(const Lease& lease, uint32_t method, const Value& in, const CallOptions& options);

// Queues the call on the component's lane and returns at once. `done` runs on `reply`'s thread, exactly once, also when
// the call was refused (queue_full) or given up before it started (cancelled, deadline_exceeded). `lease` and `in` are
// released after the method has returned and before `done` is posted.
// A call that is cancelled while it waits leaves the queue at once, and frees its place and its lease. A call that runs
// goes on; if it has not ended kCancelGrace after the cancel, it is overdue (overdue_calls.h).
void call_on_lane(Lease lease, uint32_t method, Value in, CallOptions options, EventLoop& reply,
                  UniqueFunction<void(CallResult)> done);

}  // namespace dormouse
