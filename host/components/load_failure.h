// What is said of a load that failed.
#pragma once

#include <string>

#include "base/status.h"

namespace dormouse {

// "component 'x': could not be loaded: ...", with each part said once.
Error as_load_failure(const std::string& component, Error why);

}  // namespace dormouse
