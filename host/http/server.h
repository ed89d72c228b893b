// The server core under both listeners: sockets, limits, Host and Origin, routing. Knows no route's business.
// One acceptor per reactor on the same port; a connection lives and dies on the reactor that accepted it.
//
// Decisions at the limits: beyond connections_max a connection gives way that has been idle between two requests for a
// while, else one that has said nothing since it came, else one whose request has been coming for seconds. A connection
// with a request under way never does. When none gives way the new one is answered 503 and closed, after its first
// bytes, so that its client reads the answer as one to its request; when too many of those are to be answered, the next
// ones wait to be accepted.
// What cannot be understood is answered once and closed. A client that closes its end while its request runs is gone:
// the request is cancelled, also when it only closed its sending side.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "exec/reactor.h"
#include "http/router.h"
#include "http/server_options.h"

namespace dormouse {

struct ServerShared;
class ServerShard;

class Server {
 public:
  // Takes the port and listens; clients connect and wait.
  // Errors: invalid_argument (address), failed_precondition (taken, or no rights), resource_exhausted.
  static Result<std::unique_ptr<Server>> bind(ServerOptions options, std::vector<Route> routes,
                                              const std::vector<Reactor*>& reactors);
  // Whether the port could be had; takes it for no longer than that, and listens not at all. The same errors.
  static Status check(const ServerOptions& options);
  ~Server();  // stop(0)
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Accepts from now on, as soon as the reactors run; they are run until stop() has returned. Once.
  void open();
  const std::string& address() const;
  unsigned connections() const;

  // Stops accepting, closes what is idle, waits up to `grace` for running requests, closes the rest and cancels their
  // requests. Blocks; never from a reactor. Idempotent.
  void stop(Duration grace);

 private:
  explicit Server(std::shared_ptr<ServerShared> shared);
  bool wait_until_empty(Duration at_most);

  std::shared_ptr<ServerShared> shared_;
  std::vector<std::shared_ptr<ServerShard>> shards_;
  bool opened_ = false;
};

}  // namespace dormouse
