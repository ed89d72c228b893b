// What a stage adds to the call that it makes: requests of pipelines of one and of three stages, each a warm inline
// call of `echo` with what the request brought, beside the same with the wrappers that cost nothing.
#include <benchmark/benchmark.h>

#include <fstream>
#include <stdexcept>

#include "local_host.h"
#include "pipeline/engine.h"

namespace dormouse::bench {
namespace {

// A loop for requests that end where they begin: nothing is ever left to it.
class ThisThread final : public EventLoop {
 public:
  explicit ThisThread(const Clock& clock) : clock_(clock) {}
  void post(Task) override { throw std::runtime_error("a request has to wait"); }
  TimerId at(Time, Task) override { throw std::runtime_error("a request has to wait"); }
  bool cancel(TimerId) override { return false; }
  Time now() const override { return clock_.now(); }
  bool in_loop_thread() const override { return true; }

 private:
  const Clock& clock_;
};

std::string chain(int stages, const std::string& wrappers) {
  std::string script =
      "local dm = require 'dormouse'; local ref = dm.ref\n"
      "return dm.pipeline('p', { input = { text = 'string' },\n";
  for (int i = 1; i <= stages; ++i)
    script += "dm.stage('s" + std::to_string(i) + "', { component = 'echo', method = 'echo', input = ref.request" +
              wrappers + " }),\n";
  return script + "output = ref.s" + std::to_string(stages) + " })\n";
}

void requests(benchmark::State& state, LocalHost& in_process, int stages, const std::string& wrappers) {
  LiveRegistry& host = in_process.host;
  { const Result<Lease> load = host.acquire(*in_process.echo.component); }
  const TempFolder folder;
  std::ofstream(folder / "p.lua") << chain(stages, wrappers);
  EngineOptions options;
  options.pipelines = {folder.path()};
  ThisThread loop(host.clock);
  Metrics metrics;
  Engine engine(std::move(options), *host.registry, {&loop}, host.clock, host.events, metrics);
  const LoadReport report = engine.load(/*dry_run=*/false);
  if (!report.errors.empty()) throw std::runtime_error(report.errors.front().to_string());
  const PipelinePtr pipeline = engine.find("p");
  bool ok = true;
  for (auto _ : state) {
    PipelineRequest request;
    request.input = in_process.echo.in;
    engine.run(pipeline, std::move(request), loop, [&](PipelineResponse response) {
      ok = ok && response.status.ok();
      benchmark::DoNotOptimize(response);
    });
  }
  if (!ok) state.SkipWithError("a request failed");
}

}  // namespace

void register_stage_benchmarks(LocalHost& in_process) {
  const auto add = [&](const char* name, int stages, const std::string& wrappers) {
    benchmark::RegisterBenchmark(name, [&in_process, stages, wrappers](benchmark::State& state) {
      requests(state, in_process, stages, wrappers);
    })->MinTime(0.3);
  };
  add("call/one_stage", 1, "");
  add("call/three_stages", 3, "");
  add("call/three_wrapped", 3, ", timeout = '25ms', fallback = { text = 'instead' }");
}

}  // namespace dormouse::bench
