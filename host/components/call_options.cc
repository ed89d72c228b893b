#include "components/call_options.h"

#include <vector>

namespace dormouse {

void CancelToken::cancel() {
  std::vector<std::weak_ptr<CancelListener>> listeners;
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->cancelled.exchange(true, std::memory_order_relaxed)) return;
    listeners.swap(state_->listeners);
  }
  for (const auto& weak : listeners)
    if (const auto listener = weak.lock()) listener->on_cancel();
}

bool CancelToken::listen(std::weak_ptr<CancelListener> listener) const {
  const std::lock_guard lock(state_->mutex);
  if (state_->cancelled.load(std::memory_order_relaxed)) return false;
  // A token serves one request after the other; what earlier ones left is dropped here.
  std::erase_if(state_->listeners, [](const auto& weak) { return weak.expired(); });
  state_->listeners.push_back(std::move(listener));
  return true;
}

}  // namespace dormouse
