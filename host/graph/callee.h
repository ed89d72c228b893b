// A callee: a component as pipelines see and call it. The interface between the box `pipeline` and the registry; two
// implementations, pipeline/registry_callees.cc and fakes for tests of scripts. It decides nothing about loads.
// Owner: Callees, which the engine owns. Any thread, unless a function says otherwise.
// (A virtual call costs about 2 ns, a warm call of a component 100.)
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "artifacts/manifest.h"
#include "base/status.h"
#include "cache/space.h"
#include "components/call.h"
#include "components/component.h"
#include "components/registry.h"

namespace dormouse {

// One component. Lives as long as its Callees.
class Callee {
 public:
  virtual ~Callee() = default;
  virtual const std::string& name() const = 0;

  // The component's type in the plugin's manifest, for the check of a pipeline. `type` lives as long as `manifest`.
  struct Described {
    std::shared_ptr<const Manifest> manifest;
    const TypeManifest* type = nullptr;
  };
  // Finds the description without loading the component. May read files, so never from a reactor. Errors: not_found, or
  // what is wrong with the plugin file.
  virtual Result<Described> describe() = 0;

  // Component's functions have the contract. The lease of a fake is empty: only its presence counts.
  virtual std::optional<Lease> try_acquire() = 0;
  virtual void acquire(Demand demand) = 0;

  // The stamp of the newest incarnation that was ready (Component::stamp); 0 before the first load.
  virtual uint64_t stamp() const = 0;
  // The stamp of the incarnation that `lease` holds, which may be an older one.
  virtual uint64_t stamp_of(const Lease& lease) const = 0;
  // A cache space in the component, which must offer dormouse.cache/1. Null: this implementation has no spaces (fakes).
  virtual std::unique_ptr<CacheSpace> cache_space(const std::string& name) = 0;

  // A method of the incarnation that a lease holds.
  struct Method {
    uint32_t index = 0;
    bool runs_inline = false;
    const MethodManifest* manifest = nullptr;  // valid while the lease lives
  };
  // `known` is the method that the check of the pipeline found. If another version is loaded by now, or `known` is
  // empty, the method is looked up by `name` (empty: the default method). Errors: not_found with near names.
  virtual Result<Method> find_method(const Lease& lease, const MethodRef& known, std::string_view name) = 0;

  // components/call.h has the contract.
  virtual Result<Value> call_inline(const Lease& lease, uint32_t method, const Value& in,
                                    const CallOptions& options) = 0;
  virtual void call_on_lane(Lease lease, uint32_t method, Value in, CallOptions options, EventLoop& reply,
                            UniqueFunction<void(CallResult)> done) = 0;
};

class Callees {
 public:
  virtual ~Callees() = default;
  // Null when no component of that name is configured.
  virtual Callee* find(std::string_view name) = 0;
  virtual std::vector<std::string> names() const = 0;
  // Registry::set_pool_policies has the contract.
  virtual std::vector<PoolChange> set_pool_policies(std::vector<NamedPoolPolicy> policies, bool dry_run) = 0;
  // Registry::give_heap_back_soon has the contract. For a freed Lua state that used much memory. Fakes do nothing.
  virtual void give_heap_back_soon() {}
};

}  // namespace dormouse
