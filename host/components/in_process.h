// The carrier that maps plugins into the host. Each loaded component has a private copy of its file, a lane of threads,
// and a ledger of what the plugin has from the host. It decides nothing about loads (incarnation.h does), and callers
// of methods use call.h, not this header.
//
// Owner: the registry owns the carrier, an Incarnation each InProcess. Threads: as loaded.h and carrier.h say; the work
// runs on the loader threads and on the lane of the component (loader.h has the steps).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "artifacts/plugin_index.h"
#include "artifacts/private_copies.h"
#include "base/clock.h"
#include "base/events.h"
#include "base/metrics.h"
#include "components/carrier.h"
#include "components/ledger.h"
#include "components/ledger_timers.h"
#include "components/loaded.h"
#include "components/loader.h"
#include "components/registry_options.h"
#include "exec/event_loop.h"
#include "exec/lane.h"

namespace dormouse {

// One loaded component in this process.
class InProcess final : public Loaded {
 public:
  // The services of the host that it uses. All outlive it.
  struct Host {
    const RegistryOptions& options;
    const Clock& clock;
    EventLoop& loop;  // the registry's
    EventLog& events;
    Metrics& metrics;
    LedgerTimers& timers;
    Lane& loaders;  // prepares, joins, unmaps
  };
  InProcess(std::string component, Prepared prepared, const Host& host);
  // For a plugin that ran outside of a registry's lane and whose threads have ended: run_offline's.
  InProcess(LoadedPlugin plugin, const Host& host);
  ~InProcess() override;

  const std::string& component() const override { return plugin_.name; }
  bool runs_inline(uint32_t method) const override;
  Result<Value> call_inline(uint32_t method, const Value& in, const CallOptions& options) override;
  void call(Lease lease, uint32_t method, Value in, CallOptions options, EventLoop& reply,
            UniqueFunction<void(CallResult)> done) override;
  void expose(Lease lease, const Metrics& metrics, std::string accept, CallOptions options, EventLoop& reply,
              UniqueFunction<void(Result<Exposition>)> done) override;

  void adopt(Loaded& parked) override;
  void open(OpenOrder order, UniqueFunction<void(Opened)> done) override;
  void trim(UniqueFunction<void(Status)> done) override;
  bool has_veto() const override { return plugin_.veto != nullptr; }
  void ask_veto(UniqueFunction<void(Status)> done) override;
  void close(UniqueFunction<void(Closed)> done) override;
  void release(UniqueFunction<void(Released)> done) override;
  bool holds_code() const override { return plugin_.library != nullptr; }
  void follow(const PoolPolicy& policy) override;
  void cancel_calls(const Status& why) override;
  uint64_t mapped_bytes() const override { return plugin_.library ? plugin_.library->mapped_bytes() : 0; }
  std::shared_ptr<const Activity> activity() const override { return activity_; }

  // The mapped plugin, for benchmarks that call it directly. While a lease lives.
  const LoadedPlugin& plugin() const { return plugin_; }
  // The number of calls that wait for a thread of the lane. While a lease lives.
  unsigned waiting_calls() const { return plugin_.lane->pending(); }
  // How long a call may wait for a thread at most, by the policy in force.
  Duration max_wait() const { return plugin_.max_wait->load(); }

 private:
  void on_loader(UniqueFunction<void(unsigned slot)> work);

  const Host& host_;
  LoadedPlugin plugin_;
  std::shared_ptr<const Activity> activity_;
  // Timers of the plugin may run. Loop thread; shared with tasks that outlive this object.
  const std::shared_ptr<bool> timers_run_ = std::make_shared<bool>(false);
};

class InProcessCarrier final : public Carrier {
 public:
  // The references outlive it; it outlives everything it carries.
  InProcessCarrier(RegistryOptions options, const Clock& clock, EventLoop& loop, EventLog& events, Metrics& metrics,
                   Lane& loaders);

  void prepare(const ComponentSpec& spec, UniqueFunction<void(Result<std::unique_ptr<Loaded>>)> done) override;
  std::string files_identity(const ComponentSpec& spec) const override;
  uint64_t memory_estimate(const ComponentSpec& spec) const override;
  std::string reason_to_close_first(const ComponentSpec& spec) const override;

  // Any thread.
  PluginIndex& index() { return index_; }

  // Registry::examine and Registry::run_offline have their contract. Both block; never from a reactor.
  Status examine(const ComponentSpec& spec);
  struct Offline {
    Result<Value> answer;
    std::unique_ptr<Loaded> left;  // a forgotten thread still uses its code, so keep it; null: nothing is left
  };
  Offline run_offline(const ComponentSpec& spec, const std::string& method, const Value& input,
                      const CallOptions& options);

 private:
  const RegistryOptions options_;
  mutable PluginIndex index_;
  PrivateCopies copies_;
  PrivateCopies model_copies_;
  LedgerTimers timers_;
  const InProcess::Host host_;
};

}  // namespace dormouse
