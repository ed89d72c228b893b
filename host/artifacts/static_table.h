// Compares a plugin's exported table with its manifest before the file is mapped. That is possible because the table is
// usually constant data of the file, and its pointers are relocations. It does not replace the handshake after the load
// (handshake.h), which sees the table in memory. Pure; any thread.
#pragma once

#include <string>

#include "artifacts/load_image.h"
#include "artifacts/manifest.h"

namespace dormouse {

// `at` is the address of the symbol `dormouse_plugin` in `image`; `object` names the plugin in errors. Ok, too, when
// the table is not constant: code of the plugin may still make it, and only a load can judge it. Errors: those of
// handshake().
Status check_static_table(const LoadImage& image, uint64_t at, const Manifest& manifest, const std::string& object);

}  // namespace dormouse
