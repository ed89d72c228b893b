// Timers in order of their time, as a value: which is next, take it, forget it. Not a clock and not a loop; the loops
// drive it. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "base/task.h"

namespace dormouse {

// An indexed binary heap. Adding and cancelling are O(log n) and allocate only while the number of live timers grows
// beyond its peak: most timers are deadlines of requests, which are cancelled before they are due.
class TimerQueue {
 public:
  using Id = uint64_t;  // 0 is never a timer; an id is not used again for 2^32 timers on its entry

  // Timers of the same time are taken in the order in which they were added.
  Id add(Time at, Task task);
  // Destroys its task. False when it was taken, cancelled, or never was.
  bool cancel(Id id);

  bool empty() const { return heap_.empty(); }
  size_t size() const { return heap_.size(); }
  Time next() const { return heap_.front().at; }  // not when empty
  // The task of the next timer, which is no timer any more. Not when empty.
  Task take();

 private:
  struct Node {
    Time at;
    uint64_t order;  // of adding
    uint32_t entry;
    bool before(const Node& other) const { return at != other.at ? at < other.at : order < other.order; }
  };
  struct Entry {
    Task task;
    uint32_t generation = 1;
    uint32_t position = 0;  // in heap_ while live
    bool live = false;
  };

  void place(size_t position, const Node& node);
  void sift_up(size_t position);
  void sift_down(size_t position);
  Task remove(size_t position);

  std::vector<Node> heap_;
  std::vector<Entry> entries_;
  std::vector<uint32_t> free_;  // entries that are not live
  uint64_t added_ = 0;
};

}  // namespace dormouse
