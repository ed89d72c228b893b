// Demands that wait for a load, oldest first. Loop thread only.
#pragma once

#include <algorithm>
#include <deque>
#include <string>
#include <utility>

#include "components/demand.h"

namespace dormouse {

class Waiters {
 public:
  bool empty() const { return waiting_.empty(); }
  size_t size() const { return waiting_.size(); }
  const std::string& first_cause() const { return waiting_.front().cause; }
  // Of all who wait, the first operator.
  Actor first_actor() const {
    const auto found = std::find_if(waiting_.begin(), waiting_.end(), [](const Demand& d) { return !d.actor.empty(); });
    return found == waiting_.end() ? Actor() : found->actor;
  }
  // How many of them no operator asked for.
  size_t of_requests() const {
    return static_cast<size_t>(
        std::count_if(waiting_.begin(), waiting_.end(), [](const Demand& d) { return d.actor.empty(); }));
  }

  void add(Demand demand) { waiting_.push_back(std::move(demand)); }
  // Makes room below `bound` by answering those that are not wanted any more; false: there is none.
  bool make_room(size_t bound) {
    if (waiting_.size() < bound) return true;
    std::deque<Demand> gone;
    for (Demand& demand : std::exchange(waiting_, {}))
      (demand.is_wanted() ? waiting_ : gone).push_back(std::move(demand));
    for (Demand& demand : gone) demand.done(Status(Code::cancelled, "given up before it was loaded"));
    return waiting_.size() < bound;
  }
  // All of them, who wait no longer; the caller answers them.
  std::deque<Demand> take_all() { return std::exchange(waiting_, {}); }

 private:
  std::deque<Demand> waiting_;
};

}  // namespace dormouse
