// The names under which loads, unloads and components are counted and measured, and what is read of all components when
// somebody looks. Private to the box.
#pragma once

#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "components/component.h"

namespace dormouse {

inline constexpr MetricInfo kPluginLoadSeconds{"dormouse_plugin_load_seconds",
                                               "From the decision to load a component until it was callable.",
                                               MetricType::histogram, 1, kLoadBounds};
inline constexpr MetricInfo kPluginLoadPhase{
    "dormouse_plugin_load_phase_seconds_total",
    "What loads spent their time with: queue (for a loader), prepare (checks and copy), map, open.",
    MetricType::counter, 1e-9};
inline constexpr MetricInfo kPluginLoadFailures{"dormouse_plugin_load_failures_total", "Loads that failed."};
inline constexpr MetricInfo kPluginUnload{
    "dormouse_plugin_unload_total",
    "Components unloaded with proof, by reason: idle, operator, reload, stop or load_given_up."};
inline constexpr MetricInfo kPluginUnloadRefused{"dormouse_plugin_unload_refused_total",
                                                 "Unloads that did not happen, by reason: veto."};
inline constexpr MetricInfo kPluginKept{"dormouse_plugin_kept_total",
                                        "Closed components whose code the loader kept mapped."};

// One word for why a component left, from the cause that operators read.
std::string_view unload_reason(std::string_view cause);

// dormouse_component_..., and the heap of the process.
void collect_component_metrics(MetricSink& sink, const std::vector<ComponentStatus>& components);

}  // namespace dormouse
