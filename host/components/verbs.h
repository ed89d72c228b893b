// The verbs of operators on components, with their options and answers. Data; component_verbs.h decides on them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/events.h"
#include "base/status.h"
#include "components/component_status.h"

namespace dormouse {

// The verbs. They are idempotent: a verb whose goal is reached already succeeds with changed = false.
enum class Verb : uint8_t { load, unload, trim, park, reload, pin, unpin };
std::string_view to_string(Verb verb);

struct VerbOptions {
  // The time for the whole verb. When it has passed, a step that can be taken back is taken back (answer `busy`); any
  // other step goes on, and the answer says so (goes_on). Zero: a busy component answers `busy` and nothing changes;
  // the time for steps that wait for no running call is not bounded. A reload always waits for running calls, at most
  // drain_timeout of the component's pool.
  Duration wait{};
  bool dry_run = false;  // only answer what would happen
  Actor actor = {};      // the operator, for the events that follow
};

struct VerbAnswer {
  Status status;  // busy (409) with the leases, vetoed, load_failed, unavailable; with goes_on deadline_exceeded
  bool changed = false;
  bool goes_on = false;       // the wait has passed, and the work of the verb goes on
  std::string explanation;    // one sentence: what was done, or would be done
  ComponentStatus component;  // after the verb
};

}  // namespace dormouse
