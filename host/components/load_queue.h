// Bounds how many loads run at the same time, over all components. Further loads wait in line, first come first served;
// the number of configured components bounds the line. It does no work of a load.
// Owner: the registry. Registry's loop thread only. Nothing here fails.
#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <utility>

#include "base/task.h"

namespace dormouse {

class LoadQueue {
 public:
  using Ticket = uint64_t;  // names one load; 0: none

  explicit LoadQueue(unsigned places) : places_(places) {}

  // Runs `begin` when there is a place, perhaps at once, inside the call.
  Ticket enter(Task begin);
  // Gives the place back; or leaves the line, and then `begin` never runs. Ignores 0 and a ticket that has left
  // already.
  void leave(Ticket ticket);
  bool is_waiting(Ticket ticket) const;

 private:
  void fill();

  const unsigned places_;
  Ticket last_ = 0;
  std::set<Ticket> running_;
  std::deque<std::pair<Ticket, Task>> line_;
};

}  // namespace dormouse
