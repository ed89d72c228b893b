// The real event loop: one Asio io_context run by one thread, one per core. Sockets, Lua states and requests live on
// it. Not a pool: work never moves from one reactor to another. Nothing that blocks may run here.
#pragma once

#include <memory>

#include "base/status.h"
#include "exec/event_loop.h"

namespace boost::asio {
class io_context;
}

namespace dormouse {

class Reactor final : public EventLoop {
 public:
  // Its thread will be called dm-reactor-<index>.
  explicit Reactor(unsigned index);
  // Stops and joins. What was never run is destroyed here, on this thread.
  ~Reactor() override;
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  // The three steps of its life, each at most once and in this order, from the thread that owns the reactor (stop:
  // any). Posting works before start (it runs then) and after stop (it is destroyed, not run).
  Status start();
  // What was posted before is run, then the loop ends, with sockets and timers still open. Does not wait.
  void stop();
  void join();

  void post(Task task) override;
  TimerId at(Time at, Task task) override;
  bool cancel(TimerId id) override;
  Time now() const override;
  bool in_loop_thread() const override;

  // For the sockets of the HTTP box, whose handlers run on the loop thread. Lives as long as the reactor.
  boost::asio::io_context& context();

 private:
  struct Impl;  // keeps Asio out of most compilations
  std::unique_ptr<Impl> impl_;
};

}  // namespace dormouse
