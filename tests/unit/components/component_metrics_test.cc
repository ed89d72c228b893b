#include "components/component_metrics.h"

#include <catch2/catch.hpp>

namespace dormouse {
namespace {

double value_of(const std::vector<MetricFamily>& families, const std::string& name, const MetricLabels& labels) {
  for (const MetricFamily& family : families)
    for (const MetricSample& sample : family.samples)
      if (family.name == name && sample.labels == labels) return sample.value;
  return -1;
}

std::vector<MetricFamily> families_of(const ComponentStatus& status) {
  MetricSink sink;
  collect_component_metrics(sink, {status});
  return sink.take();
}

ComponentStatus loaded() {
  ComponentStatus status;
  status.name = "c";
  status.state = State::ready;
  status.generation = 2;
  status.leases = 3;
  status.mapped_bytes = 100;
  status.loaded_heap_bytes = 200;
  status.loaded_private_bytes = 300;
  status.returned_resident_bytes = 50;
  return status;
}

}  // namespace

TEST_CASE("a loaded component shows its state and leases and bytes") {
  const auto families = families_of(loaded());
  CHECK(value_of(families, "dormouse_component_state", {{"component", "c"}, {"state", "ready"}}) == 1);
  CHECK(value_of(families, "dormouse_component_state", {{"component", "c"}, {"state", "absent"}}) == -1);
  CHECK(value_of(families, "dormouse_component_leases", {{"component", "c"}}) == 3);
  CHECK(value_of(families, "dormouse_component_loads_total", {{"component", "c"}}) == 2);
  CHECK(value_of(families, "dormouse_component_bytes", {{"component", "c"}, {"kind", "mapped"}}) == 100);
  CHECK(value_of(families, "dormouse_component_bytes", {{"component", "c"}, {"kind", "heap"}}) == 200);
  CHECK(value_of(families, "dormouse_component_bytes", {{"component", "c"}, {"kind", "private"}}) == 300);
}

TEST_CASE("an unloaded component holds nothing and says what came back") {
  ComponentStatus status = loaded();
  status.state = State::unloaded;
  const auto families = families_of(status);
  CHECK(value_of(families, "dormouse_component_bytes", {{"component", "c"}, {"kind", "heap"}}) == 0);
  CHECK(value_of(families, "dormouse_component_bytes", {{"component", "c"}, {"kind", "private"}}) == 0);
  CHECK(value_of(families, "dormouse_component_bytes", {{"component", "c"}, {"kind", "returned"}}) == 50);
}

TEST_CASE("a component that was never loaded has no series but its state and number of loads") {
  ComponentStatus status;
  status.name = "c";
  size_t samples = 0;
  for (const MetricFamily& family : families_of(status))
    for (const MetricSample& sample : family.samples) samples += sample.labels.empty() ? 0 : 1;
  CHECK(samples == 2);
}

}  // namespace dormouse
