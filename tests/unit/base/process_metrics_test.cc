#include "base/process_metrics.h"

#include <fcntl.h>

#include <catch2/catch.hpp>
#include <chrono>

#include "base/unique_fd.h"

namespace dormouse {
namespace {

double value_of(const std::string& name) {
  MetricSink sink;
  collect_process_metrics(sink);
  for (const MetricFamily& family : sink.take())
    if (family.name == name) return family.samples.at(0).value;
  throw std::runtime_error("no family " + name);
}

TEST_CASE("the process knows its memory and threads and start") {
  CHECK(value_of("process_resident_memory_bytes") > 1 << 20);
  CHECK(value_of("process_virtual_memory_bytes") > value_of("process_resident_memory_bytes"));
  CHECK(value_of("process_threads") >= 1);
  CHECK(value_of("process_max_fds") > 0);
  CHECK(value_of("process_cpu_seconds_total") > 0);
  const auto now = static_cast<double>(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count());
  CHECK(value_of("process_start_time_seconds") > now - 86400);
  CHECK(value_of("process_start_time_seconds") < now + 60);
}

TEST_CASE("an open descriptor is counted") {
  const double before = value_of("process_open_fds");
  const UniqueFd one(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  CHECK(value_of("process_open_fds") == before + 1);
}

TEST_CASE("the build is told by its labels") {
  MetricSink sink;
  collect_build_info(sink, "1.2.3");
  const auto families = sink.take();
  REQUIRE(families.size() == 1);
  CHECK(families[0].samples.at(0).labels == MetricLabels{{"version", "1.2.3"}});
  CHECK(families[0].samples.at(0).value == 1);
}

}  // namespace
}  // namespace dormouse
