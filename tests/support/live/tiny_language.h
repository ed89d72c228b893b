// A language model of three languages from a few sentences, made in a blink: for tests and benchmarks that want a
// component with a model and do not care what it knows.
#pragma once

#include "support/live/live_registry.h"

namespace dormouse {

// Trains `component` (type nlu.language) offline, and makes the result its current model. Throws std::runtime_error.
void train_tiny_language(LiveRegistry& host, const Component& component);

}  // namespace dormouse
