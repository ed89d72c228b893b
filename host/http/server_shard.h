// One reactor's part of a server: its acceptor, its connections, and the sweep that keeps their time limits.
// All on the reactor's thread. Held by the server and by every connection, so that it outlives them all.
#pragma once

#include <memory>
#include <vector>

#include "base/metrics.h"
#include "exec/reactor.h"
#include "http/connection_owner.h"

namespace dormouse {

class ServerShard final : public ConnectionOwner, public std::enable_shared_from_this<ServerShard> {
 public:
  // `loop_lag`, which may be null, is added to by this shard alone.
  ServerShard(std::shared_ptr<ServerShared> shared, Reactor& reactor, HttpAcceptor acceptor, unsigned refused_max,
              Histogram* loop_lag);

  void accept();
  // Closes the acceptor and all connections without a running request.
  void begin_stop();
  void close_all();

  void add(Connection& connection) override;
  void remove(Connection& connection) override;
  void watch_soon(Time now) override;

 private:
  static constexpr Duration kSweepRunning = std::chrono::milliseconds(20);  // while a request runs

  void accept_waiting();
  void take(HttpSocket socket);
  void pause_accepting(Duration time);
  bool make_room();
  bool end_a_refusal();
  void arm_sweep(Time at);
  void sweep();

  HttpAcceptor acceptor_;
  bool accepting_paused_ = false;
  std::vector<Connection*> connections_;  // each knows its index
  const unsigned refused_max_;            // open at once of those that are here to be answered 503
  unsigned refused_ = 0;                  // of connections_
  Time no_room_until_{};                  // looking for room again before would find none
  EventLoop::TimerId sweep_timer_ = 0;
  Time sweep_at_ = Time::max();  // max: not armed
  const Duration sweep_idle_;    // between sweeps while no request runs
  Histogram* const loop_lag_;
};

}  // namespace dormouse
