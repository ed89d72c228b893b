// Lets a component that offers dormouse.observe/1 render the host's metrics: finds the component, makes a value of the
// snapshot, and calls the component. It does not answer the scrape (http/metrics_route.h does). Functions; any thread,
// except that find_observer() blocks on the disk.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "base/task.h"
#include "components/call.h"
#include "components/exposition.h"
#include "components/registry.h"

namespace dormouse {

// The limits of a snapshot: enough for 50,000 series (Metrics::kSeriesMax) and as many histograms.
inline constexpr ValueLimits kSnapshotLimits{.bytes_max = size_t{256} << 20};

// The first component, in the order of add(), whose type offers dormouse.observe/1 by its manifest. Loads nothing; may
// read plugin folders, so never from a reactor. Null when there is none.
std::shared_ptr<Component> find_observer(Registry& registry);

// The metrics as the value that dormouse/ext/observe.h describes. Bytes that are not UTF-8 (in names of script files)
// become '?'.
Result<Value> snapshot_value(const std::vector<MetricFamily>& families, std::string_view accept);

// Takes a snapshot of `metrics` on the component's lane, because that takes long, and lets the component render the
// snapshot there. `done` runs on `reply`'s thread, exactly once; the lease is released before. `metrics` outlives the
// component's lane. Errors: the component's own; broken_contract; queue_full; failed_precondition, the component does
// not offer the capability.
void expose_on_lane(Lease lease, const Metrics& metrics, std::string accept, CallOptions options, EventLoop& reply,
                    UniqueFunction<void(Result<Exposition>)> done);

}  // namespace dormouse
