// Gives freed heap back to the system where no unload does it: asked for by parts that let much go, done once a little
// later. Not the trim that belongs to an unload (in_process.cc): that one is measured, and waited for.
#pragma once

#include <atomic>

#include "exec/event_loop.h"
#include "exec/lane.h"

namespace dormouse {

class HeapReturn {
 public:
  // The timer runs on `loop`, the work on `lane`. Both outlive this object, which outlives the last timer.
  HeapReturn(EventLoop& loop, Lane& lane) : loop_(loop), lane_(lane) {}

  // All that is asked for within kDelay is one trim. Any thread, reactors included; costs an atomic exchange, and a
  // post when it is the first.
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
