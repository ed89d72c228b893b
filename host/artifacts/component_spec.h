// A component as the configuration describes it. Data; not yet checked against a plugin. Any thread.
#pragma once

#include <string>

#include "values/value.h"

namespace dormouse {

// One entry of `components` in the configuration.
struct ComponentSpec {
  std::string name;     // "nlu.language"
  std::string plugin;   // plugin id
  std::string version;  // empty: the newest
  std::string type;     // empty: the plugin's only type, or the type with the component's name
  Value settings;       // as configured; a load fills in the defaults
  bool preload = false;
  bool pinned = false;
};

}  // namespace dormouse
