// Shows the host's metrics through a component that offers dormouse.observe/1: finds it, makes the snapshot a value,
// calls. find_observer blocks on the disk; the others may be called on any thread.
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

// What a snapshot may take: 50,000 series (Metrics::kSeriesMax) and as many histograms; far from it in practice.
inline constexpr ValueLimits kSnapshotLimits{.bytes_max = size_t{256} << 20};

// The first component, in the order they were added, whose type promises dormouse.observe/1 in its manifest. Loads
// nothing; may read plugin folders, so never from a reactor. Null when there is none.
std::shared_ptr<Component> find_observer(Registry& registry);

// The value that dormouse/ext/observe.h describes. What is no UTF-8 (names of script files) is shown with '?'.
Result<Value> snapshot_value(const std::vector<MetricFamily>& families, std::string_view accept);

// Takes the snapshot on the component's lane, where it may take its time, and has it rendered there. `done` runs on
// `reply`'s thread, exactly once; the lease is released before. `metrics` outlives the component's lane.
// Errors: the component's own; broken_contract; queue_full; failed_precondition, it does not offer the capability.
void expose_on_lane(Lease lease, const Metrics& metrics, std::string accept, CallOptions options, EventLoop& reply,
                    UniqueFunction<void(Result<Exposition>)> done);

}  // namespace dormouse
