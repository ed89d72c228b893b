// Which configuration a command means, and how its faults are told.
// Main thread only.
#pragma once

#include <optional>
#include <string>

#include "cli/command.h"
#include "config/config.h"

namespace dormouse {

// `given`, else $DORMOUSE_CONFIG, else dormouse.yaml in the working folder.
std::string config_path(const std::string& given, const Environment& environment);

// Loads it.
ConfigReport load_given(const std::string& given, const Environment& environment);

// Loads it; with faults prints all of them on standard error and returns nothing.
std::optional<Config> load_or_complain(const std::string& given, const Environment& environment);

// "dormouse: <status>" on standard error.
void complain(const Status& status);

// The option every command with a configuration has.
inline constexpr const char* kConfigHelp = "Configuration; default: $DORMOUSE_CONFIG, else ./dormouse.yaml";

}  // namespace dormouse
