// What operators ask of components, and what they are answered.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/events.h"
#include "base/status.h"
#include "components/component_status.h"

namespace dormouse {

// What operators may ask for. Idempotent: asking for what is already so succeeds with changed = false.
enum class Verb : uint8_t { load, unload, trim, park, reload, pin, unpin };
std::string_view to_string(Verb verb);

struct VerbOptions {
  // For the whole verb. When it has passed, what can be taken back is (`busy`); what cannot goes on, and the answer
  // says so. Zero: a busy component answers `busy` and nothing changes; what needs no running call to end may take its
  // time. A reload waits for running calls in any case, at most drain_timeout of its pool.
  Duration wait{};
  bool dry_run = false;  // say what would happen
  Actor actor = {};      // told in the events of what follows
};

struct VerbAnswer {
  Status status;  // busy (409) with the leases, vetoed, load_failed, unavailable; deadline_exceeded with goes_on
  bool changed = false;
  bool goes_on = false;       // the wait has passed, and the verb is still at work
  std::string explanation;    // one sentence: what was done, or what would be
  ComponentStatus component;  // afterwards
};

}  // namespace dormouse
