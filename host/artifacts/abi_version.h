// Versions of the plugin ABI. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"

namespace dormouse {

// "1.0"
std::string abi_text(unsigned major, unsigned minor);

// Whether a plugin built for this ABI version works with this host: the same major, no newer minor.
// Errors: invalid_argument with needed, found (what it offers) and the remedy.
Status check_abi(uint16_t major, uint16_t minor, const std::string& object);

}  // namespace dormouse
