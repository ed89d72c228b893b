// The JSON documents of the control listener: what operators and `dormouse ctl` read. Field names are a promise
// (ARCHITECTURE.md section 9). Snapshots in, text out; pure.
#pragma once

#include <string_view>
#include <vector>

#include "artifacts/plugin_index.h"
#include "base/events.h"
#include "cache/caches.h"
#include "components/registry.h"
#include "http/error_json.h"
#include "http/json_text.h"
#include "pipeline/engine.h"

namespace dormouse {

void write(JsonText& out, const ComponentStatus& component);
// With those of `components` that use it: "in_use": [{"component", "current"}]. Looks at the file on the disk, to tell
// whether what is in memory is still what lies there.
void write(JsonText& out, const PluginEntry& plugin, const std::vector<ComponentStatus>& components = {});
void write(JsonText& out, const PipelineInfo& pipeline);
void write(JsonText& out, const GenerationInfo& generation);
void write(JsonText& out, const CacheStatus& cache);
void write(JsonText& out, const ScriptError& error);
void write(JsonText& out, const OverdueCall& call);
void write(JsonText& out, const PoolChange& change);
void write(JsonText& out, const Event& event);

template <class T>
void write_list(JsonText& out, std::string_view name, const std::vector<T>& items) {
  out.key(name).begin_array();
  for (const T& item : items) write(out, item);
  out.end_array();
}
void write_list(JsonText& out, std::string_view name, const std::vector<std::string>& items);

// "2026-01-31T08:12:31.123Z"
std::string utc_text(std::chrono::system_clock::time_point at);

}  // namespace dormouse
