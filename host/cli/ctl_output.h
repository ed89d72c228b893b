// How answers of the control listener look to people. Pure functions from JSON (as values) to text; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/commands.h"
#include "values/value.h"

namespace dormouse {

// The answer of `command` as text: a table, a report, or "OBJECT: what happened". Empty for an empty list.
std::string show(const Command& command, dm_value answer);
// One name a line.
std::string show_names(const Command& command, dm_value answer);
// For standard error, each line complete: warnings, and that a list is empty.
std::string show_notices(const Command& command, dm_value answer);
// Of an operation that goes on.
std::string show_going_on(dm_value operation);
std::string show_ready(Duration waited);
std::string show_not_ready(dm_value status);

std::string show_status(dm_value answer);
std::string show_components(dm_value answer);
std::string show_plugins(dm_value answer);
std::string show_pipelines(dm_value answer);
std::string show_memory(dm_value answer);
std::string show_caches(dm_value answer);
std::string show_crashes(dm_value answer);  // ctl_crashes.cc
std::string show_crash(dm_value answer);
std::string show_operations(dm_value answer);
std::string show_change(dm_value answer);

// A refusal (application/problem+json): what, about what, needed, found, what to do.
std::string show_problem(dm_value problem);
// One line of `ctl events`.
std::string show_event(std::string_view kind, dm_value event);

}  // namespace dormouse
