// The price of the door: acquire + call + release, beside calling the method's function pointer with the same writer.
// Both read the same prebuilt value and finish the same answer, so the difference is what the host adds.
#include <benchmark/benchmark.h>

#include "cache/cache.h"
#include "cache/component_space.h"
#include "components/in_process.h"
#include "local_host.h"
#include "pipeline/pipeline_metrics.h"

namespace dormouse::bench {
namespace {

int never_cancelled(const dm_call*) {
  return 0;
}
int32_t ignore_reason(const dm_call*, int32_t status, const char*) {
  return status;
}
void ignore_progress(const dm_call*, double, double, const char*) {}

void direct_call(benchmark::State& state, LocalHost& in_process) {
  const Subject& echo = in_process.echo;
  Result<Lease> lease = in_process.host.acquire(*echo.component);
  const LoadedPlugin& plugin = static_cast<const InProcess&>(lease->loaded()).plugin();
  const dm_method* method = plugin.methods[echo.method];
  dm_call call{};
  call.size = sizeof call;
  call.deadline_ns = INT64_MAX;
  call.cancelled = never_cancelled;
  call.fail = ignore_reason;
  call.progress = ignore_progress;
  ValueWriter writer;
  for (auto _ : state) {
    writer.reset();
    benchmark::DoNotOptimize(method->run(plugin.component, &call, echo.in.view(), writer.abi()));
    Result<Value> answer = writer.finish();
    benchmark::DoNotOptimize(answer);
  }
}

void warm_call(benchmark::State& state, LocalHost& in_process) {
  const Subject& echo = in_process.echo;
  { const Result<Lease> load = in_process.host.acquire(*echo.component); }
  const CallOptions options;
  for (auto _ : state) {
    std::optional<Lease> lease = echo.component->try_acquire();
    Result<Value> answer = call_inline(*lease, echo.method, echo.in, options);
    benchmark::DoNotOptimize(answer);
  }
}

// The same in a registry with a thousand other components that nobody ever called.
void warm_call_among_unused(benchmark::State& state) {
  LiveRegistry host({DORMOUSE_PLUGINS});
  Component& echo = host.add("echo", "echo");
  for (int i = 0; i < 1000; ++i) host.add("unused." + std::to_string(i), "echo");
  host.start();
  const uint32_t method = host.method_index(echo, "echo");
  const Value in = text_value("what attractions are in Cairo?");
  { const Result<Lease> load = host.acquire(echo); }
  const CallOptions options;
  for (auto _ : state) {
    std::optional<Lease> lease = echo.try_acquire();
    Result<Value> answer = call_inline(*lease, method, in, options);
    benchmark::DoNotOptimize(answer);
  }
}

// What counting costs a stage: its outcome, its time, the size of its result.
void count_a_stage(benchmark::State& state, LocalHost&) {
  StageSeries series(2);
  int64_t ns = 0;
  for (auto _ : state) {
    StageCells& cells = series.by_loop[1];
    StageCells* counted = &cells;
    benchmark::DoNotOptimize(counted);
    cells.count(Outcome::ok);
    cells.count_result(100);
    cells.ran.observe_alone(Duration(2000 + (++ns & 1023) * 30));
  }
}

// What a stage with a cache pays for a hit: lease, look-up, a checked copy of the value, counters.
void cache_hit(benchmark::State& state) {
  LiveRegistry host({DORMOUSE_PLUGINS});
  Component& memory = host.add("cache.memory", "cache-memory");
  host.start();
  { const Result<Lease> load = host.acquire(memory); }
  CachePolicy policy;
  policy.name = "answers";
  Cache cache(policy.name, memory.name(), std::make_unique<ComponentSpace>(memory.shared_from_this(), "answers"),
              std::make_unique<ComponentSpace>(memory.shared_from_this(), "answers.failures"), 1, host.metrics);
  cache.set_limits(policy);
  const Value value = text_value("what attractions are in Cairo?");
  const auto accepts = [](const Value&) { return true; };
  const std::string key = "12345678 nlu.language#detect what attractions are in Cairo?";
  const Time now = host.clock.now();
  const Cache::Answer miss = cache.look_up(key, policy, now, accepts);
  ValueWriter writer;
  cache.keep(key, {value, {}, std::chrono::milliseconds(1)}, {}, miss.miss, policy, now, writer);
  for (auto _ : state) {
    Cache::Answer answer = cache.look_up(key, policy, now, accepts);
    if (answer.result != CacheResult::hit) return state.SkipWithError("a miss");
    benchmark::DoNotOptimize(answer);
  }
}

}  // namespace

void register_call_benchmarks(LocalHost& in_process) {
  const auto add = [&](const char* name, auto body) {
    benchmark::RegisterBenchmark(name, [&in_process, body](benchmark::State& state) {
      body(state, in_process);
    })->MinTime(0.3);
  };
  add("call/direct", direct_call);
  add("call/warm", warm_call);
  add("call/count_a_stage", count_a_stage);
  benchmark::RegisterBenchmark("call/cache_hit", cache_hit)->MinTime(0.3);
  benchmark::RegisterBenchmark("call/warm_among_unused", warm_call_among_unused)->MinTime(0.3);
}

}  // namespace dormouse::bench
