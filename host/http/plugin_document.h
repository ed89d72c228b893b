// What operators see of a plugin file as JSON. Field names are a promise (ARCHITECTURE.md section 9).
#pragma once

#include <vector>

#include "artifacts/plugin_index.h"
#include "components/registry.h"
#include "http/json_text.h"

namespace dormouse {

// With those of `components` that use it: "in_use": [{"component", "current"}]. Looks at the file on the disk, to tell
// whether what is in memory is still what lies there.
void write(JsonText& out, const PluginEntry& plugin, const std::vector<ComponentStatus>& components = {});

}  // namespace dormouse
