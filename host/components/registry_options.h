// The options of a registry (registry.h). Data, given once at its creation.
#pragma once

#include <string>

#include "artifacts/plugin_index.h"

namespace dormouse {

struct RegistryOptions {
  std::string state_dir;  // libs/, models/, data/ below it
  PluginIndexOptions plugins;
  unsigned parallel_loads = 4;  // loads and closes at the same time; more wait
  bool read_only = false;       // for checks: no folder is made, and nothing may be loaded
  bool watch = false;           // replaced files of plugins and models are loaded without a command
  bool unmap = true;            // false: the code stays mapped, so that sanitizers can name its frames
};

}  // namespace dormouse
