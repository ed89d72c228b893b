#include "http/server_shard.h"

#include <algorithm>
#include <chrono>
#include <ctime>

#include "http/connection.h"

namespace dormouse {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

constexpr int kAcceptsATurn = 64;                                  // then the sockets that are already here
constexpr Duration kAcceptPause = std::chrono::milliseconds(100);  // after running out of descriptors
constexpr Duration kSweepAtMost = std::chrono::milliseconds(100);
constexpr Duration kSweepAtLeast = std::chrono::milliseconds(5);
constexpr Duration kRefusalPause = std::chrono::milliseconds(10);  // while all refused clients are still to be answered
constexpr Duration kNoRoomPause = std::chrono::milliseconds(10);

Duration thread_cpu_time() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

Duration sweep_interval(const HttpLimits& limits) {
  const Duration shortest =
      std::min({limits.header_timeout, limits.body_timeout, limits.request_timeout, limits.idle_timeout});
  return std::clamp(shortest / 4, kSweepAtLeast, kSweepAtMost);
}

}  // namespace

ServerShard::ServerShard(std::shared_ptr<ServerShared> shared, Reactor& reactor, HttpAcceptor acceptor,
                         unsigned refused_max, Histogram* loop_lag)
    : ConnectionOwner(std::move(shared), reactor),
      acceptor_(std::move(acceptor)),
      refused_max_(refused_max),
      sweep_idle_(sweep_interval(options().limits)),
      loop_lag_(loop_lag) {
  ErrorCode ignored;
  acceptor_.non_blocking(true, ignored);
}

void ServerShard::accept() {
  if (!acceptor_.is_open()) return;
  acceptor_.async_accept([self = shared_from_this()](ErrorCode error, HttpSocket socket) {
    if (!self->acceptor_.is_open()) return;
    if (error == asio::error::no_descriptors || error == asio::error::no_buffer_space ||
        error == asio::error::no_memory || error == boost::system::errc::too_many_files_open_in_system)
      return self->pause_accepting(kAcceptPause);
    if (!error) {
      self->take(std::move(socket));
      self->accept_waiting();
    }
    if (!self->accepting_paused_) self->accept();
  });
}

// One connection a turn would put each newcomer behind all that the loop has to do. Errors are left to the next turn.
void ServerShard::accept_waiting() {
  for (int i = 1; i < kAcceptsATurn && !accepting_paused_; ++i) {
    ErrorCode error;
    HttpSocket socket(reactor().context().get_executor());
    acceptor_.accept(socket, error);
    if (error) return;
    take(std::move(socket));
  }
}

// Trying again at once would spin; connections wait in the backlog meanwhile.
void ServerShard::pause_accepting(Duration time) {
  accepting_paused_ = true;
  reactor().at(reactor().now() + time, [self = shared_from_this()] {
    self->accepting_paused_ = false;
    self->accept();
  });
}

void ServerShard::take(HttpSocket socket) {
  auto connection = std::make_shared<Connection>(shared_from_this(), std::move(socket));
  if (shared().connections.fetch_add(1) < options().limits.connections_max || make_room()) return connection->start();
  shared().connections.fetch_sub(1);
  // When nothing may end, this one is one too many: those behind it wait in the backlog, where they lose nothing.
  if (refused_ >= refused_max_ && !end_a_refusal()) pause_accepting(kRefusalPause);
  connection->start_refused("too many connections, at most " + std::to_string(options().limits.connections_max));
}

// Of those with their answer, which only linger for their clients to read it, the one that has lingered longest.
bool ServerShard::end_a_refusal() {
  Connection* oldest = nullptr;
  for (Connection* each : connections_)
    if (each->is_refused() && each->phase() == Connection::Phase::lingering &&
        (!oldest || each->deadline() < oldest->deadline()))
      oldest = each;
  if (oldest) oldest->give_way();
  return oldest != nullptr;
}

// Closes the connection of this reactor that is the most dispensable, and never one with a request under way.
bool ServerShard::make_room() {
  const Time now = reactor().now();
  if (now < no_room_until_) return false;
  Connection* chosen = nullptr;
  Connection::Dispensable how{};
  for (Connection* each : connections_) {
    const Connection::Dispensable here = each->dispensable(now);
    const bool better = here.rank > how.rank || (here.rank == how.rank && here.since < how.since);
    if (!better || each->has_unread()) continue;
    chosen = each;
    how = here;
  }
  if (!chosen) {
    no_room_until_ = now + kNoRoomPause;
    return false;
  }
  chosen->give_way();
  return true;
}

void ServerShard::watch_soon(Time now) {
  if (now + kSweepRunning < sweep_at_) arm_sweep(now + kSweepRunning);
}

void ServerShard::add(Connection& connection) {
  connection.index = connections_.size();
  connections_.push_back(&connection);
  if (connection.is_refused()) ++refused_;
  if (sweep_at_ == Time::max()) arm_sweep(reactor().now() + sweep_idle_);
}

void ServerShard::remove(Connection& connection) {
  connections_[connection.index] = connections_.back();
  connections_[connection.index]->index = connection.index;
  connections_.pop_back();
  if (connection.is_refused()) {
    --refused_;
    return;
  }
  if (shared().connections.fetch_sub(1) > 1 || !shared().stopping) return;
  const std::lock_guard lock(shared().mutex);
  shared().changed.notify_all();
}

// One timer for all connections: looking at a thousand deadlines takes microseconds, setting a timer for every read of
// every connection takes more. A server without connections sleeps.
void ServerShard::arm_sweep(Time at) {
  if (sweep_at_ != Time::max()) reactor().cancel(sweep_timer_);
  sweep_at_ = at;
  sweep_timer_ = reactor().at(at, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->sweep();
  });
}

// The timer is also the probe for how late the loop is.
void ServerShard::sweep() {
  const Time now = reactor().now();
  lag_gate().observe(now, now - sweep_at_, thread_cpu_time());
  if (loop_lag_) loop_lag_->observe_alone(lag_gate().lag());
  sweep_at_ = Time::max();
  bool running = false;
  // From the end: a connection that closes is replaced by the last one, which has been looked at.
  for (size_t i = connections_.size(); i-- > 0;) {
    if (i >= connections_.size()) continue;
    running |= connections_[i]->phase() == Connection::Phase::handling;
    connections_[i]->sweep(now);
  }
  if (!connections_.empty() && sweep_at_ == Time::max())
    arm_sweep(reactor().now() + (running ? std::min(kSweepRunning, sweep_idle_) : sweep_idle_));
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

}  // namespace dormouse
