// From exec to the first 200 on /healthz, and what the process holds then.
//   dormouse_bench_start start    20 components configured and none loaded, beside an nginx that serves one small file
//   dormouse_bench_start unused   1,000 components configured and none loaded, beside none
#include <fmt/format.h>

#include <filesystem>
#include <iostream>

#include "support/live/process_facts.h"
#include "support/report.h"
#include "support/servers.h"

namespace dormouse::bench {
namespace {

constexpr int kRounds = 5;           // of the two sides in turn
constexpr int kStartsPerRound = 10;  // a round's sample is their median: a start is a few milliseconds of scheduling

std::string components(unsigned count) {
  std::string yaml;
  for (unsigned i = 0; i < count; ++i) yaml += fmt::format("  unused.{}: {{plugin: echo}}\n", i);
  return yaml;
}

ServerPlan plan(const std::string& name, unsigned count) {
  return plan_dormouse({.name = name,
                        .components = components(count),
                        .plugins = {DORMOUSE_PLUGINS},
                        .pipelines = {},
                        .environment = {}});
}

struct Starts {
  Series time;
  Series resident;
};

void round_of_starts(const ServerPlan& plan, Starts& starts) {
  Series times{"", "ms", {}}, residents{"", "KiB", {}};
  for (int i = 0; i < kStartsPerRound; ++i) {
    const RunningServer server(plan);
    times.add(server.to_first_answer().count());
    residents.add(static_cast<double>(resident_bytes(server.pid())) / 1024);
  }
  starts.time.add(times.median());
  starts.resident.add(residents.median());
}

double stripped_bytes(const std::string& binary) {
  const std::string copy = bench_folder() + "/stripped";
  output_of({"strip", "-o", copy, binary}, std::chrono::seconds(60));
  return static_cast<double>(std::filesystem::file_size(copy));
}

void measure_start() {
  Starts dormouse{{"dormouse, 20 components, none loaded", "ms", {}}, {"resident memory", "KiB", {}}};
  Starts nginx{{"nginx, one static file", "ms", {}}, {"nginx master", "KiB", {}}};
  const ServerPlan ours = plan("start-dormouse", 20), peer = plan_nginx("nginx-static");
  for (const ServerPlan* warm_up : {&ours, &peer}) RunningServer{*warm_up};
  for (int i = 0; i < kRounds; ++i) {
    round_of_starts(ours, dormouse);
    round_of_starts(peer, nginx);
  }
  Report report("start");
  report.series(dormouse.time);
  report.series(nginx.time);
  report.judge("exec to first 200", dormouse.time.median(), "ms", Bar::at_most, 10);
  report.judge("against nginx", dormouse.time.median() / nginx.time.median(), "x", Bar::at_most, 2);
  report.series(dormouse.resident);
  report.judge("resident memory", dormouse.resident.median() / 1024, "MiB", Bar::at_most, 12);
  report.judge("stripped binary", stripped_bytes(DORMOUSE_BINARY) / (1 << 20), "MiB", Bar::at_most, 4.2);
}

void measure_unused() {
  constexpr unsigned kCount = 1000;
  Starts many{{"1,000 components, none loaded", "ms", {}}, {"resident with 1,000", "KiB", {}}};
  Starts none{{"no component", "ms", {}}, {"resident with none", "KiB", {}}};
  const ServerPlan with = plan("unused-1000", kCount), without = plan("unused-0", 0);
  for (const ServerPlan* warm_up : {&with, &without}) RunningServer{*warm_up};
  for (int i = 0; i < kRounds; ++i) {
    round_of_starts(with, many);
    round_of_starts(without, none);
  }
  Report report("unused");
  report.series(many.time);
  report.series(none.time);
  report.judge("added start", many.time.median() - none.time.median(), "ms", Bar::at_most, 40);
  report.series(many.resident);
  report.series(none.resident);
  report.judge("resident memory of each", (many.resident.median() - none.resident.median()) / kCount, "KiB",
               Bar::at_most, 12);
}

}  // namespace
}  // namespace dormouse::bench

int main(int argc, char** argv) {
  const std::string row = argc > 1 ? argv[1] : "";
  try {
    if (row == "start") return dormouse::bench::measure_start(), 0;
    if (row == "unused") return dormouse::bench::measure_unused(), 0;
  } catch (const std::exception& e) {
    std::cerr << argv[0] << ": " << e.what() << "\n";
    return 1;
  }
  std::cerr << "usage: " << argv[0] << " start|unused\n";
  return 2;
}
