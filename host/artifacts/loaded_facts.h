// The facts about a component's files (plugin and model), known once the files were read. Data; any thread.
// Owner: the loaded component (components/loaded.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "artifacts/manifest.h"
#include "artifacts/safety.h"

namespace dormouse {

// Constant once the files were read.
struct LoadedFacts {
  std::string path;      // of the plugin file, as dropped in the folder
  std::string identity;  // file_identity() of `path` when the file was read
  std::string sha256;    // of the file's content, lower-case hex
  std::string version;
  std::shared_ptr<const Manifest> manifest;
  const TypeManifest* type = nullptr;  // inside *manifest
  Safety safety;
  std::string model_path;    // the trained model, not its private copy; empty: no model
  std::string model_sha256;  // empty: no model
  // A number for the code, settings and model that answer calls: where answers depend on files alone, equal stamps mean
  // equal answers to equal calls. Made of contents alone, so that two hosts agree; never 0.
  uint64_t stamp = 0;
};

}  // namespace dormouse
