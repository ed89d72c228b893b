// The handshake: is this plugin one that this host can talk to, and is it what its manifest says?
// Reads constant data only; no function of the plugin is called. Any thread.
#pragma once

#include <string>

#include "base/status.h"
#include "dormouse/plugin.h"

namespace dormouse {

struct Manifest;

// Whether a plugin built for this ABI version works with this host: the same major, no newer minor.
// Errors: invalid_argument with needed, found (what it offers) and the remedy.
Status check_abi(uint16_t major, uint16_t minor, const std::string& object);

// Compares what the file said about itself (its manifest) with what it brought (its table), before any of its functions
// is called: magic, ABI, struct sizes, id, version, types, methods, required function pointers.
// Errors: invalid_argument (ABI) or broken_contract.
Status handshake(const dm_plugin* plugin, const Manifest& manifest, const std::string& object);

}  // namespace dormouse
