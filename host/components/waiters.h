// The demands that wait for one component to become callable, oldest first. A list: it starts no load (ComponentLife
// does). Owner: the ComponentLife. Registry's loop thread only.
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
  // The operator of the oldest demand that has one; empty: none has.
  Actor first_actor() const {
    const auto found = std::find_if(waiting_.begin(), waiting_.end(), [](const Demand& d) { return !d.actor.empty(); });
    return found == waiting_.end() ? Actor() : found->actor;
  }
  // How many demands are not an operator's.
  size_t of_requests() const {
    return static_cast<size_t>(
        std::count_if(waiting_.begin(), waiting_.end(), [](const Demand& d) { return d.actor.empty(); }));
  }

  void add(Demand demand) { waiting_.push_back(std::move(demand)); }
  // Whether there is room for one more below `bound`. If not, first answers (cancelled) and removes the demands that
  // are no longer wanted.
  bool make_room(size_t bound) {
    if (waiting_.size() < bound) return true;
    std::deque<Demand> gone;
    for (Demand& demand : std::exchange(waiting_, {}))
      (demand.is_wanted() ? waiting_ : gone).push_back(std::move(demand));
    for (Demand& demand : gone) demand.done(Status(Code::cancelled, "given up before it was loaded"));
    return waiting_.size() < bound;
  }
  // Removes all demands. The caller must answer each of them.
  std::deque<Demand> take_all() { return std::exchange(waiting_, {}); }

 private:
  std::deque<Demand> waiting_;
};

}  // namespace dormouse
