#include "http/server.h"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <chrono>
#include <ctime>
#include <future>
#include <random>

#include "http/connection.h"
#include "http/origin_rules.h"
#include "http/server_shard.h"

namespace dormouse {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Acceptor = ServerShard::Acceptor;

constexpr int kBacklog = 1024;        // connections the kernel completes before we accept them
constexpr unsigned kRefusedMax = 32;  // per reactor, being told 503 at the same time
constexpr Duration kAcceptPause = std::chrono::milliseconds(100);  // after running out of descriptors
constexpr Duration kSweepAtMost = std::chrono::milliseconds(100);
constexpr Duration kSweepAtLeast = std::chrono::milliseconds(5);

using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

std::string text_of(const tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  const std::string port = std::to_string(endpoint.port());
  return endpoint.address().is_v6() ? "[" + address + "]:" + port : address + ":" + port;
}

Status bind_error(const ServerOptions& options, const tcp::endpoint& endpoint, const ErrorCode& error) {
  Error told{Code::failed_precondition,
             "cannot listen: " + error.message(),
             options.name + " " + text_of(endpoint),
             {},
             {},
             {}};
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

// One listening socket per reactor, all on the same port. The first one binds without SO_REUSEPORT: it fails when
// anybody has the port, a second dormouse included. Only then it, and the others before they bind, are made to share.
Result<std::vector<Acceptor>> listen(const ServerOptions& options, const ListenAddress& where,
                                     const std::vector<Reactor*>& reactors) {
  tcp::endpoint endpoint(asio::ip::make_address(where.address), where.port);
  std::vector<Acceptor> acceptors;
  for (Reactor* reactor : reactors) {
    const bool first = acceptors.empty();
    Acceptor& acceptor = acceptors.emplace_back(reactor->context());
    Step step{acceptor, {}};
    step.then([&](Acceptor& a, ErrorCode& e) { a.open(endpoint.protocol(), e); })
        .then([&](Acceptor& a, ErrorCode& e) { a.set_option(tcp::acceptor::reuse_address(true), e); })
        .then([&](Acceptor& a, ErrorCode& e) {
          if (endpoint.address().is_v6()) a.set_option(asio::ip::v6_only(true), e);
        })
        .then([&](Acceptor& a, ErrorCode& e) {
          if (!first) a.set_option(ReusePort(true), e);
        })
        .then([&](Acceptor& a, ErrorCode& e) { a.bind(endpoint, e); })
        .then([&](Acceptor& a, ErrorCode& e) { a.set_option(ReusePort(true), e); })
        .then([&](Acceptor& a, ErrorCode& e) { endpoint = a.local_endpoint(e); });
    if (step.error) return bind_error(options, endpoint, step.error);
  }
  // Listening comes last: nobody is let in before all have the port.
  for (Acceptor& acceptor : acceptors) {
    ErrorCode error;
    acceptor.listen(kBacklog, error);
    if (error) return bind_error(options, endpoint, error);
  }
  return acceptors;
}

Duration sweep_interval(const HttpLimits& limits) {
  const Duration shortest =
      std::min({limits.header_timeout, limits.body_timeout, limits.request_timeout, limits.idle_timeout});
  return std::clamp(shortest / 4, kSweepAtLeast, kSweepAtMost);
}

}  // namespace

// ---- the server ----

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
  for (size_t i = 0; i < reactors.size(); ++i)
    server->shards_.push_back(std::make_shared<ServerShard>(shared, *reactors[i], std::move((*acceptors)[i])));
  return server;
}

