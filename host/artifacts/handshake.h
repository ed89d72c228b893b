// The handshake: is this plugin one that this host can talk to, and is it what its manifest says?
// Reads constant data only; no function of the plugin is called. Any thread.
#pragma once

#include <string>

#include "base/status.h"
#include "dormouse/plugin.h"

namespace dormouse {

struct Manifest;

// Compares what the file said about itself (its manifest) with what it brought (its table), before any of its functions
// is called: magic, ABI, struct sizes, id, version, types, methods, required function pointers.
// Errors: invalid_argument (ABI) or broken_contract.
Status handshake(const dm_plugin* plugin, const Manifest& manifest, const std::string& object);

}  // namespace dormouse
