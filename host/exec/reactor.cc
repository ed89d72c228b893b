#include "exec/reactor.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cassert>
#include <string>
#include <thread>

#include "exec/thread.h"
#include "exec/timer_queue.h"

namespace dormouse {

namespace asio = boost::asio;

struct Reactor::Impl {
  explicit Impl(unsigned index) : index(index) {}

  // Runs what is due, then waits for what comes next.
  void on_wake() {
    armed_for = Time::min();  // nothing is earlier: setting a timer does not arm while we are here
    const Time due = std::chrono::steady_clock::now();
    // At most as many as there are: a timer that sets itself again for a past time must not starve the sockets.
    for (size_t n = timers.size(); n > 0 && !timers.empty() && timers.next() <= due; --n) timers.take()();
    armed_for = Time::max();
    arm();
  }

  // One Asio timer serves all of ours. It is set anew only for an earlier time: a wake-up for a timer that was
  // cancelled meanwhile costs less than telling the kernel at every cancel.
  void arm() {
    if (timers.empty() || timers.next() >= armed_for) return;
    armed_for = timers.next();
    wake.expires_at(armed_for);
    wake.async_wait([this](const boost::system::error_code& error) {
      if (!error) on_wake();
    });
  }

  const unsigned index;
  asio::io_context context{1};  // the hint: one thread runs it
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  asio::steady_timer wake{context};
  TimerQueue timers;
  Time armed_for = Time::max();
  std::thread thread;
};

Reactor::Reactor(unsigned index) : impl_(std::make_unique<Impl>(index)) {}

Reactor::~Reactor() {
  stop();
  join();
}

Status Reactor::start() {
  assert(!impl_->thread.joinable());
  Result<std::thread> thread = start_thread("dm-reactor-" + std::to_string(impl_->index), [impl = impl_.get()] {
    ask_for_short_turns();
    impl->context.run();
  });
  if (!thread.ok()) return thread.status();
  impl_->thread = std::move(*thread);
  return {};
}

void Reactor::stop() {
  asio::post(impl_->context, [impl = impl_.get()] { impl->context.stop(); });
}

void Reactor::join() {
  if (impl_->thread.joinable()) impl_->thread.join();
}

void Reactor::post(Task task) {
  asio::post(impl_->context, std::move(task));
}

EventLoop::TimerId Reactor::at(Time at, Task task) {
  assert(in_loop_thread());
  const TimerId id = impl_->timers.add(at, std::move(task));
  impl_->arm();
  return id;
}

bool Reactor::cancel(TimerId id) {
  assert(in_loop_thread());
  return impl_->timers.cancel(id);
}

Time Reactor::now() const {
  return std::chrono::steady_clock::now();
}

bool Reactor::in_loop_thread() const {
  return impl_->context.get_executor().running_in_this_thread();
}

asio::io_context& Reactor::context() {
  return impl_->context;
}

}  // namespace dormouse
