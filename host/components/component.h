// A component as everybody sees it: one named, configured use of a type. Any thread, unless a function says otherwise.
// It is made by the registry and lives while anybody names it; what comes and goes are its incarnations. What happens
// to it is decided by its ComponentLife, on the registry's loop thread; here are only the doors: the gates behind
// leases, the way to the loop, and the snapshot that status() gives.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "artifacts/component_spec.h"
#include "base/clock.h"
#include "components/component_status.h"
#include "components/demand.h"
#include "components/idle_policy.h"
#include "components/lease.h"
#include "components/pool_policies.h"
#include "exec/event_loop.h"

namespace dormouse {

class Activity;

// Hears on the registry's loop thread what others want of a component.
class ComponentListener {
 public:
  virtual ~ComponentListener() = default;
  virtual void on_demand(Demand demand) = 0;
  // The last lease of a shut slot has ended, at some time.
  virtual void on_emptied(LeaseSlot& slot) = 0;
  // Files may have been replaced.
  virtual void on_files() = 0;
  // What failed may be tried at once.
  virtual void on_failures_forgotten() = 0;
};

// What a component shows until its life changes it.
struct ComponentSnapshot {
  ComponentStatus status;
  std::shared_ptr<const Activity> activity;  // of the current incarnation; null: nothing runs
  std::optional<PoolPolicy> loaded_policy;
  std::optional<Time> ready_at;  // while callable
  Time trimmed_at{};
  Time retry_at{};                       // with state failed
  Time replacement_retry_at{};           // with a failed replacement
  std::vector<const LeaseSlot*> beside;  // of status.beside, in its order
};

class Component : public std::enable_shared_from_this<Component> {
 public:
  // A current incarnation, one that opens beside it, one that drains.
  static constexpr size_t kSlots = 3;

  // The references outlive it. `listener` is set before anything else is asked.
  Component(ComponentSpec spec, const Clock& clock, EventLoop& loop, const PoolPolicies& policies);
  ~Component();
  Component(const Component&) = delete;
  Component& operator=(const Component&) = delete;

  const std::string& name() const { return spec_.name; }
  const ComponentSpec& spec() const { return spec_; }

  // A lease of the current incarnation if it is callable right now. No lock.
  std::optional<Lease> try_acquire();
  // The same for an operator's look: it holds the incarnation as any lease does, and resets no idle clock.
  std::optional<Lease> try_observe();
  // Whether it is callable at this moment; it may not be any more in the next.
  bool is_open() const { return slots_[current_.load(std::memory_order_acquire)].gate.is_open(); }
  // A lease as soon as it is callable, loading it when needed; one load for any number of demands.
  void acquire(Demand demand);

  ComponentStatus status() const;
  // What it was loaded with; none while it is not loaded.
  std::optional<PoolPolicy> loaded_policy() const;

  // The stamp (loaded.h) of what answered last: the newest incarnation that was ready. 0 before the first load of this
  // process, and when the files that a load would read are others by now while nothing is loaded.
  uint64_t stamp() const { return stamp_.load(std::memory_order_acquire); }
  // Compares the files there are with those of the last load, later, because somebody knows or guesses that they
  // changed.
  void notice_files();
  // The next demand tries at once what failed: an operator has looked at the files. Done later, on the loop.
  void forget_failures();

  // ---- for its ComponentLife alone, loop thread

  void set_listener(ComponentListener& listener) { listener_ = &listener; }
  LeaseSlot& slot(size_t index) { return slots_[index]; }
  // From now on acquire finds this one. Its gate may still be shut.
  void make_current(const LeaseSlot& slot);
  // A lease of the current incarnation that its open(n) has counted in.
  Lease counted_lease(LeaseSlot& slot) { return Lease(slot); }
  Time last_used() const { return Time(Duration(last_used_ns_.load(std::memory_order_relaxed))); }
  void set_last_used(Time at) { last_used_ns_.store(at.time_since_epoch().count(), std::memory_order_relaxed); }
  void set_stamp(uint64_t stamp) { stamp_.store(stamp, std::memory_order_release); }
  // Changes what is shown, in one step for those who ask for status(). `edit` runs under their lock and waits for
  // nothing; what `edit` leaves alone is shown further: what was measured stays readable after the incarnation has
  // gone.
  template <class Edit>
  void show(const Edit& edit) {
    std::shared_ptr<const Activity> before;  // ends after the lock
    const std::lock_guard lock(published_mutex_);
    before = published_.activity;
    edit(published_);
  }

 private:
  friend class Lease;

  std::optional<Lease> enter(bool is_use);
  void leave(LeaseSlot& slot, bool was_use);  // Lease::release

  const ComponentSpec spec_;
  const Clock& clock_;
  EventLoop& loop_;
  const PoolPolicies& policies_;
  ComponentListener* listener_ = nullptr;

  std::array<LeaseSlot, kSlots> slots_;
  std::atomic<size_t> current_{0};
  std::atomic<int64_t> last_used_ns_{0};  // end of the last lease, coarse
  std::atomic<uint64_t> stamp_{0};

  mutable std::mutex published_mutex_;  // guards what follows
  ComponentSnapshot published_;
};

}  // namespace dormouse
