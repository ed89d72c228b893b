#include "exec/timer_queue.h"

#include <utility>

namespace dormouse {

// An id is the entry's index in the low half and its generation, never 0, in the high half.
TimerQueue::Id TimerQueue::add(Time at, Task task) {
  if (free_.empty()) {
    free_.push_back(static_cast<uint32_t>(entries_.size()));
    entries_.emplace_back();
  }
  const uint32_t index = free_.back();
  free_.pop_back();
  Entry& entry = entries_[index];
  entry.task = std::move(task);
  entry.live = true;
  heap_.push_back({at, added_++, index});
  entry.position = static_cast<uint32_t>(heap_.size() - 1);
  sift_up(heap_.size() - 1);
  return uint64_t{entry.generation} << 32 | index;
}

bool TimerQueue::cancel(Id id) {
  const uint32_t index = static_cast<uint32_t>(id);
  if (index >= entries_.size()) return false;
  const Entry& entry = entries_[index];
  if (!entry.live || entry.generation != id >> 32) return false;
  // Destroyed here, when the queue is whole again: what the task owns may come back to add or cancel.
  const Task forgotten = remove(entry.position);
  return true;
}

Task TimerQueue::take() {
  return remove(0);
}

Task TimerQueue::remove(size_t position) {
  const uint32_t index = heap_[position].entry;
  const Node last = heap_.back();
  heap_.pop_back();
  if (position < heap_.size()) {
    place(position, last);
    sift_up(position);
    sift_down(entries_[last.entry].position);
  }
  Entry& entry = entries_[index];
  entry.live = false;
  if (++entry.generation == 0) entry.generation = 1;
  free_.push_back(index);
  return std::move(entry.task);
}

void TimerQueue::place(size_t position, const Node& node) {
  heap_[position] = node;
  entries_[node.entry].position = static_cast<uint32_t>(position);
}

void TimerQueue::sift_up(size_t position) {
  const Node node = heap_[position];
  while (position > 0) {
    const size_t parent = (position - 1) / 2;
    if (!node.before(heap_[parent])) break;
    place(position, heap_[parent]);
    position = parent;
  }
  place(position, node);
}

void TimerQueue::sift_down(size_t position) {
  const Node node = heap_[position];
  for (;;) {
    size_t child = 2 * position + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1].before(heap_[child])) ++child;
    if (!heap_[child].before(node)) break;
    place(position, heap_[child]);
    position = child;
  }
  place(position, node);
}

}  // namespace dormouse
