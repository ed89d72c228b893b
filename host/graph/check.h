// From what scripts said to graphs that may run: names resolved, types compared with manifests, all faults found.
// Pure but for the manifests it asks the callees for; runs no plugin code. Not on a reactor.
#pragma once

#include "graph/callee.h"
#include "graph/checked.h"
#include "graph/description.h"
#include "graph/script_errors.h"

namespace dormouse {

// A request that names no deadline in its pipeline gets this one: nothing waits forever.
constexpr Duration kDeadlineDefault = std::chrono::seconds(30);

// Meaningful only when `errors` is still empty afterwards.
Checked check(const ScriptDescription& description, Callees& callees, ScriptErrors& errors);

}  // namespace dormouse
