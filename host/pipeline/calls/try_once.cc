#include "pipeline/calls/try_once.h"

#include "values/adapt.h"

namespace dormouse {

Status TryOnce::aim(Callee& callee, Lease&& lease, const MethodRef& known, const std::string& name,
                    ValueWriter& writer) {
  const Result<Callee::Method> found = callee.find_method(lease, known, name);
  if (!found.ok()) return found.status();
  if (!known.method && found->manifest) input_ = adapt(input_, found->manifest->input, writer);
  callee_ = &callee;
  lease_ = std::move(lease);
  method_ = *found;
  return {};
}

Result<Value> TryOnce::call_inline(const CallOptions& options) {
  const Lease lease = std::move(lease_);
  return callee_->call_inline(lease, method_.index, input_, options);
}

void TryOnce::call_on_lane(CallOptions&& options, EventLoop& reply, UniqueFunction<void(CallResult)> done) {
  callee_->call_on_lane(std::move(lease_), method_.index, std::move(input_), std::move(options), reply,
                        std::move(done));
}

void TryOnce::call_on_lane(CallOptions&& options, const Completion& completion) {
  callee_->call_on_lane(std::move(lease_), method_.index, std::move(input_), std::move(options), completion.loop,
                        [to = completion.to.shared_from_this(), at = completion.at](CallResult result) {
                          to->on_called(at, std::move(result));
                        });
}

}  // namespace dormouse
