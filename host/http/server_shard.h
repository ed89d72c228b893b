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

#include "exec/reactor.h"
#include "http/server.h"

namespace dormouse {

class Connection;

class ServerShard : public std::enable_shared_from_this<ServerShard> {
 public:
  // With the executor they always have: the default one can hold any, and costs a virtual call for each operation.
  using Executor = boost::asio::io_context::executor_type;
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Executor>;
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;

  ServerShard(std::shared_ptr<ServerShared> shared, Reactor& reactor, Acceptor acceptor);

  void accept();
  // Closes the acceptor and all connections without a running request.
  void begin_stop();
  void close_all();

  // Of connections: from its first byte to its close.
  void add(Connection& connection);
  void remove(Connection& connection);

  ServerShared& shared() { return *shared_; }
  const ServerOptions& options() const { return shared_->options; }
  Reactor& reactor() { return reactor_; }
  // For the Date field: "Tue, 15 Nov 1994 08:12:31 GMT".
  std::string_view date();

 private:
  void take(Socket socket);
  void pause_accepting();
  bool close_longest_idle();
  void arm_sweep();
  void sweep();

  const std::shared_ptr<ServerShared> shared_;
  Reactor& reactor_;
  Acceptor acceptor_;
  std::vector<Connection*> connections_;  // each knows its index
  unsigned refused_ = 0;                  // of them: only here to be told 503
  bool sweep_armed_ = false;
  Duration sweep_every_;
  time_t date_second_ = 0;
  std::string date_;
};

}  // namespace dormouse
