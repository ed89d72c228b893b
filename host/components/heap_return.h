// Gives freed heap memory back to the system, for code that frees much memory without an unload. The work is done once,
// a little later. It is not the trim of an unload (in_process.cc), which is measured, and for which the unload waits.
// Owner: the registry.
#pragma once

#include <atomic>

#include "exec/event_loop.h"
#include "exec/lane.h"

namespace dormouse {

class HeapReturn {
 public:
  // The timer runs on `loop`, the work on `lane`. Both outlive this object, which outlives the last timer.
  HeapReturn(EventLoop& loop, Lane& lane) : loop_(loop), lane_(lane) {}

  // Asks for a trim. All requests within kDelay become one trim. Any thread, reactors too; costs an atomic exchange,
  // and for the first request a post.
  void soon();
  static constexpr Duration kDelay = std::chrono::seconds(1);

  bool is_due() const { return asked_; }

 private:
  void begin();

  EventLoop& loop_;
  Lane& lane_;
  std::atomic<bool> asked_{false};
};

}  // namespace dormouse
