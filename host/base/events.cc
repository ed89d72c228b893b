#include "base/events.h"

#include <utility>

namespace dormouse {

void EventLog::publish(std::string kind, std::string object, std::vector<std::pair<std::string, std::string>> fields) {
  std::vector<std::shared_ptr<Subscription>> told;
  {
    std::lock_guard lock(mutex_);
    events_.push_back(
        {++last_, std::chrono::system_clock::now(), std::move(kind), std::move(object), std::move(fields)});
    if (events_.size() > capacity_) events_.pop_front();
    told.reserve(subscriptions_.size());
    for (const auto& [id, subscription] : subscriptions_) told.push_back(subscription);
  }
  for (const auto& subscription : told) {
    std::lock_guard lock(subscription->mutex);
    if (subscription->on_event) subscription->on_event();
  }
}

std::vector<Event> EventLog::since(uint64_t after) const {
  std::lock_guard lock(mutex_);
  // Numbers are dense, so the first wanted event is found by its distance from the end.
  const uint64_t wanted = after < last_ ? last_ - after : 0;
  const size_t kept = wanted < events_.size() ? static_cast<size_t>(wanted) : events_.size();
  return {events_.end() - static_cast<std::ptrdiff_t>(kept), events_.end()};
}

uint64_t EventLog::last_sequence() const {
  std::lock_guard lock(mutex_);
  return last_;
}

uint64_t EventLog::subscribe(std::function<void()> on_event) {
  auto subscription = std::make_shared<Subscription>();
  subscription->on_event = std::move(on_event);
  std::lock_guard lock(mutex_);
  const uint64_t id = next_subscription_++;
  subscriptions_.emplace(id, std::move(subscription));
  return id;
}

void EventLog::unsubscribe(uint64_t id) {
  std::shared_ptr<Subscription> subscription;
  {
    std::lock_guard lock(mutex_);
    const auto found = subscriptions_.find(id);
    if (found == subscriptions_.end()) return;
    subscription = std::move(found->second);
    subscriptions_.erase(found);
  }
  // A publisher may hold a copy of the pointer: once this lock was ours it finds nothing to call.
  std::lock_guard lock(subscription->mutex);
  subscription->on_event = nullptr;
}

}  // namespace dormouse
