#include "base/events.h"

#include <cstdio>
#include <type_traits>
#include <utility>

namespace dormouse {

std::string EventValue::text() const {
  return visit([](const auto& value) -> std::string {
    using T = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<T, std::string>) {
      return value;
    } else if constexpr (std::is_same_v<T, bool>) {
      return value ? "true" : "false";
    } else if constexpr (std::is_same_v<T, double>) {
      char digits[32];
      std::snprintf(digits, sizeof digits, "%.6g", value);
      return digits;
    } else {
      return std::to_string(value);
    }
  });
}

bool event_kind_matches(std::string_view pattern, std::string_view kind) {
  if (pattern.empty() || pattern == kind) return true;
  return pattern.ends_with(".*") && kind.starts_with(pattern.substr(0, pattern.size() - 1));
}

void EventLog::publish(std::string kind, std::string object, EventFields fields, std::string cause, Actor actor) {
  std::vector<std::shared_ptr<Subscription>> told;
  {
    std::lock_guard lock(mutex_);
    events_.push_back({++last_, std::chrono::system_clock::now(), std::move(kind), std::move(object), std::move(cause),
                       std::move(actor), std::move(fields)});
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
