// Calls of a component's methods. Each takes a lease as its argument, so a call without one does not compile; so do the
// other ways in (cache_call.h, observe.h). Moving a component to another process changes what is behind the lease
// (loaded.h) and nothing here.
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

// A method of a component as a pipeline holds it, found in the manifest the pipeline was checked against.
struct MethodRef {
  std::shared_ptr<const Manifest> manifest;
  const MethodManifest* method = nullptr;  // inside *manifest
  uint32_t index = 0;                      // into TypeManifest::methods
};

// Where the method stands in what is loaded now, which may be another version of the plugin than the one checked: then
// it is found by name. nullopt: the loaded one has no such method.
std::optional<uint32_t> resolve_method(const Lease& lease, const MethodRef& ref);

// Whether the method runs at once on the calling thread: fast, thread rule `any`, safety class `unmap`.
bool runs_inline(const Lease& lease, uint32_t method);

// Calls and waits, on this thread. Only for methods that run inline, and for tests; a mistake is answered, not
// asserted. The result was checked against the manifest. Errors: the method's own; broken_contract.
Result<Value> call_inline(const Lease& lease, uint32_t method, const Value& in, const CallOptions& options);

// Queues the call on the component's lane and returns at once. `done` runs on `reply`'s thread, exactly once, also when
// the call was refused (queue_full) or given up before it started (cancelled, deadline_exceeded). The lease is released
// and `in` let go before `done` is posted, after the method has really returned.
// A call whose token is cancelled while it waits leaves the queue at once, with its place and its lease. One that runs
// goes on; when it has not ended kCancelGrace later it is overdue (overdue_calls.h).
void call_on_lane(Lease lease, uint32_t method, Value in, CallOptions options, EventLoop& reply,
                  UniqueFunction<void(CallResult)> done);

}  // namespace dormouse
