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

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/status.h"
#include "exec/reactor.h"
#include "http/options.h"
#include "http/router.h"

namespace dormouse {

struct ServerOptions {
  std::string name;  // in errors and logs: "data listener"
  std::string key;   // the config key of `listen`, for remedies: "host.data.listen"
  std::string listen;
  bool allow_remote = false;
  std::vector<std::string> allowed_hosts;
  std::vector<std::string> allowed_origins;
  HttpLimits limits;
  bool cors_credentials = false;     // pages of allowed_origins may send cookies and the like
  std::vector<Histogram*> loop_lag;  // one for each reactor, or none; they outlive the server
  std::function<void(const Request&, const std::string& peer)> on_token_refused;  // on the loop; empty: nobody asks
  std::string token;  // for routes with Access::token; empty: nobody gets in
};

// What all reactors of one server share.
struct ServerShared {
  ServerOptions options;
  std::vector<Route> routes;
  std::string address;  // "127.0.0.1:8080", as bound
  std::atomic<unsigned> connections{0};
  std::atomic<size_t> body_bytes{0};    // of large bodies, see HttpLimits::bodies_bytes_max
  std::atomic<size_t> answer_bytes{0};  // of large answers, see HttpLimits::answers_bytes_max
  std::atomic<uint64_t> next_request_id{0};
  std::atomic<bool> stopping{false};

  std::mutex mutex;  // with `changed`: for the end of the last connection
  std::condition_variable changed;
};

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
  const std::string& address() const { return shared_->address; }
  unsigned connections() const { return shared_->connections; }

  // Stops accepting, closes what is idle, waits up to `grace` for running requests, closes the rest and cancels their
  // requests. Blocks; never from a reactor. Idempotent.
  void stop(Duration grace);

 private:
  explicit Server(std::shared_ptr<ServerShared> shared) : shared_(std::move(shared)) {}
  bool wait_until_empty(Duration at_most);

  std::shared_ptr<ServerShared> shared_;
  std::vector<std::shared_ptr<ServerShard>> shards_;
  bool opened_ = false;
};

}  // namespace dormouse
