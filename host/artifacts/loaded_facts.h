// What is known of a component's files once they were read. A value.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "artifacts/manifest.h"
#include "artifacts/safety.h"

namespace dormouse {

// Constant from the moment that the files were read.
struct LoadedFacts {
  std::string path;      // of the plugin file, as dropped in the folder
  std::string identity;  // file_identity() of that, when it was read
  std::string sha256;    // of its content, lower-case hex
  std::string version;
  std::shared_ptr<const Manifest> manifest;
  const TypeManifest* type = nullptr;  // inside *manifest
  Safety safety;
  std::string model_path;    // as trained; empty: none
  std::string model_sha256;  // empty: none
  // Says which code, settings and model answer: equal stamps give equal answers to equal calls, as far as files decide
  // that. Made of contents alone, so that two hosts agree; never 0.
  uint64_t stamp = 0;
};

}  // namespace dormouse
