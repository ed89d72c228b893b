// The components as pipelines call them: the seam between this box and the registry.
// Two implementations: the registry's (registry_callees.cc), and fakes on a virtual clock for tests of scripts.
// A virtual call costs about 2 ns, a warm component call 100.
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

// One component. Any thread; lives as long as its Callees.
class Callee {
 public:
  virtual ~Callee() = default;
  virtual const std::string& name() const = 0;

  // What a pipeline is checked against, without loading it: the type in the plugin's manifest. May read files, so never
  // from a reactor. `type` lives as long as `manifest`.
  struct Described {
    std::shared_ptr<const Manifest> manifest;
    const TypeManifest* type = nullptr;
  };
  virtual Result<Described> describe() = 0;

  // As Component's. A lease may be one of nothing (a fake's): having got one is what counts.
  virtual std::optional<Lease> try_acquire() = 0;
  virtual void acquire(Demand demand) = 0;

  // As Component's: 0 before the first load.
  virtual uint64_t stamp() const = 0;
  // Of what this lease holds, which may be another incarnation than the newest.
  virtual uint64_t stamp_of(const Lease& lease) const = 0;
  // A space of the component, which offers dormouse.cache/1; null when components of this kind have none.
  virtual std::unique_ptr<CacheSpace> cache_space(const std::string& name) = 0;

  // A method of what is loaded now.
  struct Method {
    uint32_t index = 0;
    bool runs_inline = false;
    const MethodManifest* manifest = nullptr;  // valid while the lease lives
  };
  // `known` is where the check found it; when another version is loaded by now, or nothing was known, it is looked up
  // by `name` (empty: the default method). Errors: not_found with near names.
  virtual Result<Method> find_method(const Lease& lease, const MethodRef& known, std::string_view name) = 0;

  // As call.h's.
  virtual Result<Value> call_inline(const Lease& lease, uint32_t method, const Value& in,
                                    const CallOptions& options) = 0;
  virtual void call_on_lane(Lease lease, uint32_t method, Value in, CallOptions options, EventLoop& reply,
                            UniqueFunction<void(CallResult)> done) = 0;
};

class Callees {
 public:
  virtual ~Callees() = default;
  // Null when none of that name is configured. Any thread.
  virtual Callee* find(std::string_view name) = 0;
  virtual std::vector<std::string> names() const = 0;
  // As Registry's.
  virtual std::vector<PoolChange> set_pool_policies(std::vector<NamedPoolPolicy> policies, bool dry_run) = 0;
  // As Registry's: for a Lua state that held much and is gone. Fakes hold none. Any thread.
  virtual void give_heap_back_soon() {}
};

}  // namespace dormouse
