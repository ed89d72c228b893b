#include "http/server_shard.h"

#include <algorithm>
#include <chrono>
#include <ctime>

#include "http/connection.h"

namespace dormouse {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

constexpr unsigned kRefusedMax = 32;                               // per reactor, being told 503 at the same time
constexpr Duration kAcceptPause = std::chrono::milliseconds(100);  // after running out of descriptors
constexpr Duration kSweepAtMost = std::chrono::milliseconds(100);
constexpr Duration kSweepAtLeast = std::chrono::milliseconds(5);

Duration sweep_interval(const HttpLimits& limits) {
  const Duration shortest =
      std::min({limits.header_timeout, limits.body_timeout, limits.request_timeout, limits.idle_timeout});
  return std::clamp(shortest / 4, kSweepAtLeast, kSweepAtMost);
}

}  // namespace

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
