#include "pipeline/held_leases.h"

#include <algorithm>
#include <utility>

namespace dormouse {

void HeldLeases::begin(std::span<Callee* const> callees, std::span<const uint16_t> users) {
  held_.resize(callees.size());
  for (size_t i = 0; i < users.size(); ++i) {
    held_[i].callee = callees[i];
    held_[i].users = users[i];
  }
}

void HeldLeases::add(std::span<Callee* const> callees, std::span<const uint16_t> users, std::vector<uint16_t>& rows) {
  rows.clear();
  for (size_t i = 0; i < callees.size(); ++i) {
    auto row = std::find_if(held_.begin(), held_.end(), [&](const Held& held) { return held.callee == callees[i]; });
    if (row == held_.end()) {
      row = held_.emplace(held_.end());
      row->callee = callees[i];
    }
    row->users = static_cast<uint16_t>(row->users + users[i]);
    rows.push_back(static_cast<uint16_t>(row - held_.begin()));
  }
}

// A row that holds nothing and waits for nothing; who calls it, and how many do, stays.
void HeldLeases::drop(Held& held) {
  held = Held{.callee = held.callee, .users = held.users, .lease = {}, .failure = {}, .wanted = {}};
}

void HeldLeases::clear() {
  held_.clear();
}

bool HeldLeases::try_hold(uint16_t component) {
  std::optional<Lease> lease = held_[component].callee->try_acquire();
  if (!lease) return false;
  held_[component].lease = std::move(*lease);
  held_[component].state = State::warm;
  return true;
}

void HeldLeases::demand(uint16_t component, const char* cause, Completion completion) {
  Held& held = held_[component];
  held.state = State::pending;
  held.wanted = std::make_shared<char>();
  completion.at.node = component;
  Demand demand;
  demand.cause = cause;
  demand.wanted = held.wanted;
  // Runs on any thread, maybe at once: it only hands over.
  demand.done = [to = completion.to.shared_from_this(), &loop = completion.loop,
                 at = completion.at](Result<Lease> lease) {
    loop.post([to, at, lease = std::move(lease)]() mutable { to->on_held_lease(at, std::move(lease)); });
  };
  held.callee->acquire(std::move(demand));
}

bool HeldLeases::arrived(uint16_t component, Result<Lease> lease) {
  if (component >= held_.size() || held_[component].state != State::pending) return false;
  Held& held = held_[component];
  held.state = lease.ok() ? State::warm : State::failed;
  if (lease.ok())
    held.lease = std::move(*lease);
  else
    held.failure = lease.status();
  if (lease.ok() && held.users == 0) drop(held);  // every stage that wanted it was cancelled meanwhile
  return true;
}

const Status* HeldLeases::failure(uint16_t component) const {
  return held_[component].state == State::failed ? &held_[component].failure : nullptr;
}

std::optional<Lease> HeldLeases::take(uint16_t component) {
  Held& held = held_[component];
  if (held.state != State::warm || held.users > 1)
    if (std::optional<Lease> another = held.callee->try_acquire()) return another;
  if (held.state != State::warm) return std::nullopt;
  held.state = State::none;
  return std::move(held.lease);
}

void HeldLeases::release_user(uint16_t component) {
  if (held_.empty()) return;  // the request ended before it held anything
  Held& held = held_[component];
  if (--held.users > 0) return;
  held.wanted.reset();
  if (held.state == State::warm) drop(held);
}

void HeldLeases::let_go() {
  for (Held& held : held_)
    if (held.state == State::warm) drop(held);
}

}  // namespace dormouse
