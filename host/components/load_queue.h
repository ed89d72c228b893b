// How many loads run at the same time: more wait in line, first come first served. Loop thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <utility>

#include "base/task.h"

namespace dormouse {

class LoadQueue {
 public:
  using Ticket = uint64_t;  // 0 is never one

  explicit LoadQueue(unsigned places) : places_(places) {}

  // Runs `begin` when there is a place, perhaps at once, inside the call.
  Ticket enter(Task begin);
  // Gives the place back, or leaves the line: then `begin` never runs. 0 and a ticket that was left are nothing.
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
