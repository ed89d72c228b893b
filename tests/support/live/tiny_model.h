// A component's model made from a few rows: for tests that want one and do not care what it knows.
#pragma once

#include <string>

#include "support/live/live_registry.h"

namespace dormouse {

// Trains `component` offline on a file with `rows` (header and all) whose name ends in `suffix`, and makes the result
// its current model. Throws std::runtime_error.
void train_tiny_model(LiveRegistry& host, const Component& component, const std::string& rows,
                      const std::string& suffix = ".tsv");

}  // namespace dormouse
