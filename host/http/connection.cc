#include "http/connection.h"

#include <algorithm>
#include <boost/beast/http/error.hpp>
#include <cstring>

#include "http/origin_rules.h"
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
  if (error) return refuse_parse_error(error), Parsed::refused;
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
    if (error && error != HttpError::need_more) return refuse_parse_error(error), Parsed::refused;
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
    refuse(Problem::of(HttpProblem::headers_too_large,
                       Error{.code = Code::invalid_argument,
                             .message = "the header is too large",
                             .needed = "at most " + std::to_string(header_max) + " bytes"}));
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
  if (!check_authority()) return false;
  if (request_.method == "OPTIONS") return answer_options(), false;
  Problem problem{};
  std::string allow;
  route_ = find_route(owner_->shared().routes, request_, &problem, &allow);
  if (!route_) {
    if (!allow.empty()) problem.headers = "Allow: " + allow + "\r\n";
    return refuse(problem), false;
  }
  if (route_->access == Route::Access::token && !is_token(request_.header("Authorization"), owner_->options().token)) {
    Error error{.code = Code::invalid_argument,
                .message = "this needs the control token",
                .object = std::string(request_.path),
                .needed = "Authorization: Bearer <token>",
                .found = request_.has_header("Authorization") ? "another token" : "none",
                .remedy = "send the content of state_dir/token"};
    Problem unauthenticated = Problem::of(HttpProblem::unauthenticated, std::move(error));
    if (owner_->options().on_token_refused) owner_->options().on_token_refused(request_, peer());
    unauthenticated.headers = "WWW-Authenticate: Bearer realm=\"dormouse\"\r\n";
    return refuse(unauthenticated), false;
  }
  if (route_->body == Route::Body::required && !parser_->announces_body())
    return refuse(
               Problem::of(HttpProblem::length_required, Error{.code = Code::invalid_argument,
                                                               .message = "a body is needed",
                                                               .object = std::string(request_.path),
                                                               .needed = "Content-Length or Transfer-Encoding: chunked",
                                                               .found = "neither"})),
           false;
  return check_expectation();
}

bool Connection::check_expectation() {
  const std::string_view expect = request_.header("Expect");
  if (expect.empty() || parsed_request_.version < 11) return true;
  if (!equals_ignoring_case(expect, "100-continue"))
    return refuse(Problem::of(HttpProblem::expectation_failed, Error{.code = Code::invalid_argument,
                                                                     .message = "that expectation is not known",
                                                                     .object = "Expect",
                                                                     .needed = "100-continue",
                                                                     .found = std::string(expect.substr(0, 64))})),
           false;
  // Sent at once; a socket that cannot take 25 bytes now belongs to a client that does not read.
  if (!parser_->is_done() && filled_ == parsed_) {
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    ErrorCode error;
    socket_.write_some(asio::buffer(kContinue.data(), kContinue.size()), error);
  }
  return true;
}

bool Connection::check_authority() {
  const auto bad = [&](HttpProblem problem, std::string message, std::string object, std::string remedy = {}) {
    refuse(Problem::of(problem, Error{.code = Code::invalid_argument,
                                      .message = std::move(message),
                                      .object = std::move(object),
                                      .remedy = std::move(remedy)}));
    return false;
  };
  const bool has_host = request_.has_header("Host");
  if (!has_host && parsed_request_.version >= 11) return bad(HttpProblem::bad_request, "no Host", "Host");
  const std::string_view target_text = parsed_request_.target.in(buffer_.get());
  const Target target = split_target(target_text);
  if (target.path.empty())
    return bad(HttpProblem::bad_request, "the request target is no path", std::string(target_text.substr(0, 100)));

  // "GET http://host/path" is allowed to any server, and that host goes before the Host field.
  const std::string_view authority = target.absolute ? target.authority : request_.header("Host");
  if ((has_host || target.absolute) && (authority.empty() || authority != accepted_authority_)) {
    const std::string_view host = host_of(authority);
    if (host.empty()) return bad(HttpProblem::bad_request, "it is no host name", "Host");
    ErrorCode ignored;
    const std::string local = socket_.local_endpoint(ignored).address().to_string();
    if (is_host_allowed(host, local, owner_->options().allowed_hosts)) {
      accepted_authority_ = authority;
    } else if (!is_probe() || !is_address(host)) {
      return bad(HttpProblem::forbidden, "this host name is not allowed here",
                 "Host '" + std::string(host.substr(0, 100)) + "'", "add it to allowed_hosts when it is yours");
    }
  }
  return check_origin(authority);
}

