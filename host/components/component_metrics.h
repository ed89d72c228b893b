// The names of the metrics of components, loads and unloads, and the function that adds the current values of all
// components to a snapshot. Private to the box.
#pragma once

#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "components/component_status.h"

namespace dormouse {

inline constexpr MetricInfo kComponentLoadSeconds{"dormouse_component_load_seconds",
                                                  "From the decision to load a component until it was callable.",
                                                  MetricType::histogram, 1, kLoadBounds};
inline constexpr MetricInfo kComponentLoadPhase{
    "dormouse_component_load_phase_seconds_total",
    "What loads spent their time with: queue (for a loader), prepare (checks and copy), map, open.",
    MetricType::counter, 1e-9};
inline constexpr MetricInfo kComponentLoadFailures{"dormouse_component_load_failures_total", "Loads that failed."};
inline constexpr MetricInfo kComponentUnload{
    "dormouse_component_unloads_total",
    "Components unloaded with proof, by reason: idle, operator, reload, stop or load_given_up."};
inline constexpr MetricInfo kComponentUnloadRefused{"dormouse_component_unloads_refused_total",
                                                    "Unloads that did not happen, by reason: veto."};
inline constexpr MetricInfo kComponentReplacements{"dormouse_component_replacements_total",
                                                   "Replacements of a component beside what served, by result: "
                                                   "replaced or failed."};
inline constexpr MetricInfo kComponentKept{"dormouse_component_kept_total",
                                           "Closed components whose code the loader kept mapped."};

// Adds the metrics dormouse_component_..., and the heap of the process, to a snapshot. Any thread.
void collect_component_metrics(MetricSink& sink, const std::vector<ComponentStatus>& components);

}  // namespace dormouse
