// What a registry is told when it is made.
#pragma once

#include <string>

#include "artifacts/plugin_index.h"

namespace dormouse {

struct RegistryOptions {
  std::string state_dir;  // libs/, models/, data/ below it
  PluginIndexOptions plugins;
  unsigned parallel_loads = 4;  // loads and closes at the same time; more wait
  bool read_only = false;       // for checks: no folder is made, and nothing may be loaded
  bool watch = false;           // replaced files of plugins and models are taken without being asked for
  bool unmap = true;            // false: park and keep the code, for sanitizers that must name its frames
};

}  // namespace dormouse
