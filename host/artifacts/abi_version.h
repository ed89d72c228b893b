// Versions of the plugin ABI: their text, and whether two versions work together. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"

namespace dormouse {

// "1.0"
std::string abi_text(unsigned major, unsigned minor);

// Whether a plugin built for this ABI version works with this host: the same major version, no newer minor version.
// `object` names the plugin in errors. Errors: invalid_argument with needed, found (the plugin's version) and remedy.
Status check_abi(uint16_t major, uint16_t minor, const std::string& object);

}  // namespace dormouse
