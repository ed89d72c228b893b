#include "components/open_calls.h"

#include <utility>

namespace dormouse {

Status OpenCalls::add(const std::shared_ptr<OpenCall>& call) {
  const std::lock_guard lock(mutex_);
  if (!refusal_.ok()) return refusal_;
  calls_.emplace(call.get(), call);
  return {};
}

void OpenCalls::remove(const OpenCall& call) {
  const std::lock_guard lock(mutex_);
  calls_.erase(&call);
}

void OpenCalls::cancel_all(const Status& why) {
  std::vector<std::shared_ptr<OpenCall>> open;
  {
    const std::lock_guard lock(mutex_);
    refusal_ = why;
    for (const auto& [key, weak] : calls_)
      if (auto call = weak.lock()) open.push_back(std::move(call));
  }
  for (const auto& call : open) call->end_with(why);
}

}  // namespace dormouse
