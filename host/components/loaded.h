// What is loaded of a component, however it is carried: its facts, its calls, and the steps of its end.
// The state machine (incarnation.h) and everybody with a lease see this interface and nothing behind it. Carriers:
// in_process.h, which maps the plugin into the host; tests have a fake without a shared object.
//
// Threads. Facts and calls: any thread that holds a lease. Steps: the registry's loop thread, one after the other; each
// `done` runs on that thread, exactly once, and never inside the call that began the step.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "artifacts/loaded_facts.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/task.h"
#include "components/call_options.h"
#include "components/exposition.h"
#include "components/idle_policy.h"
#include "components/memory.h"
#include "components/overdue_calls.h"
#include "components/unmap_report.h"
#include "dormouse/ext/cache.h"
#include "exec/event_loop.h"
#include "values/value.h"

namespace dormouse {

class Lease;
class Metrics;

// What the lane of a loaded component is busy with, for operators. Outlives it. Any thread, no lease.
class Activity {
 public:
  virtual ~Activity() = default;
  virtual unsigned threads() const = 0;
  virtual std::vector<std::string> held() const = 0;  // what it holds from the host, one line each
  virtual std::vector<OverdueCall> overdue() const = 0;
};

class Loaded {
 public:
  virtual ~Loaded() = default;
  Loaded(const Loaded&) = delete;
  Loaded& operator=(const Loaded&) = delete;

  // ---- facts

  const LoadedFacts& facts() const { return facts_; }
  // Whose it is.
  virtual const std::string& component() const = 0;
  // Which load of the component this is, counted from 1; 0 before open().
  uint64_t number() const { return number_; }

  // ---- calls, as call.h says

  virtual bool runs_inline(uint32_t method) const = 0;
  virtual Result<Value> call_inline(uint32_t method, const Value& in, const CallOptions& options) = 0;
  // Takes the lease on itself, and lets it go right before the answer is posted.
  virtual void call(Lease lease, uint32_t method, Value in, CallOptions options, EventLoop& reply,
                    UniqueFunction<void(CallResult)> done) = 0;
  // As observe.h's expose_on_lane.
  virtual void expose(Lease lease, const Metrics& metrics, std::string accept, CallOptions options, EventLoop& reply,
                      UniqueFunction<void(Result<Exposition>)> done) = 0;

  // dormouse.cache/1, which request threads enter in place; no table: it offers none that they may enter.
  struct CacheDoor {
    const dm_cache* table = nullptr;
    void* component = nullptr;
  };
  const CacheDoor& cache() const { return cache_; }
  bool offers_cache() const { return facts_.type->offers(DM_EXT_CACHE); }

  // ---- steps

  struct OpenOrder {
    uint64_t number = 0;
    PoolPolicy policy;
    Time deadline = Time::max();
    CancelToken cancel;
  };
  struct Opened {
    Status status;  // after an error close() is called all the same
    Duration map{}, open{};
    MemoryDelta added;
  };
  // Takes over the code of `parked`, which is closed and not released, when it has the same content: this one then
  // opens in the same mapping. Before open().
  virtual void adopt(Loaded& parked) = 0;
  virtual void open(OpenOrder order, UniqueFunction<void(Opened)> done) = 0;
  virtual void trim(UniqueFunction<void(Status)> done) = 0;
  // Whether it may object to being closed; then it is asked, and an error is its objection.
  virtual bool has_veto() const = 0;
  virtual void ask_veto(UniqueFunction<void(Status)> done) = 0;

  struct Closed {
    std::vector<std::string> leftovers;  // what could not be undone: then it must stay as it is, for good
    MemoryDelta returned;                // negative: came back
  };
  // Ends everything that runs, and gives the instances and the component back. No lease is held.
  virtual void close(UniqueFunction<void(Closed)> done) = 0;

  struct Released {
    UnmapReport proof;
    MemoryDelta returned;
  };
  // Lets the code go. After close() without leftovers.
  virtual void release(UniqueFunction<void(Released)> done) = 0;
  // Whether there is code to release: false before open() got that far, after release(), and after it was adopted.
  virtual bool holds_code() const = 0;

  // The keys of a pool that act at once (pool_changes.h).
  virtual void follow(const PoolPolicy& policy) = 0;
  // Ends the calls that wait and asks those that run to stop: their callers get `why`.
  virtual void cancel_calls(const Status& why) = 0;

  virtual uint64_t mapped_bytes() const = 0;
  // Null before open().
  virtual std::shared_ptr<const Activity> activity() const = 0;

 protected:
  // `facts` is a member of the carrier, and constant.
  explicit Loaded(const LoadedFacts& facts) : facts_(facts) {}
  void set_number(uint64_t number) { number_ = number; }
  // While the component is open and no lease is held.
  void set_cache(const CacheDoor& cache) { cache_ = cache; }

 private:
  const LoadedFacts& facts_;
  uint64_t number_ = 0;
  CacheDoor cache_;
};

}  // namespace dormouse
