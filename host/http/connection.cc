#include "http/connection.h"

#include <algorithm>
#include <boost/beast/http/error.hpp>
#include <cstring>

#include "http/parse_problem.h"
#include "http/socket_state.h"

namespace dormouse {
namespace {

namespace asio = boost::asio;
using HttpError = boost::beast::http::error;

constexpr size_t kBodyWindowBytes = 64 << 10;  // read at once of a large body

}  // namespace

Connection::Connection(std::shared_ptr<ConnectionOwner> owner, HttpSocket socket)
    : owner_(std::move(owner)), socket_(std::move(socket)) {}

Connection::~Connection() {
  if (memory_taken_ > 0) owner_->shared().body_bytes -= memory_taken_;
  if (answer_memory_taken_ > 0) owner_->shared().answer_bytes -= answer_memory_taken_;
}

void Connection::set_phase(Phase phase, Duration time_left) {
  phase_ = phase;
  // Limits are seconds, and a request passes through several phases at once: the coarse clock is good enough.
  deadline_ = SystemClock().now_coarse() + time_left;
}

void Connection::start() {
  ErrorCode ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  parsed_request_.take_memory = [this](size_t bytes) { return take_memory(bytes); };
  owner_->add(*this);
  // A client that connects has something to say; only after its first request may it be idle for long.
  set_phase(Phase::head, limits().header_timeout);
  if (!grow(std::min(kBufferBytes, limits().header_bytes_max))) return close();
  read();
}

void Connection::start_refused(std::string why) {
  refused_ = true;
  refused_why_ = std::move(why);
  ErrorCode ignored;
  socket_.non_blocking(true, ignored);
  owner_->add(*this);
  set_phase(Phase::head, kRefusedWait);
  if (!grow(kRefusedBufferBytes)) return close();
  read();
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  const auto self = shared_from_this();  // the last operation may end with the socket
  const bool unanswered = phase_ == Phase::handling;
  phase_ = Phase::closed;
  ErrorCode ignored;
  socket_.close(ignored);
  owner_->remove(*this);
  if (unanswered) give_up();
  if (on_stream_change_) std::exchange(on_stream_change_, {})();
}

void Connection::sweep(Time now) {
  if (phase_ == Phase::handling) {
    if (!watching_) watch_client();
    if (bytes_hide_end_ && is_peer_gone(socket_.native_handle())) return close();
  }
  if (phase_ == Phase::writing && now >= stalls_at_) return close();
  if (now < deadline_) return;
  switch (phase_) {
    case Phase::head:
      if (refused_) return refuse_connection();
      if (filled_ == 0) return close();
      return refuse(Problem::of(HttpProblem::request_timeout, "the header did not arrive in time"));
    case Phase::body:
      return refuse(Problem::of(HttpProblem::request_timeout, "the body did not arrive in time"));
    case Phase::handling:
      refuse(Problem::of(Status(Error{.code = Code::deadline_exceeded,
                                      .message = "the request took longer than the server allows",
                                      .object = std::string(request_.path)})));
      return give_up();
    case Phase::streaming:
      // Time is only running while something waits to be taken.
      return stream_out_.empty() ? set_phase(Phase::streaming, kStreamStall) : close();
    default:
      return close();
  }
}

// The times are those after which an honest client has long sent what it came for. A connection that was idle for less
// may have a request on its way, and would lose it without an answer.
Connection::Dispensable Connection::dispensable(Time now) const {
  const auto after = [now](Time since, Duration at_least, int rank) {
    return now - since >= at_least ? Dispensable{rank, since} : Dispensable{};
  };
  if (refused_) return {};
  if (phase_ == Phase::idle) return after(deadline_ - limits().idle_timeout, kIdleBeforeClose, 3);
  const Time begun = deadline_ - (phase_ == Phase::head ? limits().header_timeout : limits().body_timeout);
  if (phase_ == Phase::head) return filled_ == 0 ? after(begun, kIdleBeforeClose, 2) : after(begun, kSlowHead, 1);
  if (phase_ == Phase::body) return after(begun, kSlowBody, 1);
  return {};
}

bool Connection::has_unread() {
  return has_unread_bytes(socket_.native_handle());
}

void Connection::give_way() {
  const auto self = shared_from_this();
  if (refused_ && phase_ == Phase::head) {
    refuse_connection();
  } else if ((phase_ == Phase::head && filled_ > 0) || phase_ == Phase::body) {
    refuse(
        Problem::of(HttpProblem::request_timeout, "the request came too slowly while others wait for the connection"));
  }
  // What is left unread at a close resets the connection, and takes the answer with it.
  ErrorCode error;
  for (int i = 0; i < 16 && !error && capacity_ > 0; ++i)
    socket_.read_some(asio::mutable_buffer(buffer_.get(), capacity_), error);
  close();
}

// ---- in ----

bool Connection::grow(size_t capacity) {
  std::unique_ptr<char[]> larger(new (std::nothrow) char[capacity]);
  if (!larger) return false;
  if (filled_ > 0) std::memcpy(larger.get(), buffer_.get(), filled_);
  buffer_ = std::move(larger);
  capacity_ = capacity;
  return true;
}

void Connection::read() {
  if (reading_) return;
  reading_ = true;
  socket_.async_read_some(asio::mutable_buffer(buffer_.get() + filled_, capacity_ - filled_),
                          [self = shared_from_this()](ErrorCode error, size_t size) { self->on_read(error, size); });
}

void Connection::on_read(ErrorCode error, size_t size) {
  reading_ = false;
  if (phase_ == Phase::closed) return;
  if (error) return close();  // the client is gone; what it sent so far is no request
  if (phase_ == Phase::lingering) return read_to_nowhere();
  if (refused_) return refuse_connection();
  if (phase_ == Phase::idle) set_phase(Phase::head, limits().header_timeout);
  filled_ += size;
  process();
}

// From bytes to requests, one after the other, until more bytes or an answer are waited for. A loop, so that a thousand
// requests in one packet do not become a thousand frames on the stack.
void Connection::process() {
  if (processing_) return;
  processing_ = true;
  const auto self = shared_from_this();  // an answer may close us
  while (phase_ == Phase::idle || phase_ == Phase::head || phase_ == Phase::body) {
    if (filled_ == parsed_) {
      if (make_room()) read();
      break;
    }
    if (phase_ == Phase::idle) set_phase(Phase::head, limits().header_timeout);
    const Parsed parsed = parse();
    if (parsed == Parsed::whole) dispatch();
    if (parsed == Parsed::partly) {
      if (make_room()) read();
      break;
    }
  }
  processing_ = false;
}

Connection::Parsed Connection::parse() {
  if (phase_ == Phase::head) {
    if (const Parsed head = parse_head(); head != Parsed::whole) return head;
  }
  return parse_body();
}

Connection::Parsed Connection::parse_head() {
  if (!parser_) {
    parser_.emplace(parsed_request_);
    parser_->header_limit(static_cast<uint32_t>(limits().header_bytes_max));
    parser_->body_limit(limits().body_bytes_max);
  }
  ErrorCode error;
  parsed_ += parser_->feed(buffer_.get(), parsed_, filled_, error);
  if (error == HttpError::need_more) return Parsed::partly;
  if (error) return refuse(parse_problem(error, *parser_, limits())), Parsed::refused;
  head_end_ = parsed_;
  fill_request();
  // A refusal costs the connection only when a body would have to be skipped.
  whole_when_refused_ = parser_->is_done();
  if (!check_head()) return Parsed::refused;
  whole_when_refused_ = false;
  phase_ = Phase::body;
  if (!parser_->is_done()) set_phase(Phase::body, limits().body_timeout);
  parser_->eager(true);
  return Parsed::whole;
}

Connection::Parsed Connection::parse_body() {
  if (parser_->is_done()) return Parsed::whole;
  if (parsed_ < filled_) {
    ErrorCode error;
    parsed_ += parser_->feed(buffer_.get(), parsed_, filled_, error);
    if (error && error != HttpError::need_more)
      return refuse(parse_problem(error, *parser_, limits())), Parsed::refused;
    if (parser_->is_done()) return Parsed::whole;
  }
  // What the parser used of the body is copied; its place behind the header is free again.
  std::memmove(buffer_.get() + head_end_, buffer_.get() + parsed_, filled_ - parsed_);
  filled_ -= parsed_ - head_end_;
  parsed_ = head_end_;
  return Parsed::partly;
}

// Space to read into, or a refusal.
bool Connection::make_room() {
  if (phase_ != Phase::body) {
    if (filled_ < capacity_) return true;
    const size_t header_max = limits().header_bytes_max;
    if (capacity_ < header_max && grow(std::min(capacity_ * 2, header_max))) return true;
    refuse(header_too_large(limits()));
    return false;
  }
  // Small at first, whatever was announced: memory follows what really comes.
  const size_t wanted = parsed_request_.body.size() < 4 * kBufferBytes ? kBufferBytes : kBodyWindowBytes;
  if (capacity_ - filled_ >= wanted) return true;
  // Chunks with absurd extensions could ask for ever more.
  if (filled_ - head_end_ < kBodyWindowBytes && grow(filled_ + wanted)) return true;
  refuse(Problem::of(HttpProblem::bad_request, "a chunk header is too large"));
  return false;
}

void Connection::fill_request() {
  const char* base = buffer_.get();
  request_base_ = base;
  request_.method = parsed_request_.method.in(base);
  head_only_ = request_.method == "HEAD";
  const Target target = split_target(parsed_request_.target.in(base));
  request_.path = target.path;
  request_.query = target.query;
  request_.fields.clear();
  for (const auto& field : parsed_request_.fields)
    request_.fields.push_back({field.name.in(base), field.value.in(base)});
}

// All that can be said about a request before its body is there.
bool Connection::check_head() {
  if (!admission_) {
    ErrorCode ignored;
    admission_.emplace(owner_->options(), owner_->shared().routes,
                       socket_.local_endpoint(ignored).address().to_string());
  }
  HeadAdmission::Verdict verdict = admission_->judge(request_, {.target = parsed_request_.target.in(buffer_.get()),
                                                                .version = parsed_request_.version,
                                                                .announces_body = parser_->announces_body()});
  if (verdict.token_refused && owner_->options().on_token_refused) owner_->options().on_token_refused(request_, peer());
  if (verdict.problem) return refuse(*verdict.problem), false;
  if (verdict.response) return answer_early(std::move(*verdict.response)), false;
  route_ = verdict.route;
  if (verdict.wants_continue) say_continue();
  return true;
}

// Sent at once; a socket that cannot take 25 bytes now belongs to a client that does not read.
void Connection::say_continue() {
  if (parser_->is_done() || filled_ != parsed_) return;  // the body is coming already
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  ErrorCode error;
  socket_.write_some(asio::buffer(kContinue.data(), kContinue.size()), error);
}

std::string Connection::peer() const {
  ErrorCode error;
  const auto endpoint = socket_.remote_endpoint(error);
  return error ? std::string() : text_of(endpoint);
}

// Small bodies are bounded by the number of connections; large ones by their sum.
bool Connection::take_memory(size_t bytes) {
  if (parsed_request_.body.size() + bytes <= kSmallBodyBytes) return true;
  std::atomic<size_t>& taken = owner_->shared().body_bytes;
  if (taken.fetch_add(bytes) + bytes > limits().bodies_bytes_max) {
    taken.fetch_sub(bytes);
    return false;
  }
  memory_taken_ += bytes;
  return true;
}

void Connection::dispatch() {
  if (buffer_.get() != request_base_) fill_request();  // the buffer has moved since the header was checked
  request_.body = parsed_request_.body;
  keep_alive_ = parser_->keep_alive();
  request_.id = owner_->shared().next_request_id.fetch_add(1, std::memory_order_relaxed);
  if (!request_.cancel.is_unused()) request_.cancel = CancelToken();
  request_.when_given_up = {};
  phase_ = Phase::handling;
  request_.received = reactor().now();  // what its times are told from: not the coarse clock
  deadline_ = request_.received + limits().request_timeout;
  LagGate& gate = owner_->lag_gate();
  request_.waited = gate.is_late() ? time_unread() : Duration::zero();
  request_.came_too_late = gate.refuse(request_.received, request_.waited);
  ++serial_;
  watching_ = false;
  bytes_hide_end_ = false;
  owner_->watch_soon(request_.received);
  route_->handle(request_, Responder(shared_from_this()));
}

// How long the request had to wait for the loop. What it waited for an earlier request of its own connection is not the
// loop's doing.
Duration Connection::time_unread() {
  const Duration since_free = free_since_ == Time::min() ? Duration::max() : request_.received - free_since_;
  return std::clamp(since_last_arrival(socket_.native_handle()), Duration::zero(),
                    std::max(since_free, Duration::zero()));
}

// Most requests are answered long before anybody would ask whether their client is still there, so this starts with
// the first sweep that finds one running. Bytes that come early (a pipelined request) stay where they are until their
// turn, and hide the end behind them: then each sweep asks the kernel.
void Connection::watch_client() {
  watching_ = true;
  socket_.async_wait(asio::ip::tcp::socket::wait_read, [self = shared_from_this(), serial = serial_](ErrorCode error) {
    if (error || self->phase_ != Phase::handling || self->serial_ != serial) return;
    if (is_peer_gone(self->socket_.native_handle())) return self->close();
    self->bytes_hide_end_ = self->has_unread();
    if (!self->bytes_hide_end_) self->watch_client();
  });
}

// Nobody waits for the handler any more. What it answers from here on is dropped.
void Connection::give_up() {
  request_.cancel.cancel();
  Task told = std::exchange(request_.when_given_up, {});
  if (told) told();
}

}  // namespace dormouse
