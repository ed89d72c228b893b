// How answers of the control listener look to people. Pure functions from JSON (as values) to text; any thread.
#pragma once

#include <string>
#include <string_view>

#include "components/value.h"

namespace dormouse {

// One question to the host, and how its answer is shown.
struct CtlRequest {
  std::string method;
  std::string target;
  std::string (*show)(dm_value answer);
};

std::string show_status(dm_value answer);
std::string show_components(dm_value answer);
std::string show_component(dm_value answer);
std::string show_plugins(dm_value answer);
std::string show_pipelines(dm_value answer);
std::string show_memory(dm_value answer);
std::string show_caches(dm_value answer);
std::string show_cache(dm_value answer);
std::string show_crashes(dm_value answer);  // ctl_crashes.cc
std::string show_crash(dm_value answer);
std::string show_purge(dm_value answer);
std::string show_verb(dm_value answer);
std::string show_scripts(dm_value answer);

// A refusal (application/problem+json): what, about what, needed, found, what to do.
std::string show_problem(dm_value problem);
// One line of `ctl events`.
std::string show_event(std::string_view kind, dm_value event);

}  // namespace dormouse