void Server::open() {
  opened_ = true;
  for (const auto& shard : shards_) shard->reactor().post([shard] { shard->accept(); });
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

// ---- one reactor's part ----

ServerShard::ServerShard(std::shared_ptr<ServerShared> shared, Reactor& reactor, Acceptor acceptor)
    : shared_(std::move(shared)),
      reactor_(reactor),
      acceptor_(std::move(acceptor)),
      sweep_every_(sweep_interval(shared_->options.limits)) {}

void ServerShard::accept() {
  if (!acceptor_.is_open()) return;
  acceptor_.async_accept([self = shared_from_this()](ErrorCode error, Socket socket) {
    if (!self->acceptor_.is_open()) return;
    if (error == asio::error::no_descriptors || error == asio::error::no_buffer_space ||
        error == asio::error::no_memory || error == boost::system::errc::too_many_files_open_in_system)
      return self->pause_accepting();
    if (!error) self->take(std::move(socket));
    self->accept();
  });
}

// Trying again at once would spin; connections wait in the backlog meanwhile.
void ServerShard::pause_accepting() {
  reactor_.at(reactor_.now() + kAcceptPause, [self = shared_from_this()] { self->accept(); });
}

void ServerShard::take(Socket socket) {
  const unsigned limit = shared_->options.limits.connections_max;
  if (shared_->connections.fetch_add(1) >= limit && !close_longest_idle()) {
    shared_->connections.fetch_sub(1);
    if (refused_ >= kRefusedMax) return;
    std::make_shared<Connection>(shared_from_this(), std::move(socket))
        ->start_refused("too many connections, at most " + std::to_string(limit));
    return;
  }
  std::make_shared<Connection>(shared_from_this(), std::move(socket))->start();
}

bool ServerShard::close_longest_idle() {
  Connection* longest = nullptr;
  for (Connection* each : connections_)
    if (each->phase() == Connection::Phase::idle && (!longest || each->deadline() < longest->deadline()))
      longest = each;
  if (longest) longest->close();
  return longest != nullptr;
}

void ServerShard::add(Connection& connection) {
  connection.index = connections_.size();
  connections_.push_back(&connection);
  if (connection.is_refused()) ++refused_;
  arm_sweep();
}

void ServerShard::remove(Connection& connection) {
  connections_[connection.index] = connections_.back();
  connections_[connection.index]->index = connection.index;
  connections_.pop_back();
  if (connection.is_refused()) {
    --refused_;
    return;
  }
  if (shared_->connections.fetch_sub(1) > 1 || !shared_->stopping) return;
  const std::lock_guard lock(shared_->mutex);
  shared_->changed.notify_all();
}

// One timer for all connections: looking at a thousand deadlines takes microseconds, setting a timer for every read of
// every connection takes more. A server without connections sleeps.
void ServerShard::arm_sweep() {
  if (sweep_armed_ || connections_.empty()) return;
  sweep_armed_ = true;
  reactor_.at(reactor_.now() + sweep_every_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->sweep();
  });
}

void ServerShard::sweep() {
  sweep_armed_ = false;
  const Time now = reactor_.now();
  // From the end: a connection that closes is replaced by the last one, which has been looked at.
  for (size_t i = connections_.size(); i-- > 0;)
    if (i < connections_.size()) connections_[i]->sweep(now);
  arm_sweep();
}

void ServerShard::begin_stop() {
  ErrorCode ignored;
  acceptor_.close(ignored);
  for (size_t i = connections_.size(); i-- > 0;) {
    if (i >= connections_.size()) continue;
    const Connection::Phase phase = connections_[i]->phase();
    const bool running = phase == Connection::Phase::body || phase == Connection::Phase::handling ||
                         phase == Connection::Phase::writing || phase == Connection::Phase::lingering;
    if (!running) connections_[i]->close();
  }
}

void ServerShard::close_all() {
  while (!connections_.empty()) connections_.back()->close();
}

std::string_view ServerShard::date() {
  const time_t second = std::time(nullptr);
  if (second != date_second_) {
    date_second_ = second;
    // Not strftime's names: those follow the locale.
    constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    tm at{};
    gmtime_r(&second, &at);
    char text[64];
    snprintf(text, sizeof text, "%s, %02d %s %d %02d:%02d:%02d GMT", kDays[at.tm_wday], at.tm_mday, kMonths[at.tm_mon],
             at.tm_year + 1900, at.tm_hour, at.tm_min, at.tm_sec);
    date_ = text;
  }
  return date_;
}

}  // namespace dormouse
