// What a stage allocates: counted by the operator new of this executable.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>

#include "pipeline/generation.h"
#include "unit/pipeline/script_host.h"

namespace {

thread_local size_t allocations = 0;

void* counted(size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size ? size : 1)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(size_t size) {
  return counted(size);
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size ? size : 1);
}
void* operator new[](size_t size) {
  return counted(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, size_t) noexcept {
  std::free(memory);
}

using namespace dormouse;

namespace {

// Components that answer their input at once, and allocate nothing themselves.
class Silent final : public Callee {
 public:
  const std::string& name() const override { return name_; }
  Result<Described> describe() override { return Status(Code::unavailable, "no plugin"); }
  std::optional<Lease> try_acquire() override { return Lease(); }
  void acquire(Demand demand) override { demand.done(Lease()); }
  uint64_t stamp() const override { return 1; }
  uint64_t stamp_of(const Lease&) const override { return 1; }
  std::unique_ptr<CacheSpace> cache_space(const std::string&) override { return nullptr; }
  Result<Method> find_method(const Lease&, const MethodRef&, std::string_view) override {
    return Method{0, true, nullptr};
  }
  Result<Value> call_inline(const Lease&, uint32_t, const Value& in, const CallOptions&) override {
    ++calls;
    return in;
  }
  void call_on_lane(Lease, uint32_t, Value, CallOptions, EventLoop&, UniqueFunction<void(CallResult)>) override {}

  unsigned calls = 0;

 private:
  const std::string name_ = "c";
};

struct SilentCallees final : Callees {
  Silent component;
  Callee* find(std::string_view) override { return &component; }
  std::vector<std::string> names() const override { return {"c"}; }
  std::vector<PoolChange> set_pool_policies(std::vector<NamedPoolPolicy>, bool) override { return {}; }
};

struct Counted : ScriptHostFixture {
  std::shared_ptr<SilentCallees> silent = std::make_shared<SilentCallees>();
  Value hello = text_map({{"text", "hello"}});

  // A chain of `stages`, each with these wrappers; the request's own value goes from one to the next.
  PipelinePtr chain(int stages, const std::string& wrappers) {
    std::string script = "return dm.pipeline('p', { input = { text = 'string' },";
    std::string from = "request";
    for (int i = 1; i <= stages; ++i) {
      const std::string name = "s" + std::to_string(i);
      script += "dm.stage('" + name + "', { component = 'c', input = ref." + from + ", " + wrappers + " }),";
      from = name;
    }
    engine.emplace(options, silent, std::vector<EventLoop*>{&loop}, clock, events, metrics);
    const LoadReport report = load(script + "output = ref." + from + " })");
    if (!report.errors.empty()) throw std::runtime_error(errors_of(report));
    return engine->find("p");
  }

  // Of one request, after some that made the room.
  size_t of_a_request(int stages, const std::string& wrappers = "") {
    const PipelinePtr pipeline = chain(stages, wrappers);
    size_t counted = 0;
    for (int i = 0; i < 5; ++i) {
      PipelineRequest request;
      request.input = hello;
      PipelineResponse answer;
      silent->component.calls = 0;
      const size_t before = allocations;
      engine->run(pipeline, std::move(request), loop, [&](PipelineResponse response) { answer = std::move(response); });
      counted = allocations - before;
      REQUIRE(answer.status.ok());
      REQUIRE(silent->component.calls == static_cast<unsigned>(stages));
    }
    engine.reset();
    return counted;
  }
};

}  // namespace

TEST_CASE("a stage that ends at once allocates nothing") {
  Counted t;
  CHECK(t.of_a_request(9) == t.of_a_request(1));
}

TEST_CASE("a timeout and a fallback allocate nothing when the stage ends at once") {
  Counted t;
  const std::string wrappers = "timeout = '25ms', fallback = { text = 'instead' }";
  CHECK(t.of_a_request(9, wrappers) == t.of_a_request(1));
  CHECK(t.of_a_request(9, wrappers) == t.of_a_request(9));
}

TEST_CASE("an activation that was used before is taken and given back without an allocation") {
  Counted t;
  const PipelinePtr pipeline = t.chain(3, "timeout = '25ms', fallback = { text = 'instead' }");
  const auto& compiled = static_cast<const CompiledPipeline&>(*pipeline);
  REQUIRE(compiled.plan.wrappers.size() == 6);
  size_t before = allocations;
  compiled.activations[0].take(compiled.plan).reset();
  CHECK(allocations > before);
  before = allocations;
  compiled.activations[0].take(compiled.plan).reset();
  CHECK(allocations == before);
}

TEST_CASE("the allocations of a request are counted at all") {
  const size_t before = allocations;
  const auto made = std::make_unique<int>(1);
  CHECK(allocations == before + 1);
}
