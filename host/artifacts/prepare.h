// The part of a load that works on files: finds, checks, hashes and copies plugin and model of a component, without
// running code of the plugin. It maps nothing (components/loader.h does). The functions block on the disk, so never
// from a reactor; except known_manifest() and plugin_file_identity(), which do not scan folders.
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

// The result of prepare(): a plugin file that passed every check that needs no code of the plugin.
struct Prepared : LoadedFacts {
  std::string copy_path;   // the copy of the plugin, to be mapped
  std::string model_copy;  // the copy of the model, for the plugin to read
  std::string data_dir;    // the data folder of the component; empty: none
  Value settings;          // with all defaults
};

// The stamp (loaded_facts.h): differs when the code, the settings or the model differ; never 0.
uint64_t stamp_of(const Prepared& prepared);

// The type of a component: the one that the configuration names, or the plugin's only type, or the type with the
// component's name. Errors: not_found, none of these exists.
Result<const TypeManifest*> choose_type(const ComponentSpec& spec, const Manifest& manifest);

// The manifest of the plugin that a load would take, from the index; null: not known. Never scans.
std::shared_ptr<const Manifest> known_manifest(const ComponentSpec& spec, PluginIndex& index);

// The path of the folder in which a component keeps files that outlive it.
std::string data_folder(const std::string& state_dir, const std::string& component);
// Whether the folder exists and is not empty.
bool holds_files(const std::string& folder);

// The identity of the plugin files that a component could load, by the index ("dev:ino:size:mtime;" each); empty when
// there is none. A failed load is remembered with it, so a replaced file is tried again at once. Never scans, because
// it is called on the registry's loop.
std::string plugin_file_identity(const ComponentSpec& spec, PluginIndex& index);

// [loader thread] For dry runs: makes all checks of prepare(), and copies nothing. Reads the folders again. Errors:
// those of prepare().
Status examine(const ComponentSpec& spec, const std::string& state_dir, PluginIndex& index);

// [loader thread] Finds, checks, hashes and copies the files. `purpose`: DM_OPEN_SERVE or DM_OPEN_TRAIN. Errors: those
// of PluginIndex, PrivateCopies and the settings; not_found for a missing model, with the command that makes it.
Result<Prepared> prepare(const ComponentSpec& spec, uint32_t purpose, const std::string& state_dir, PluginIndex& index,
                         PrivateCopies& copies, PrivateCopies& model_copies);

}  // namespace dormouse
