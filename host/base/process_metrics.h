// What Linux knows of this process, under the names that every Prometheus client uses (process_...), and the build.
// Reads /proc: some tens of microseconds. Any thread.
#pragma once

#include <string_view>

#include "base/metrics.h"

namespace dormouse {

void collect_process_metrics(MetricSink& sink);

// dormouse_build_info{version}.
void collect_build_info(MetricSink& sink, std::string_view version);

}  // namespace dormouse
