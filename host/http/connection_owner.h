// What a connection needs of the part of the server that it belongs to (server_shard.h). All on one reactor's thread.
// Owner: the server and each connection together, so that it outlives them all.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "exec/reactor.h"
#include "http/lag_gate.h"
#include "http/server_shared.h"

namespace dormouse {

class Connection;

// With the executor they always have: the default one can hold any, and costs a virtual call for each operation.
using SocketExecutor = boost::asio::io_context::executor_type;
using HttpAcceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, SocketExecutor>;
using HttpSocket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, SocketExecutor>;

// "127.0.0.1:8080", "[::1]:8080".
std::string text_of(const boost::asio::ip::tcp::endpoint& endpoint);

class ConnectionOwner {
 public:
  ConnectionOwner(std::shared_ptr<ServerShared> shared, Reactor& reactor)
      : shared_(std::move(shared)), reactor_(reactor), lag_gate_(shared_->options.limits.loop_lag_max) {}
  virtual ~ConnectionOwner() = default;
  ConnectionOwner(const ConnectionOwner&) = delete;
  ConnectionOwner& operator=(const ConnectionOwner&) = delete;

  // Of a connection: from its first byte to its close.
  virtual void add(Connection& connection) = 0;
  virtual void remove(Connection& connection) = 0;
  // A connection begins to run a request at `now`: from here on its time limits are looked at often.
  virtual void watch_soon(Time now) = 0;

  LagGate& lag_gate() { return lag_gate_; }
  ServerShared& shared() { return *shared_; }
  const ServerOptions& options() const { return shared_->options; }
  Reactor& reactor() { return reactor_; }
  // For the Date field: "Tue, 15 Nov 1994 08:12:31 GMT".
  std::string_view date();

 private:
  const std::shared_ptr<ServerShared> shared_;
  Reactor& reactor_;
  LagGate lag_gate_;
  time_t date_second_ = 0;
  std::string date_;
};

}  // namespace dormouse
