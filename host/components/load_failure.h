// The error text of a failed load. Pure; any thread.
#pragma once

#include <string>

#include "base/status.h"

namespace dormouse {

// "component 'x': could not be loaded: ..."; no part of the text comes twice.
Error as_load_failure(const std::string& component, Error why);

}  // namespace dormouse
