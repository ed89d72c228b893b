// Checks what scripts described and makes graphs that may run: resolves names, compares types with manifests, and finds
// all faults at once. Runs no plugin code. Pure, except that callees read manifests from disk; so never on a reactor.
// Faults go into `errors`.
#pragma once

#include "graph/callee.h"
#include "graph/checked.h"
#include "graph/description.h"
#include "graph/script_errors.h"

namespace dormouse {

// The deadline of a pipeline whose script sets none, so that no request waits forever.
constexpr Duration kDeadlineDefault = std::chrono::seconds(30);

// The result is meaningful only if `errors` is empty afterwards.
Checked check(const ScriptDescription& description, Callees& callees, ScriptErrors& errors);

}  // namespace dormouse
