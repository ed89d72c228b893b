// A component as the configuration describes it.
#pragma once

#include <string>

#include "values/value.h"

namespace dormouse {

// What the config says about a component.
struct ComponentSpec {
  std::string name;     // "nlu.language"
  std::string plugin;   // plugin id
  std::string version;  // empty: the newest
  std::string type;     // empty: the plugin's only type, or the one called like the component
  Value settings;       // as configured; defaults are filled in at load
  bool preload = false;
  bool pinned = false;
};

}  // namespace dormouse
