// The handshake: checks that a plugin's table has an ABI version that this host can use, and that it agrees with the
// plugin's manifest. It reads constant data of a mapped plugin and calls no function of it. Pure; any thread.
// The same check without mapping the file: static_table.h.
#pragma once

#include <string>

#include "base/status.h"
#include "dormouse/plugin.h"

namespace dormouse {

struct Manifest;

// Compares the table `plugin` with `manifest`: magic, ABI, struct sizes, id, version, types, methods, required function
// pointers. Before any function of the plugin is called. `object` names the plugin in errors.
// Errors: invalid_argument (ABI) or broken_contract.
Status handshake(const dm_plugin* plugin, const Manifest& manifest, const std::string& object);

}  // namespace dormouse
