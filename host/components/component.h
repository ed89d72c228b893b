// A component: one named, configured use of a type, from its first demand to the proof that it is gone.
// It is owned by the Registry and lives as long as that; what comes and goes is its loaded self. Its state belongs to
// the registry's loop thread: every change happens there, in the order of the table in state.h. Other threads see it
// through the gate (leases) and through status snapshots.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/events.h"
#include "base/status.h"
#include "base/task.h"
#include "components/component_spec.h"
#include "components/component_status.h"
#include "components/idle_policy.h"
#include "components/lease.h"
#include "components/memory.h"
#include "components/state.h"
#include "components/verbs.h"

namespace dormouse {

class Lane;
class Ledger;
class OverdueCalls;
struct LoadedPlugin;
struct Prepared;
struct RegistryContext;
struct UnmapReport;

// Somebody wants to call the component.
struct Demand {
  std::string cause;       // "request", "prefetch", "preload", "control": told in events
  bool retry_now = false;  // try a failed load again before its back-off has passed
  // Called exactly once: at once on the calling thread when the component is callable, otherwise on the registry's loop
  // thread. Must only hand over. Errors: load_failed (with cause and remedy), unavailable (stopping),
  // queue_full (max_pending of its pool wait already), cancelled (not wanted any more).
  UniqueFunction<void(Result<Lease>)> done;
  // Expires when nobody wants the lease any more: then it gives its place among the waiters to others. The load goes
  // on.
  std::optional<std::weak_ptr<void>> wanted = std::nullopt;
  bool is_wanted() const { return !wanted || !wanted->expired(); }
  Actor actor = {};  // the operator who asked for it, if one did
};

class Component {
 public:
  Component(ComponentSpec spec, RegistryContext& context);
  ~Component();
  Component(const Component&) = delete;
  Component& operator=(const Component&) = delete;

  const std::string& name() const { return spec_.name; }
  const ComponentSpec& spec() const { return spec_; }

  // A lease if it is callable right now. Any thread, no lock.
  std::optional<Lease> try_acquire();
  // The same for an operator's look: it holds the component as any lease does, and resets no idle clock.
  std::optional<Lease> try_observe();
  // Whether it is callable at this moment; it may not be any more in the next. Any thread, no lock.
  bool is_open() const { return gate_.is_open(); }
  // A lease as soon as it is callable, loading it when needed; one load for any number of demands. Any thread.
  void acquire(Demand demand);

  ComponentStatus status() const;  // any thread
  // What it was loaded with; none while it is not loaded. Any thread.
  std::optional<PoolPolicy> loaded_policy() const;

  // Says which code, settings and model answered last: equal stamps give equal answers to equal calls, as far as files
  // decide that. 0 before the first load of this process. Any thread.
  uint64_t stamp() const { return stamp_.load(std::memory_order_acquire); }
  // Compares the plugin files and the model there are with those of the last load; when they differ and it is not
  // loaded, the stamp becomes 0: what the old code said is no longer what the next load would say. Any thread; done
  // later.
  void notice_files();

  // Of a lease's holder: what it calls.
  LoadedPlugin& loaded() const { return *loaded_; }

 private:
  friend class Lease;
  friend class Registry;
  friend struct RegistryContext;

  void leave(bool was_use);  // Lease::release

  // Everything below runs on the registry's loop thread.
  struct Owned;
  struct LoadJob;
  void on_demand(Demand demand);
  void request(Verb verb, VerbOptions options, UniqueFunction<void(VerbAnswer)> done,
               UniqueFunction<void(VerbAnswer)> finished);
  UniqueFunction<void(VerbAnswer)> bound(Verb verb, Duration wait, UniqueFunction<void(VerbAnswer)> done,
                                         UniqueFunction<void(VerbAnswer)> finished);
  void request_pin(bool pin, const VerbOptions& options, UniqueFunction<void(VerbAnswer)> done);
  void request_load(const VerbOptions& options, UniqueFunction<void(VerbAnswer)> done);
  void request_reload(const VerbOptions& options, UniqueFunction<void(VerbAnswer)> done);
  void request_descent(Verb verb, const VerbOptions& options, UniqueFunction<void(VerbAnswer)> done);
  void await(Verb verb, Duration wait, UniqueFunction<void(VerbAnswer)> done);
  void join_drain(Verb verb, const VerbOptions& options, UniqueFunction<void(VerbAnswer)> done);
  void request_end_of_load(Verb verb, const VerbOptions& options, UniqueFunction<void(VerbAnswer)> done);
  void request_descent_of_callable(Verb verb, const VerbOptions& options, UniqueFunction<void(VerbAnswer)> done);
  void refuse(UniqueFunction<void(VerbAnswer)>& done, Error error);
  void refuse_busy(UniqueFunction<void(VerbAnswer)>& done);
  void explain(UniqueFunction<void(VerbAnswer)>& done, bool changed, std::string explanation);
  Status room_for_waiter();
  void refuse_waiters(const Status& status);
  Actor asked_by() const;
  void serve_waiters();
  void change(State to, std::string cause);

  // Loading, in order.
  void queue_load(const std::string& cause);
  void begin_load();
  void on_prepared(std::shared_ptr<LoadJob> job, Result<Prepared> prepared);
  void open_plugin(std::shared_ptr<LoadJob> job, Prepared prepared);
  void on_opened(std::shared_ptr<LoadJob> job, Status status);
  void undo_load(std::shared_ptr<LoadJob> job, Status why);
  void on_undone(std::shared_ptr<LoadJob> job, Status why, UnmapReport report, std::vector<std::string> leftovers);
  void fail(Status why);
  void give_up_load(Status why, bool by_operator);
  Status give_up_asked_load(bool dry_run);
  void end_load_slot(LoadJob& job);
  void count_load();
  bool file_changed();
  std::string files_identity() const;

  // Leaving, in order.
  void begin_drain(IdleStep target, const std::string& cause);
  void begin_close(IdleStep target, const std::string& cause);
  void on_drained();
  void on_veto(Status answer);
  void reopen(const std::string& cause);
  void close_plugin();
  void on_closed(MemoryDelta returned, std::vector<std::string> leftovers);
  void begin_unmap(const std::string& cause);
  void on_unmapped(UnmapReport report, MemoryDelta returned);
  void begin_trim(const std::string& cause);
  void on_trimmed(Status status);
  void count_unload();
  void move_on();

  std::string what_it_takes() const;
  void policy_changed();
  void follow_policy();
  void notice_use();
  void look_at_idleness();
  void arm_idle_timer();
  IdleFacts idle_facts() const;
  void answer_verbs(const Status& status, const std::string& explanation);
  void publish();
  void stop();
  bool settled() const;

  const ComponentSpec spec_;
  RegistryContext& context_;

  Gate gate_;
  std::atomic<int64_t> last_used_ns_{0};  // end of the last lease, coarse
  std::atomic<uint64_t> stamp_{0};
  std::unique_ptr<LoadedPlugin> loaded_;  // set before the gate opens, reset after it is shut and empty

  std::unique_ptr<Owned> owned_;  // the loop thread's own: state, waiters, timers, back-off

  mutable std::mutex published_mutex_;  // guards what follows
  ComponentStatus published_;
  std::optional<Time> published_ready_at_;
  Time published_trimmed_at_{};
  std::shared_ptr<Lane> published_lane_;
  std::shared_ptr<Ledger> published_ledger_;
  std::shared_ptr<OverdueCalls> published_overdue_;
  std::optional<PoolPolicy> published_policy_;
};

}  // namespace dormouse
