#include "components/ledger_timers.h"

namespace dormouse {

uint64_t LedgerTimers::after(Duration delay, Task task) {
  const uint64_t id = next_.fetch_add(1);
  loop_.post([this, id, delay, task = std::move(task)]() mutable {
    timers_[id] = loop_.at(loop_.now() + delay, [this, id, task = std::move(task)]() mutable {
      timers_.erase(id);
      task();
    });
  });
  return id;
}

void LedgerTimers::cancel(uint64_t id) {
  loop_.post([this, id] {
    const auto found = timers_.find(id);
    if (found == timers_.end()) return;
    loop_.cancel(found->second);
    timers_.erase(found);
  });
}

}  // namespace dormouse
