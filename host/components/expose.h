// Calls dormouse.observe/1 of a component in this process. Private to the carrier in_process; callers use observe.h.
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

// The work of observe.h's expose_on_lane, on the lane of `plugin`, which `lease` holds.
void expose_on_lane(LoadedPlugin& plugin, Lease lease, const Metrics& metrics, std::string accept, CallOptions options,
                    EventLoop& reply, UniqueFunction<void(Result<Exposition>)> done);

// Checks a plugin's answer: a content type that can stand in a header field, and a body. `where` names the component in
// errors. Errors: broken_contract.
Result<Exposition> read_exposition(dm_value answer, const std::string& where);

}  // namespace dormouse
