#include "components/load_queue.h"

#include <algorithm>

namespace dormouse {

LoadQueue::Ticket LoadQueue::enter(Task begin) {
  const Ticket ticket = ++last_;
  line_.emplace_back(ticket, std::move(begin));
  fill();
  return ticket;
}

void LoadQueue::leave(Ticket ticket) {
  if (running_.erase(ticket) > 0) return fill();
  std::erase_if(line_, [&](const auto& waiting) { return waiting.first == ticket; });
}

bool LoadQueue::is_waiting(Ticket ticket) const {
  return std::any_of(line_.begin(), line_.end(), [&](const auto& waiting) { return waiting.first == ticket; });
}

void LoadQueue::fill() {
  while (!line_.empty() && running_.size() < places_) {
    auto [ticket, begin] = std::move(line_.front());
    line_.pop_front();
    running_.insert(ticket);
    begin();  // may enter and leave
  }
}

}  // namespace dormouse
