#include "components/call.h"

#include "components/loaded.h"

namespace dormouse {

std::optional<uint32_t> resolve_method(const Lease& lease, const MethodRef& ref) {
  const LoadedFacts& facts = lease.loaded().facts();
  if (facts.manifest == ref.manifest) return ref.index;
  if (!ref.method) return std::nullopt;
  const MethodManifest* found = facts.type->find_method(ref.method->name);
  if (!found || found->offline) return std::nullopt;
  return static_cast<uint32_t>(found - facts.type->methods.data());
}

bool runs_inline(const Lease& lease, uint32_t method) {
  return lease.loaded().runs_inline(method);
}

Result<Value> call_inline(const Lease& lease, uint32_t method, const Value& in, const CallOptions& options) {
  return lease.loaded().call_inline(method, in, options);
}

void call_on_lane(Lease lease, uint32_t method, Value in, CallOptions options, EventLoop& reply,
                  UniqueFunction<void(CallResult)> done) {
  Loaded& loaded = lease.loaded();
  loaded.call(std::move(lease), method, std::move(in), std::move(options), reply, std::move(done));
}

}  // namespace dormouse
