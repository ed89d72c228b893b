// Settings of components: YAML as values, with secrets resolved. The types follow from how a scalar is written
// (YAML 1.2 core schema: `yes` is a text, `0o17` a number); whether they fit is the manifest's business. Thread: any;
// reads the files that secrets name.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "config/document.h"
#include "values/value.h"

namespace dormouse {

struct SettingsValues {
  Value real;   // what the component gets
  Value shown;  // what may be printed: "(secret env:NAME)" in place of secrets
};

// `node` is the map below `settings`, or null for none (an empty map). `what` begins the messages:
// "components.x.settings". Faults are appended to `errors`; secrets are never part of one.
SettingsValues settings_values(const YamlNode& node, const std::string& what, const std::string& file,
                               const std::string& folder, const Environment& environment,
                               std::vector<ConfigError>& errors);

// `path` as seen from `folder`.
std::string path_from(const std::string& folder, const std::string& path);

}  // namespace dormouse
