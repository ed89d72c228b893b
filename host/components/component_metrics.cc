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
constexpr MetricInfo kInfo{
    "dormouse_component_info",
    "1 for each incarnation that is in memory, with its version and the hashes of its plugin file and model.", gauge};
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

// As many characters of a hash as tell two files apart.
std::string short_hash(const std::string& sha256) {
  return sha256.substr(0, 12);
}

void collect_info(MetricSink& sink, const ComponentStatus& component) {
  const auto show = [&](uint64_t number, const std::string& version, const std::string& plugin,
                        const std::string& model) {
    sink.value(kInfo,
               {{"component", component.name},
                {"plugin", component.plugin},
                {"version", version},
                {"sha256", short_hash(plugin)},
                {"model", short_hash(model)},
                {"incarnation", std::to_string(number)}},
               1);
  };
  const bool loaded = is_callable(component.state) || component.state == State::draining;
  if (loaded) show(component.generation, component.version, component.plugin_sha256, component.model_sha256);
  for (const IncarnationStatus& each : component.beside)
    if (is_callable(each.state) || each.state == State::draining)
      show(each.number, each.version, each.plugin_sha256, each.model_sha256);
}

}  // namespace

void collect_component_metrics(MetricSink& sink, const std::vector<ComponentStatus>& components) {
  for (const MetricInfo& each : {kState, kLeases, kWaiters, kThreads, kOverdue, kLoads, kBytes, kInfo})
    sink.declare(each);
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
    collect_info(sink, component);
  }
  const MemoryReading process = read_memory();
  sink.value(kHeap, {}, static_cast<double>(process.heap_bytes));
  sink.value(kPrivate, {}, static_cast<double>(process.private_bytes));
}

}  // namespace dormouse
