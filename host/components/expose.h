// dormouse.observe/1 of a component in this process. Private to the carrier in_process; observe.h is the door.
#pragma once

#include <string>

#include "base/metrics.h"
#include "base/status.h"
#include "base/task.h"
#include "components/call_options.h"
#include "components/exposition.h"
#include "components/lease.h"
#include "exec/event_loop.h"
#include "values/value.h"

namespace dormouse {

struct LoadedPlugin;

// As observe.h's, on the lane of `plugin`, which the lease holds.
void expose_on_lane(LoadedPlugin& plugin, Lease lease, const Metrics& metrics, std::string accept, CallOptions options,
                    EventLoop& reply, UniqueFunction<void(Result<Exposition>)> done);

// What a plugin answered: a content type that may be a header field, and a body. `where` names who was asked. Errors:
// broken_contract.
Result<Exposition> read_exposition(dm_value answer, const std::string& where);

}  // namespace dormouse
