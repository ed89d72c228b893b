#include <catch2/catch.hpp>
#include <fstream>
#include <future>

#include "components/observe.h"
#include "lifetime/cycles.h"

namespace dormouse {
namespace {

Exposition scrape(LiveRegistry& host, Component& monitor) {
  Result<Lease> lease = host.acquire(monitor);
  REQUIRE(lease.ok());
  std::promise<Result<Exposition>> shown;
  expose_on_lane(std::move(*lease), host.metrics, "", {}, host.loop,
                 [&](Result<Exposition> exposition) { shown.set_value(std::move(exposition)); });
  Result<Exposition> exposition = shown.get_future().get();
  INFO(exposition.status().to_string());
  REQUIRE(exposition.ok());
  return std::move(*exposition);
}

bool maps_prometheus() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);)
    if (line.find("prometheus") != std::string::npos) return true;
  return false;
}

}  // namespace

// Each cycle loads the renderer with its library, shows what the cycles before counted, and leaves.
TEST_CASE("a thousand loads and scrapes and unloads of a monitor leave nothing behind and lose no count") {
  LiveRegistry host({DORMOUSE_PLUGINS});
  Component& monitor = host.add("monitor", "monitor");
  host.start();
  REQUIRE(find_observer(*host.registry).get() == &monitor);
  REQUIRE_FALSE(maps_prometheus());
  Counter& counted = host.metrics.counter("dormouse_cycles_total");
  uint64_t cycles = 0;

  const CycleReport report = run_cycles("monitor", 1'000, [&] {
    counted.add();
    const Exposition shown = scrape(host, monitor);
    const std::string line = "\ndormouse_cycles_total " + std::to_string(++cycles) + "\n";
    REQUIRE(shown.body.find(line) != std::string::npos);
    unload_completely(host, monitor, "/monitor.so");
    REQUIRE_FALSE(maps_prometheus());
  });

  check_nothing_is_left(report);
}

}  // namespace dormouse
