// The configuration as the host uses it: every module's option struct, filled from one YAML file, the environment and
// the defaults of the settings table (settings.h). Not the policy: when things are loaded and unloaded is written in
// Lua. The top of the arrows: config knows the modules, none of them knows it. A value once loaded.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "components/component.h"
#include "components/memory_watch.h"
#include "components/registry.h"
#include "config/document.h"
#include "http/options.h"
#include "pipeline/engine.h"

namespace dormouse {

// The process environment as an argument: overrides, secrets and XDG folders are read from it and from nowhere else.
using Environment = std::map<std::string, std::string>;

struct ComponentConfig {
  ComponentSpec spec;
  Value shown_settings;  // the settings as they may be printed: secrets replaced by where they come from
  int line = 0;          // where its name stands in the file
  int column = 0;

  // Where its keys stand in the file: "plugin", "settings", "settings.top_k".
  struct Place {
    std::string key;
    int line = 0;
    int column = 0;
  };
  std::vector<Place> places;
  // Of `key`, else of the key around it, else of its name.
  Place place_of(std::string_view key) const;
};

struct Config {
  std::string file;  // as given; messages begin with it
  std::string text;  // of the file, as it was read

  struct Host {
    unsigned threads = 0;   // 0: one per core
    std::string state_dir;  // empty: state_dir.h finds one
    LogOptions log;
    Duration stop_delay{};                           // from not ready to closed listeners
    Duration stop_grace = std::chrono::seconds(10);  // then, for running requests
  } host;
  MemoryOptions memory;
  DataOptions data;
  ControlOptions control;
  RegistryOptions registry;  // but state_dir, which is resolved at start
  EngineOptions scripts;
  std::vector<ComponentConfig> components;  // in the order of the file
};

// A configuration, or all that is wrong with it. With errors the config holds what could be read.
struct ConfigReport {
  Config config;
  std::vector<ConfigError> errors;
  std::vector<ConfigError> warnings;  // what works today and will not for ever
  bool ok() const { return errors.empty(); }
};

// Reads `path`, applies DORMOUSE_HOST__DATA__LISTEN and its like from `environment`, resolves secrets. Blocks on the
// disk.
ConfigReport load_config(const std::string& path, const Environment& environment);

// The same from text; `file` names it in messages, its folder is where relative paths begin.
ConfigReport parse_config(const std::string& text, const std::string& file, const Environment& environment);

}  // namespace dormouse
