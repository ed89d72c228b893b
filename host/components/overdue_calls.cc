#include "components/overdue_calls.h"

#include <algorithm>

namespace dormouse {
namespace {

int64_t milliseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

}  // namespace

void OverdueCalls::ended(const void* key) {
  const std::lock_guard lock(mutex_);
  calls_.erase(key);
}

std::vector<OverdueCall> OverdueCalls::list() const {
  std::vector<OverdueCall> overdue;
  const std::lock_guard lock(mutex_);
  for (const auto& [key, cancelled] : calls_) {
    if (!cancelled.overdue) continue;
    overdue.push_back(cancelled.call);
    overdue.back().age = loop_.now() - cancelled.began;
  }
  std::sort(overdue.begin(), overdue.end(), [](const auto& a, const auto& b) { return a.age > b.age; });
  return overdue;
}

// On the loop, as look().
void OverdueCalls::arm(const void* key) {
  Time due;
  {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(key);
    if (found == calls_.end()) return;
    due = found->second.at + kCancelGrace;
  }
  loop_.at(due, [weak = weak_from_this(), key] {
    if (const auto self = weak.lock()) self->look(key);
  });
}

// The key may be another call's by now, whose own look is still to come.
void OverdueCalls::look(const void* key) {
  OverdueCall call;
  {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(key);
    if (found == calls_.end() || found->second.overdue || loop_.now() < found->second.at + kCancelGrace) return;
    found->second.overdue = true;
    call = found->second.call;
    call.age = loop_.now() - found->second.began;
  }
  events_.publish("call.overdue", component_,
                  {{"component", component_},
                   {"method", call.method},
                   {"request", call.request},
                   {"age_ms", milliseconds(call.age)}});
}

}  // namespace dormouse
