#include "components/component_metrics.h"

#include "components/memory.h"

namespace dormouse {
namespace {

using enum MetricType;

constexpr MetricInfo kState{"dormouse_component_state", "1 for the state the component is in.", gauge};
constexpr MetricInfo kLeases{"dormouse_component_leases", "Calls and requests that hold the component now.", gauge};
constexpr MetricInfo kWaiters{"dormouse_component_waiters", "Requests that wait for the component's load.", gauge};
constexpr MetricInfo kThreads{"dormouse_component_threads", "Threads of the component's lane.", gauge};
constexpr MetricInfo kOverdue{"dormouse_calls_overdue",
                              "Calls that still run a second after they were cancelled; no request waits for them.",
                              gauge};
constexpr MetricInfo kLoads{"dormouse_component_loads_total", "Loads begun since the host started."};
constexpr MetricInfo kBytes{
    "dormouse_component_bytes",
    "Bytes by kind: mapped (address space of its library), heap and private (what its load added, while it is loaded), "
    "returned (resident memory that came back with its last unload).",
    gauge};
constexpr MetricInfo kHeap{"dormouse_process_heap_bytes", "Bytes handed out by the allocator.", gauge};
constexpr MetricInfo kPrivate{"dormouse_process_private_bytes", "Resident memory that is not of a file and not shared.",
                              gauge};

void collect_bytes(MetricSink& sink, const ComponentStatus& component) {
  const bool loaded = is_callable(component.state) || component.state == State::draining;
  const auto bytes = [&](const char* kind, int64_t value) {
    sink.value(kBytes, {{"component", component.name}, {"kind", kind}}, static_cast<double>(value));
  };
  bytes("mapped", static_cast<int64_t>(component.mapped_bytes));
  bytes("heap", loaded ? component.loaded_heap_bytes : 0);
  bytes("private", loaded ? component.loaded_private_bytes : 0);
  bytes("returned", component.returned_resident_bytes);
}

}  // namespace

void collect_component_metrics(MetricSink& sink, const std::vector<ComponentStatus>& components) {
  for (const MetricInfo& each : {kState, kLeases, kWaiters, kThreads, kOverdue, kLoads, kBytes}) sink.declare(each);
  for (const ComponentStatus& component : components) {
    const MetricLabels labels{{"component", component.name}};
    sink.value(kState, {{"component", component.name}, {"state", std::string(to_string(component.state))}}, 1);
    sink.value(kLoads, labels, static_cast<double>(component.generation));
    // Of what was never touched there is nothing more to tell, and there may be a thousand of them.
    if (component.generation == 0) continue;
    sink.value(kLeases, labels, static_cast<double>(component.leases));
    sink.value(kWaiters, labels, component.waiters);
    sink.value(kThreads, labels, component.threads);
    sink.value(kOverdue, labels, static_cast<double>(component.overdue.size()));
    collect_bytes(sink, component);
  }
  const MemoryReading process = read_memory();
  sink.value(kHeap, {}, static_cast<double>(process.heap_bytes));
  sink.value(kPrivate, {}, static_cast<double>(process.private_bytes));
}

}  // namespace dormouse
