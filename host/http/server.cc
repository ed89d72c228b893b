#include "http/server.h"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <chrono>
#include <ctime>
#include <future>
#include <random>

#include "http/origin_rules.h"
#include "http/server_shard.h"

namespace dormouse {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Acceptor = HttpAcceptor;

constexpr int kBacklog = 1024;  // connections the kernel completes before we accept them

using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

Status bind_error(const ServerOptions& options, const tcp::endpoint& endpoint, const ErrorCode& error) {
  Error told{.code = Code::failed_precondition,
             .message = "cannot listen: " + error.message(),
             .object = options.name + " " + text_of(endpoint)};
  if (error == asio::error::address_in_use) {
    told.message = "the port is taken by another program";
    told.needed = "a free port";
    told.remedy =
        "stop that program (another dormouse? `ss -ltnp` names it), or set " + options.key + " to another port";
  } else if (error == asio::error::access_denied) {
    told.message = "no permission to listen there";
    told.remedy = "set " + options.key + " to a port above 1023";
  } else if (error == boost::system::errc::address_not_available) {
    told.message = "this machine has no such address";
    told.remedy = "set " + options.key + " to an address of this machine";
  } else if (error == asio::error::no_descriptors) {
    told.code = Code::resource_exhausted;
  }
  return Status(std::move(told));
}

struct Step {
  Acceptor& acceptor;
  ErrorCode error;
  template <class F>
  Step& then(F f) {
    if (!error) f(acceptor, error);
    return *this;
  }
};

// Takes the port, beside those that share it or alone, and lets others share it from then on. `endpoint` has the real
// port afterwards.
ErrorCode bind_to(Acceptor& acceptor, tcp::endpoint& endpoint, bool shared) {
  Step step{acceptor, {}};
  step.then([&](Acceptor& a, ErrorCode& e) { a.open(endpoint.protocol(), e); })
      .then([&](Acceptor& a, ErrorCode& e) { a.set_option(tcp::acceptor::reuse_address(true), e); })
      .then([&](Acceptor& a, ErrorCode& e) {
        if (endpoint.address().is_v6()) a.set_option(asio::ip::v6_only(true), e);
      })
      .then([&](Acceptor& a, ErrorCode& e) {
        if (shared) a.set_option(ReusePort(true), e);
      })
      .then([&](Acceptor& a, ErrorCode& e) { a.bind(endpoint, e); })
      .then([&](Acceptor& a, ErrorCode& e) { a.set_option(ReusePort(true), e); })
      .then([&](Acceptor& a, ErrorCode& e) { endpoint = a.local_endpoint(e); });
  return step.error;
}

// One listening socket per reactor, all on the same port. The first one binds without SO_REUSEPORT: it fails when
// anybody has the port, a second dormouse included. Only then it, and the others before they bind, are made to share.
Result<std::vector<Acceptor>> listen(const ServerOptions& options, const ListenAddress& where,
                                     const std::vector<Reactor*>& reactors) {
  tcp::endpoint endpoint(asio::ip::make_address(where.address), where.port);
  std::vector<Acceptor> acceptors;
  for (Reactor* reactor : reactors) {
    const bool first = acceptors.empty();
    Acceptor& acceptor = acceptors.emplace_back(reactor->context());
    if (const ErrorCode error = bind_to(acceptor, endpoint, !first)) return bind_error(options, endpoint, error);
  }
  // Listening comes last: nobody is let in before all have the port.
  for (Acceptor& acceptor : acceptors) {
    ErrorCode error;
    acceptor.listen(kBacklog, error);
    if (error) return bind_error(options, endpoint, error);
  }
  return acceptors;
}

}  // namespace

Result<std::unique_ptr<Server>> Server::bind(ServerOptions options, std::vector<Route> routes,
                                             const std::vector<Reactor*>& reactors) {
  Result<ListenAddress> where = parse_listen(options.listen, options.allow_remote);
  if (!where.ok()) {
    Error error = where.status().error();
    error.object = options.key + ": " + error.object;
    return error;
  }
  Result<std::vector<Acceptor>> acceptors = listen(options, *where, reactors);
  if (!acceptors.ok()) return acceptors.status();

  auto shared = std::make_shared<ServerShared>();
  shared->options = std::move(options);
  shared->routes = std::move(routes);
  shared->address = text_of(acceptors->front().local_endpoint());
  // Ids that start anew with the process would be the same in two logs.
  shared->next_request_id = (uint64_t{std::random_device()()} << 32) | 1;

  std::unique_ptr<Server> server(new Server(shared));
  const auto count = static_cast<unsigned>(reactors.size());
  const unsigned refused_max = (refused_connections_max(shared->options.limits) + count - 1) / count;
  for (unsigned i = 0; i < count; ++i) {
    Histogram* lag = i < shared->options.loop_lag.size() ? shared->options.loop_lag[i] : nullptr;
    server->shards_.push_back(
        std::make_shared<ServerShard>(shared, *reactors[i], std::move((*acceptors)[i]), refused_max, lag));
  }
  return server;
}

Status Server::check(const ServerOptions& options) {
  const Result<ListenAddress> where = parse_listen(options.listen, options.allow_remote);
  if (!where.ok()) return where.status();
  asio::io_context context;
  Acceptor acceptor(context);
  tcp::endpoint endpoint(asio::ip::make_address(where->address), where->port);
  const ErrorCode error = bind_to(acceptor, endpoint, false);
  return error ? bind_error(options, endpoint, error) : Status();
}

void Server::open() {
  opened_ = true;
  for (const auto& shard : shards_) shard->reactor().post([shard] { shard->accept(); });
}

Server::Server(std::shared_ptr<ServerShared> shared) : shared_(std::move(shared)) {}

const std::string& Server::address() const {
  return shared_->address;
}

unsigned Server::connections() const {
  return shared_->connections;
}

Server::~Server() {
  stop(Duration::zero());
}

bool Server::wait_until_empty(Duration at_most) {
  std::unique_lock lock(shared_->mutex);
  return shared_->changed.wait_for(lock, at_most, [&] { return shared_->connections == 0; });
}

void Server::stop(Duration grace) {
  constexpr Duration kLoopAnswers = std::chrono::seconds(1);  // longest a loop takes to run what is posted
  if (shared_->stopping.exchange(true) || !opened_) return;
  const auto on_each_loop = [&](void (ServerShard::*act)()) {
    std::vector<std::future<void>> acted;
    for (const auto& shard : shards_) {
      auto done = std::make_shared<std::promise<void>>();
      acted.push_back(done->get_future());
      shard->reactor().post([shard, act, done] {
        ((*shard).*act)();
        done->set_value();
      });
    }
    for (std::future<void>& each : acted) each.wait_for(kLoopAnswers);
  };
  on_each_loop(&ServerShard::begin_stop);
  wait_until_empty(grace);
  on_each_loop(&ServerShard::close_all);
}

}  // namespace dormouse