// Health checks name the address that they reach us by, which behind a balancer is none of ours. A page whose name was
// rebound cannot come that way, since it sends its name.
bool Connection::is_probe() const {
  const std::vector<Route>& routes = owner_->shared().routes;
  return std::any_of(routes.begin(), routes.end(),
                     [&](const Route& route) { return route.probe && route.pattern == request_.path; });
}

bool Connection::check_origin(std::string_view authority) {
  allowed_origin_.clear();
  if (!request_.has_header("Origin")) return true;
  const std::string_view origin = request_.header("Origin");
  if (is_origin_listed(origin, owner_->options().allowed_origins)) return allowed_origin_ = origin, true;
  if (is_own_origin(origin, authority)) return true;
  refuse(Problem::of(HttpProblem::forbidden, Error{.code = Code::invalid_argument,
                                                   .message = "pages of this origin are not allowed here",
                                                   .object = "Origin '" + std::string(origin.substr(0, 100)) + "'",
                                                   .remedy = "add it to allowed_origins when it is yours"}));
  return false;
}

// What may be done to a path; for a page of another origin, whether its browser may send the request at all.
void Connection::answer_options() {
  Problem problem{};
  std::string allow;
  find_route(owner_->shared().routes, request_, &problem, &allow);
  if (allow.empty()) return refuse(problem);
  Response response;
  response.status = 204;
  response.headers = "Allow: " + allow + "\r\n";
  if (!allowed_origin_.empty() && request_.has_header("Access-Control-Request-Method"))
    response.headers += preflight_fields(allow);
  answer_early(std::move(response));
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

void Connection::refuse_parse_error(ErrorCode error) {
  if (error == HttpError::body_limit)
    return refuse(Problem::of(HttpProblem::body_too_large,
                              Error{.code = Code::invalid_argument,
                                    .message = "the body is too large",
                                    .needed = "at most " + std::to_string(limits().body_bytes_max) + " bytes"}));
  if (error == HttpError::header_limit)
    return refuse(Problem::of(HttpProblem::headers_too_large,
                              Error{.code = Code::invalid_argument,
                                    .message = "the header is too large",
                                    .needed = "at most " + std::to_string(limits().header_bytes_max) + " bytes"}));
  if (error == HttpError::bad_version)
    return refuse(Problem::of(HttpProblem::version_not_supported, "this server speaks HTTP/1.0 and HTTP/1.1"));
  switch (parser_->refusal()) {
    case RequestParser::Refusal::fields_max:
      return refuse(Problem::of(HttpProblem::headers_too_large,
                                Error{.code = Code::invalid_argument,
                                      .message = "too many header fields",
                                      .needed = "at most " + std::to_string(RequestParser::kFieldsMax)}));
    case RequestParser::Refusal::no_memory:
      return refuse(Problem::of(Status(Code::overloaded, "too many large bodies at once")));
    case RequestParser::Refusal::obs_fold:
    case RequestParser::Refusal::framing:
    case RequestParser::Refusal::repeated:
      return refuse(Problem::of(HttpProblem::bad_request, std::string(parser_->refusal_text())));
    case RequestParser::Refusal::none:
      return refuse(Problem::of(HttpProblem::bad_request, "not an HTTP request: " + error.message()));
  }
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
