// What a load needs of a component's files: found, checked, hashed and copied, without running any of their code.
// Blocks on the disk, so never from a reactor; `known_manifest` and `plugin_file_identity` ask only what the index
// knows.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "artifacts/component_spec.h"
#include "artifacts/loaded_facts.h"
#include "artifacts/manifest.h"
#include "artifacts/plugin_index.h"
#include "artifacts/private_copies.h"
#include "base/status.h"
#include "values/value.h"

namespace dormouse {

// A plugin file that passed every check which needs none of its code.
struct Prepared : LoadedFacts {
  std::string copy_path;   // what will be mapped
  std::string model_copy;  // what the plugin gets
  std::string data_dir;    // the folder of its own that the plugin gets; empty: none
  Value settings;          // complete
};

// Differs when the code, the settings or the model do; never 0.
uint64_t stamp_of(const Prepared& prepared);

// The type a component uses: named by the config, or the plugin's only one, or the one called like the component.
Result<const TypeManifest*> choose_type(const ComponentSpec& spec, const Manifest& manifest);

// The manifest of the plugin that a load would take, as the index knows it; null: not known. Never scans.
std::shared_ptr<const Manifest> known_manifest(const ComponentSpec& spec, PluginIndex& index);

// Where a component keeps files that outlive it.
std::string data_folder(const std::string& state_dir, const std::string& component);
// Whether there is anything in a folder. False when it is not there.
bool holds_files(const std::string& folder);

// Identity of the files a component could load, as the index knows them ("dev:ino:size:mtime;" each), empty when there
// is none. A failed load is remembered with it, so a replaced file is tried again at once. Never scans: this is asked
// on the registry's loop.
std::string plugin_file_identity(const ComponentSpec& spec, PluginIndex& index);

// [loader thread] All of prepare() that copies nothing: what a load would refuse before it runs code of the plugin. The
// folders are read anew. For dry runs.
Status examine(const ComponentSpec& spec, const std::string& state_dir, PluginIndex& index);

// [loader thread] Finds, checks, hashes and copies. Errors as Library's, PluginIndex's and the manifest's; not_found
// for a missing model, with the command that makes it.
Result<Prepared> prepare(const ComponentSpec& spec, uint32_t purpose, const std::string& state_dir, PluginIndex& index,
                         PrivateCopies& copies, PrivateCopies& model_copies);

}  // namespace dormouse
