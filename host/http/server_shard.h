// One reactor's part of a server: its acceptor, its connections, and the sweep that keeps their time limits.
// All on the reactor's thread. Held by the server and by every connection, so that it outlives them all.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "exec/reactor.h"
#include "http/lag_gate.h"
#include "http/server.h"

namespace dormouse {

class Connection;

// "127.0.0.1:8080", "[::1]:8080".
std::string text_of(const boost::asio::ip::tcp::endpoint& endpoint);

class ServerShard : public std::enable_shared_from_this<ServerShard> {
 public:
  // With the executor they always have: the default one can hold any, and costs a virtual call for each operation.
  using Executor = boost::asio::io_context::executor_type;
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Executor>;
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;

  // `loop_lag`, which may be null, is added to by this shard alone.
  ServerShard(std::shared_ptr<ServerShared> shared, Reactor& reactor, Acceptor acceptor, unsigned refused_max,
              Histogram* loop_lag);

  void accept();
  // Closes the acceptor and all connections without a running request.
  void begin_stop();
  void close_all();

  // Of connections: from its first byte to its close.
  void add(Connection& connection);
  void remove(Connection& connection);

  // Of a connection that begins to run a request at `now`: from here on the sweep is frequent.
  void watch_soon(Time now) {
    if (now + kSweepRunning < sweep_at_) arm_sweep(now + kSweepRunning);
  }
  LagGate& lag_gate() { return lag_gate_; }

  ServerShared& shared() { return *shared_; }
  const ServerOptions& options() const { return shared_->options; }
  Reactor& reactor() { return reactor_; }
  // For the Date field: "Tue, 15 Nov 1994 08:12:31 GMT".
  std::string_view date();

 private:
  static constexpr Duration kSweepRunning = std::chrono::milliseconds(20);  // while a request runs

  void accept_waiting();
  void take(Socket socket);
  void pause_accepting(Duration time);
  bool make_room();
  bool end_a_refusal();
  void arm_sweep(Time at);
  void sweep();

  const std::shared_ptr<ServerShared> shared_;
  Reactor& reactor_;
  Acceptor acceptor_;
  bool accepting_paused_ = false;
  std::vector<Connection*> connections_;  // each knows its index
  const unsigned refused_max_;            // open at once of those that are here to be answered 503
  unsigned refused_ = 0;                  // of connections_
  Time no_room_until_{};                  // looking for room again before would find none
  EventLoop::TimerId sweep_timer_ = 0;
  Time sweep_at_ = Time::max();  // max: not armed
  const Duration sweep_idle_;    // between sweeps while no request runs
  LagGate lag_gate_;
  Histogram* const loop_lag_;
  time_t date_second_ = 0;
  std::string date_;
};

}  // namespace dormouse
