// Compares a plugin's exported table with its manifest before any code of the plugin runs: the table is constant data
// of the file, as a rule, and its pointers are relocations.
// The handshake after the load stays: it sees the table that is really there. Pure; any thread.
#pragma once

#include <string>

#include "artifacts/load_image.h"
#include "artifacts/manifest.h"

namespace dormouse {

// `at` is the address of the symbol `dormouse_plugin` in `image`. Ok also when the table is not constant, so that code
// of the plugin may still make it: then only a load can tell. Errors: handshake()'s.
Status check_static_table(const LoadImage& image, uint64_t at, const Manifest& manifest, const std::string& object);

}  // namespace dormouse
