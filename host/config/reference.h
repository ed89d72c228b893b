// configs/reference.yaml: every key with its default, unit and meaning, written from the settings table.
// A test compares the committed file with this, so it is never out of date.
#pragma once

#include <string>

#include "config/config.h"

namespace dormouse {

// A valid configuration that says what holds anyway.
std::string reference_yaml();

// What is in force: file, environment and defaults together, secrets not shown. For `dormouse check --show`.
std::string effective_yaml(const Config& config);

}  // namespace dormouse
