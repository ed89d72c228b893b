// A component: one named, configured use of a plugin's type, as all threads see it. It has the gates behind leases, the
// way to the registry's loop, and the snapshot that status() returns. It decides nothing: its ComponentLife does, on
// the registry's loop thread. It is not the loaded code: that comes and goes with incarnations (incarnation.h).
//
// Owner: shared; the registry makes it, and it lives while a shared_ptr or a lease refers to it.
// Any thread, unless a function says otherwise.
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

// Receives the requests of other threads for a component, on the registry's loop thread. ComponentLife implements it.
class ComponentListener {
 public:
  virtual ~ComponentListener() = default;
  virtual void on_demand(Demand demand) = 0;
  // The last lease of a slot has ended while its gate was shut. Posted: the gate may be open again by now.
  virtual void on_emptied(LeaseSlot& slot) = 0;
  // Files may have been replaced.
  virtual void on_files() = 0;
  // A failed load or replacement may be tried again at once.
  virtual void on_failures_forgotten() = 0;
};

// What status() shows; stays the same until ComponentLife changes it.
struct ComponentSnapshot {
  ComponentStatus status;
  std::shared_ptr<const Activity> activity;  // of the current incarnation; null: nothing is loaded
  std::optional<PoolPolicy> loaded_policy;
  std::optional<Time> ready_at;  // while callable
  Time trimmed_at{};
  Time retry_at{};                       // with state failed
  Time replacement_retry_at{};           // with a failed replacement
  std::vector<const LeaseSlot*> beside;  // of status.beside, in its order
};

class Component : public std::enable_shared_from_this<Component> {
 public:
  // For the current incarnation, one that opens beside it, and one that drains.
  static constexpr size_t kSlots = 3;

  // The references outlive it. Call set_listener() before any other function.
  Component(ComponentSpec spec, const Clock& clock, EventLoop& loop, const PoolPolicies& policies);
  ~Component();
  Component(const Component&) = delete;
  Component& operator=(const Component&) = delete;

  const std::string& name() const { return spec_.name; }
  const ComponentSpec& spec() const { return spec_; }

  // A lease of the current incarnation if it is callable right now; else none. Takes no lock.
  std::optional<Lease> try_acquire();
  // The same for an operator's read: the lease holds the incarnation as any lease does, and resets no idle clock.
  std::optional<Lease> try_observe();
  // Whether the current incarnation is callable at this moment. The answer may be out of date at once.
  bool is_open() const { return slots_[current_.load(std::memory_order_acquire)].gate.is_open(); }
  // Gives `demand` a lease as soon as the component is callable, and loads the component if needed. One load serves any
  // number of demands. Errors go to demand.done (demand.h).
  void acquire(Demand demand);

  ComponentStatus status() const;
  // The pool policy of the current load; none while the component is not loaded.
  std::optional<PoolPolicy> loaded_policy() const;

  // The stamp (loaded.h) of the newest incarnation that was ready. 0 before the first load of this process, and while
  // nothing is loaded and a load would read other files than the last one.
  uint64_t stamp() const { return stamp_.load(std::memory_order_acquire); }
  // The caller knows or guesses that files changed: compares the files on disk with those of the last load, later, on
  // the loop.
  void notice_files();
  // Lets the next demand try again what failed, without waiting for the back-off. Takes effect later, on the loop.
  void forget_failures();

  // ---- for its ComponentLife alone, loop thread

  void set_listener(ComponentListener& listener) { listener_ = &listener; }
  LeaseSlot& slot(size_t index) { return slots_[index]; }
  // Makes this slot the one that acquire() enters. Its gate may still be shut.
  void make_current(const LeaseSlot& slot);
  // One of the leases that Gate::open(n) of this slot has counted in advance.
  Lease counted_lease(LeaseSlot& slot) { return Lease(slot); }
  Time last_used() const { return Time(Duration(last_used_ns_.load(std::memory_order_relaxed))); }
  void set_last_used(Time at) { last_used_ns_.store(at.time_since_epoch().count(), std::memory_order_relaxed); }
  void set_stamp(uint64_t stamp) { stamp_.store(stamp, std::memory_order_release); }
  // Changes the snapshot in one step: status() sees all of the change or none. `edit` runs under the lock of the
  // snapshot and must not wait. A field that `edit` does not set keeps its value, so the measurements of an incarnation
  // stay readable after its end.
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
