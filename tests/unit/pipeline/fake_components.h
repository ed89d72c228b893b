// Components that are told what to do, on a virtual clock: loads, calls and failures happen when the test says so.
// Everything runs on the test's thread; leases are of nothing.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "graph/callee.h"
#include "support/manual_loop.h"
#include "unit/cache/fake_space.h"

namespace dormouse {

Value value_of(const std::function<void(ValueWriter&)>& write);
Value text_map(const std::vector<std::pair<std::string, std::string>>& fields);

class FakeComponent final : public Callee {
 public:
  // The method's input and output, as types: "{text: string}".
  FakeComponent(ManualLoop& loop, std::string name, const std::string& input, const std::string& output);

  // ---- what it does ----
  bool ready = true;         // else acquire() waits for load() or fail_load()
  bool inline_calls = true;  // else calls wait for `takes`, on the virtual clock
  Duration takes{};          // a call on the lane
  bool hangs = false;        // a call on the lane waits for answer_one()
  Status describable;        // what describe() answers when not ok
  std::function<Result<Value>(const Value& in)> answer;
  MethodManifest& add_method(const std::string& name, const std::string& input, const std::string& output);
  // One method, and it is the default one.
  void replace_methods(const std::string& name, const std::string& input, const std::string& output);

  void load();
  void fail_load(Status why);
  void answer_one(Result<Value> value);  // the oldest hanging call
  void forget_all();                     // loads and calls that nobody will answer

  void offer_cache();
  uint64_t files = 1;                                   // what stamp() says while it is, or was, loaded
  std::optional<uint64_t> leased_files = std::nullopt;  // of the incarnation that leases hold, when it is another one

  // ---- what was done to it ----
  unsigned calls = 0;
  std::vector<std::string> inputs;         // of each call, as text
  std::vector<std::string> demand_causes;  // of each acquire
  size_t waiting() const { return demands_.size(); }
  size_t wanted() const;  // of them, those that somebody still waits for
  size_t hanging() const { return hanging_.size(); }
  CallOptions last_options;
  std::map<std::string, std::shared_ptr<FakeSpace::State>> spaces;  // that caches asked for, by name

  // ---- Callee ----
  const std::string& name() const override { return name_; }
  Result<Described> describe() override;
  std::optional<Lease> try_acquire() override;
  void acquire(Demand demand) override;
  uint64_t stamp() const override { return files; }
  uint64_t stamp_of(const Lease&) const override { return leased_files.value_or(files); }
  std::unique_ptr<CacheSpace> cache_space(const std::string& name) override;
  Result<Method> find_method(const Lease& lease, const MethodRef& known, std::string_view name) override;
  Result<Value> call_inline(const Lease& lease, uint32_t method, const Value& in, const CallOptions& options) override;
  void call_on_lane(Lease lease, uint32_t method, Value in, CallOptions options, EventLoop& reply,
                    UniqueFunction<void(CallResult)> done) override;

 private:
  Result<Value> called(uint32_t method, const Value& in, const CallOptions& options);

  ManualLoop& loop_;
  const std::string name_;
  std::shared_ptr<Manifest> manifest_ = std::make_shared<Manifest>();
  std::deque<Demand> demands_;
  std::deque<UniqueFunction<void(CallResult)>> hanging_;
};

class FakeComponents final : public Callees {
 public:
  explicit FakeComponents(ManualLoop& loop) : loop_(loop) {}

  // One whose calls run inline and answer their input, until told otherwise.
  FakeComponent& add(const std::string& name, const std::string& input, const std::string& output);

  Callee* find(std::string_view name) override;
  std::vector<std::string> names() const override;
  std::vector<PoolChange> set_pool_policies(std::vector<NamedPoolPolicy> policies, bool dry_run) override {
    if (!dry_run) pools = std::move(policies);
    return {};
  }

  // From the closer's thread as well.
  void give_heap_back_soon() override { ++heap_returns; }
  std::atomic<unsigned> heap_returns{0};

  // What never ends keeps its scheduler alive, and that keeps these components: the end of a test cuts the ring.
  void forget_all();

  std::vector<NamedPoolPolicy> pools;

 private:
  ManualLoop& loop_;
  std::map<std::string, std::unique_ptr<FakeComponent>, std::less<>> components_;
};

}  // namespace dormouse
