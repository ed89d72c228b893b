// The registry as pipelines call it. The only file of this box that knows the registry itself.
#include <map>

#include "base/object_names.h"
#include "base/suggest.h"
#include "cache/component_space.h"
#include "components/loaded.h"
#include "graph/callee.h"
#include "pipeline/engine.h"

namespace dormouse {
namespace {

class RegistryCallee final : public Callee {
 public:
  RegistryCallee(Registry& registry, std::shared_ptr<Component> component)
      : registry_(registry), keeps_(std::move(component)), component_(*keeps_) {}

  const std::string& name() const override { return component_.name(); }

  Result<Described> describe() override {
    component_.notice_files();
    Result<Description> found = registry_.describe(component_.spec());
    if (!found.ok()) return found.status();
    return Described{found->plugin.manifest, found->type};
  }

  std::optional<Lease> try_acquire() override { return component_.try_acquire(); }
  void acquire(Demand demand) override { component_.acquire(std::move(demand)); }

  uint64_t stamp() const override { return component_.stamp(); }
  uint64_t stamp_of(const Lease& lease) const override { return lease.loaded().facts().stamp; }
  std::unique_ptr<CacheSpace> cache_space(const std::string& name) override {
    return std::make_unique<ComponentSpace>(keeps_, name);
  }

  Result<Method> find_method(const Lease& lease, const MethodRef& known, std::string_view name) override {
    const TypeManifest& type = *lease.loaded().facts().type;
    if (const std::optional<uint32_t> index = resolve_method(lease, known)) return method(lease, type, *index);
    if (name.empty()) name = type.default_method;
    const MethodManifest* found = type.find_method(name);
    if (found && !found->offline) return method(lease, type, static_cast<uint32_t>(found - type.methods.data()));
    return missing(type, name);
  }

  Result<Value> call_inline(const Lease& lease, uint32_t method, const Value& in, const CallOptions& options) override {
    return dormouse::call_inline(lease, method, in, options);
  }
  void call_on_lane(Lease lease, uint32_t method, Value in, CallOptions options, EventLoop& reply,
                    UniqueFunction<void(CallResult)> done) override {
    dormouse::call_on_lane(std::move(lease), method, std::move(in), std::move(options), reply, std::move(done));
  }

 private:
  static Method method(const Lease& lease, const TypeManifest& type, uint32_t index) {
    return {index, runs_inline(lease, index), &type.methods[index]};
  }
  Error missing(const TypeManifest& type, std::string_view name) const {
    std::vector<std::string> names;
    for (const MethodManifest& method : type.methods)
      if (!method.offline) names.push_back(method.name);
    return Error{.code = Code::not_found,
                 .message = name.empty() ? "has several methods and no default: name one"
                                         : "has no method '" + std::string(name) + "'",
                 .object = component_object(component_.name()),
                 .near = near_names(name, names)};
  }

  Registry& registry_;
  const std::shared_ptr<Component> keeps_;
  Component& component_;
};

// Components are all added before scripts are loaded, and stay: the table never changes.
class RegistryCallees final : public Callees {
 public:
  explicit RegistryCallees(Registry& registry) : registry_(registry) {
    for (const std::string& name : registry.names())
      if (std::shared_ptr<Component> component = registry.find(name))
        callees_.emplace(name, std::make_unique<RegistryCallee>(registry, std::move(component)));
  }

  Callee* find(std::string_view name) override {
    const auto found = callees_.find(name);
    return found == callees_.end() ? nullptr : found->second.get();
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& [name, callee] : callees_) names.push_back(name);
    return names;
  }
  std::vector<PoolChange> set_pool_policies(std::vector<NamedPoolPolicy> policies, bool dry_run) override {
    return registry_.set_pool_policies(std::move(policies), dry_run);
  }
  void give_heap_back_soon() override { registry_.give_heap_back_soon(); }

 private:
  Registry& registry_;
  std::map<std::string, std::unique_ptr<RegistryCallee>, std::less<>> callees_;
};

}  // namespace

Engine::Engine(EngineOptions options, Registry& registry, std::vector<EventLoop*> loops, const Clock& clock,
               EventLog& events, Metrics& metrics)
    : Engine(std::move(options), std::make_shared<RegistryCallees>(registry), std::move(loops), clock, events,
             metrics) {}

}  // namespace dormouse
