// A request that finds its component unloaded, beside dlopen, dlsym, open and call by hand on the same private copy.
// The unloading between two of them is not counted on either side.
#include <benchmark/benchmark.h>
#include <dlfcn.h>

#include <chrono>
#include <stdexcept>

#include "components/in_process.h"
#include "components/ledger.h"
#include "local_host.h"

namespace dormouse::bench {
namespace {

using std::chrono::steady_clock;

constexpr int kCycles = 100;  // of one repetition

double seconds_since(steady_clock::time_point start) {
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

void cold_request(benchmark::State& state, LocalHost& in_process, const Subject& subject) {
  for (auto _ : state) {
    const auto start = steady_clock::now();
    Result<Lease> lease = in_process.host.acquire(*subject.component);
    if (!lease.ok()) throw std::runtime_error(lease.status().to_string());
    Result<Value> answer = in_process.host.call(*lease, subject.method, subject.in);
    if (!answer.ok()) throw std::runtime_error(answer.status().to_string());
    state.SetIterationTime(seconds_since(start));
    lease->release();
    unload(in_process.host, *subject.component);
  }
}

// What the raw side needs to know, found out by one load through the host.
struct RawPlan {
  std::string copy_path;
  std::string model_path;
  std::string method;
  Value settings;
};

RawPlan find_out(LocalHost& in_process, const Subject& subject) {
  Result<Lease> lease = in_process.host.acquire(*subject.component);
  if (!lease.ok()) throw std::runtime_error(lease.status().to_string());
  const Prepared& prepared = static_cast<const InProcess&>(lease->loaded()).plugin().prepared;
  RawPlan plan{prepared.copy_path, prepared.model_path, prepared.type->methods[subject.method].name, prepared.settings};
  lease->release();
  unload(in_process.host, *subject.component);
  return plan;
}

const dm_method* find_method(const dm_type& type, const std::string& name) {
  for (uint32_t i = 0; i < type.method_count; ++i)
    if (name == type.methods[i]->name) return type.methods[i];
  throw std::runtime_error("no method " + name);
}

void raw_load(benchmark::State& state, LocalHost& in_process, const Subject& subject) {
  const RawPlan plan = find_out(in_process, subject);
  LedgerServices services;
  services.metrics = &in_process.host.metrics;
  services.on_lane = [](Task) {};
  services.after = [](Duration, Task) { return uint64_t{1}; };
  services.cancel_after = [](uint64_t) {};
  Ledger ledger("raw", services);
  dm_call call{};
  call.size = sizeof call;
  call.deadline_ns = INT64_MAX;
  call.cancelled = [](const dm_call*) { return 0; };
  call.fail = [](const dm_call*, int32_t status, const char*) { return status; };
  call.progress = [](const dm_call*, double, double, const char*) {};
  dm_open_args args{};
  args.size = sizeof args;
  args.name = "raw";
  args.settings = plan.settings.view();
  args.model_path = plan.model_path.c_str();
  args.data_dir = "";
  ValueWriter writer;
  for (auto _ : state) {
    const auto start = steady_clock::now();
    void* library = ::dlopen(plan.copy_path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) throw std::runtime_error(::dlerror());
    const auto* table = static_cast<const dm_plugin*>(::dlsym(library, DM_PLUGIN_SYMBOL));
    const dm_type& type = *table->types[0];
    const dm_method* method = find_method(type, plan.method);
    void* component = nullptr;
    void* instance = nullptr;
    int32_t status = type.open(ledger.host(), &call, &args, &component);
    if (status == DM_OK && type.create) status = type.create(component, &call, &instance);
    writer.reset();
    if (status == DM_OK) status = method->run(instance ? instance : component, &call, subject.in.view(), writer.abi());
    Result<Value> answer = writer.finish();
    if (status != DM_OK || !answer.ok()) throw std::runtime_error("the raw call failed: " + std::to_string(status));
    state.SetIterationTime(seconds_since(start));
    if (instance) type.destroy(instance);
    type.close(component);
    ::dlclose(library);
  }
}

}  // namespace

void register_cold_benchmarks(LocalHost& in_process) {
  const auto add = [&](const std::string& name, const Subject& subject, auto body) {
    benchmark::RegisterBenchmark(
        name.c_str(), [&in_process, &subject, body](benchmark::State& state) { body(state, in_process, subject); })
        ->UseManualTime()
        ->Iterations(kCycles);
  };
  add("cold/echo/raw", in_process.echo, raw_load);
  add("cold/echo/host", in_process.echo, cold_request);
  if (!in_process.language.component) return;
  add("cold/language/raw", in_process.language, raw_load);
  add("cold/language/host", in_process.language, cold_request);
}

}  // namespace dormouse::bench
