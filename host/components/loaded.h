// The loaded code of one component: its facts, its calls, and the steps that open and close it. An interface: not the
// state machine (incarnation.h), and no decision about when to load or unload. The state machine and every holder of a
// lease see only this interface. A carrier (carrier.h) implements it: in_process.h maps the plugin into the host; unit
// tests have a fake without a shared object.
//
// Owner: the Incarnation that loads it.
// Threads: facts and calls, any thread that holds a lease; steps, the registry's loop thread, one step after the other.
// The `done` of a step runs on that thread, exactly once, and never inside the call that began the step.
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

// What the lane of a loaded component is doing, for operators. May outlive its Loaded. Any thread, without a lease.
class Activity {
 public:
  virtual ~Activity() = default;
  virtual unsigned threads() const = 0;
  // What it has from the host (timers, buffers and so on), one line each.
  virtual std::vector<std::string> held() const = 0;
  virtual std::vector<OverdueCall> overdue() const = 0;
};

class Loaded {
 public:
  virtual ~Loaded() = default;
  Loaded(const Loaded&) = delete;
  Loaded& operator=(const Loaded&) = delete;

  // ---- facts

  const LoadedFacts& facts() const { return facts_; }
  // The name of the component.
  virtual const std::string& component() const = 0;
  // Which load of the component this is, counted from 1; 0 before open().
  uint64_t number() const { return number_; }

  // ---- calls; call.h has their contract

  virtual bool runs_inline(uint32_t method) const = 0;
  virtual Result<Value> call_inline(uint32_t method, const Value& in, const CallOptions& options) = 0;
  // Takes over the lease, and releases it right before the answer is posted.
  virtual void call(Lease lease, uint32_t method, Value in, CallOptions options, EventLoop& reply,
                    UniqueFunction<void(CallResult)> done) = 0;
  // The same contract as expose_on_lane (observe.h).
  virtual void expose(Lease lease, const Metrics& metrics, std::string accept, CallOptions options, EventLoop& reply,
                      UniqueFunction<void(Result<Exposition>)> done) = 0;

  // The functions of dormouse.cache/1, which request threads call directly. Null `table`: request threads may not.
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
    Status status;  // after an error the caller still calls close()
    Duration map{}, open{};
    MemoryDelta added;
  };
  // Takes over the code of `parked` (closed, not released) if the content is equal, so that open() reuses the mapping.
  // Before open().
  virtual void adopt(Loaded& parked) = 0;
  virtual void open(OpenOrder order, UniqueFunction<void(Opened)> done) = 0;
  virtual void trim(UniqueFunction<void(Status)> done) = 0;
  // Whether the component can object to being closed.
  virtual bool has_veto() const = 0;
  // Asks the component whether it may be closed. An error is its objection.
  virtual void ask_veto(UniqueFunction<void(Status)> done) = 0;

  struct Closed {
    std::vector<std::string> leftovers;  // what could not be undone; if there is any, this object must never be freed
    MemoryDelta returned;                // negative: memory came back
  };
  // Ends all threads and timers of the component, and closes its instances and the component. No lease exists.
  virtual void close(UniqueFunction<void(Closed)> done) = 0;

  struct Released {
    UnmapReport proof;
    MemoryDelta returned;
  };
  // Unmaps the code, and proves that it is gone. After close() without leftovers.
  virtual void release(UniqueFunction<void(Released)> done) = 0;
  // Whether there is code to release: false until open() has mapped it, after release(), and after another adopted it.
  virtual bool holds_code() const = 0;

  // Applies those keys of a pool policy that act without a new load (pool_changes.h).
  virtual void follow(const PoolPolicy& policy) = 0;
  // Ends the calls that wait and asks those that run to stop. Their callers get the error `why`.
  virtual void cancel_calls(const Status& why) = 0;

  virtual uint64_t mapped_bytes() const = 0;
  // Null before open().
  virtual std::shared_ptr<const Activity> activity() const = 0;

 protected:
  // `facts` is a member of the derived class, and constant.
  explicit Loaded(const LoadedFacts& facts) : facts_(facts) {}
  void set_number(uint64_t number) { number_ = number; }
  // While the component is open and no lease exists.
  void set_cache(const CacheDoor& cache) { cache_ = cache; }

 private:
  const LoadedFacts& facts_;
  uint64_t number_ = 0;
  CacheDoor cache_;
};

}  // namespace dormouse
