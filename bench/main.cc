// The in-process rows: `call` and `cold`. Five repetitions of each side, in random turns, so that a machine that
// changes its mind does so for both. Arguments are Google Benchmark's; --benchmark_filter=call is the usual one.
#include <benchmark/benchmark.h>

#include <iostream>
#include <map>

#include "local_host.h"
#include "support/report.h"

namespace dormouse::bench {
namespace {

// Keeps what each repetition came to; the table is printed at the end, side by side.
class Collector final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs)
      if (run.run_type == Run::RT_Iteration && !run.error_occurred)
        samples_[run.run_name.function_name].push_back(time_of(run) / static_cast<double>(run.iterations));
  }

  Series series(const std::string& name, const std::string& title, const std::string& unit, double per_second) const {
    Series series{title, unit, {}};
    if (const auto found = samples_.find(name); found != samples_.end())
      for (const double seconds : found->second) series.add(seconds * per_second);
    return series;
  }

 private:
  // A warm call never waits, so its CPU time is its time, and a busy machine does not show in it. A cold request waits
  // for other threads, and is told in the time that passes.
  static double time_of(const Run& run) {
    const bool waits = run.run_name.function_name.rfind("cold/", 0) == 0;
    return waits ? run.real_accumulated_time : run.cpu_accumulated_time;
  }

  std::map<std::string, std::vector<double>> samples_;
};

void report_call(const Collector& collector) {
  const auto nanoseconds = [&](const std::string& name, const std::string& title) {
    return collector.series("call/" + name, title, "ns", 1e9);
  };
  const Series direct = nanoseconds("direct", "direct call of the function pointer");
  const Series warm = nanoseconds("warm", "acquire + call + release");
  const Series among = nanoseconds("warm_among_unused", "the same among 1,000 unused components");
  if (direct.samples.empty() || warm.samples.empty()) return;
  Report report("call");
  report.series(direct);
  report.series(warm);
  report.judge("what the host adds", warm.median() - direct.median(), "ns", Bar::at_most, 150);
  if (!among.samples.empty()) {
    report.series(among);
    report.figure("added by 1,000 unused components", among.median() - warm.median(), "ns");
  }
  const Series hit = nanoseconds("cache_hit", "a hit of cache-memory, from the lease to the checked copy");
  if (hit.samples.empty()) return;
  report.series(hit);
  report.judge("a hit", hit.median(), "ns", Bar::at_most, 200);
}

void report_stages(const Collector& collector) {
  const auto nanoseconds = [&](const std::string& name, const std::string& title) {
    return collector.series("call/" + name, title, "ns", 1e9);
  };
  const Series one = nanoseconds("one_stage", "a request of one stage");
  const Series three = nanoseconds("three_stages", "a request of three");
  const Series wrapped = nanoseconds("three_wrapped", "the same, each with timeout and fallback");
  if (one.samples.empty() || three.samples.empty() || wrapped.samples.empty()) return;
  Report report("stage");
  report.series(one);
  report.series(three);
  report.series(wrapped);
  report.figure("a further stage, its call included", (three.median() - one.median()) / 2, "ns");
  report.figure("added by timeout and fallback to each", (wrapped.median() - three.median()) / 3, "ns");
}

void report_cold(const Collector& collector, const std::string& subject) {
  const auto milliseconds = [&](const std::string& side, const std::string& title) {
    return collector.series("cold/" + subject + "/" + side, title, "ms", 1e3);
  };
  const Series raw = milliseconds("raw", subject + ": dlopen + open + call by hand");
  const Series host = milliseconds("host", subject + ": a request that finds it unloaded");
  if (raw.samples.empty() || host.samples.empty()) return;
  Report report("cold");
  report.series(raw);
  report.series(host);
  report.judge("what the host adds", host.median() - raw.median(), "ms", Bar::at_most, 2);
}

}  // namespace
}  // namespace dormouse::bench

int main(int argc, char** argv) {
  std::vector<char*> arguments(argv, argv + argc);
  std::string repetitions = "--benchmark_repetitions=5", turns = "--benchmark_enable_random_interleaving=true";
  arguments.insert(arguments.begin() + 1, {repetitions.data(), turns.data()});  // ours first: later ones win
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;
  try {
    dormouse::bench::LocalHost in_process;
    dormouse::bench::register_call_benchmarks(in_process);
    dormouse::bench::register_stage_benchmarks(in_process);
    dormouse::bench::register_cold_benchmarks(in_process);
    dormouse::bench::Collector collector;
    benchmark::RunSpecifiedBenchmarks(&collector);
    dormouse::bench::report_call(collector);
    dormouse::bench::report_stages(collector);
    for (const char* subject : {"echo", "language"}) dormouse::bench::report_cold(collector, subject);
  } catch (const std::exception& e) {
    std::cerr << argv[0] << ": " << e.what() << "\n";
    return 1;
  }
  return 0;
}
