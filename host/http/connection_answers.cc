// The part of a connection that answers and says goodbye; connection.h says where the others are.
#include <algorithm>
#include <boost/asio/write.hpp>
#include <cstring>

#include "http/connection.h"
#include "http/origin_rules.h"
#include "http/response_text.h"

namespace dormouse {
namespace {

namespace asio = boost::asio;

constexpr size_t kCopiedBodyBytes = 16 << 10;  // an answer's body up to here goes out in one piece with its head
constexpr size_t kOutBytesKept = 8 << 10;      // by a connection between two answers
constexpr size_t kLingerBytesMax = size_t{32} << 20;

}  // namespace

void Connection::answer(Response response) {
  if (reactor().in_loop_thread()) {
    if (phase_ == Phase::handling) respond(std::move(response));
    return;
  }
  reactor().post(
      [self = shared_from_this(), response = std::move(response)]() mutable { self->answer(std::move(response)); });
}

void Connection::fail(const Problem& problem) {
  if (!reactor().in_loop_thread()) {
    reactor().post([self = shared_from_this(), problem] { self->fail(problem); });
    return;
  }
  Problem named = problem;
  named.request = request_.id;
  answer(response_of(named));
}

// Answers what no route will see, and closes when more of it may come.
void Connection::answer_early(Response response) {
  keep_alive_ = std::exchange(whole_when_refused_, false) && parser_->keep_alive();
  unread_input_ = !keep_alive_;
  respond(std::move(response));
}

void Connection::refuse_connection() {
  refuse(
      Problem::of(Status(Error{.code = Code::overloaded, .message = refused_why_, .object = owner_->options().name})));
}

void Connection::respond(Response response) {
  if (owner_->shared().stopping.load(std::memory_order_relaxed)) keep_alive_ = false;
  if (response.body.size() > kSmallBodyBytes && !head_only_ && !take_answer_memory(response.body.size()))
    response = response_of(
        Problem::of(Status(Error{.code = Code::overloaded,
                                 .message = "too many large answers wait for their clients to read them",
                                 .object = owner_->options().name,
                                 .needed = "at most " + std::to_string(limits().answers_bytes_max) + " bytes",
                                 .remedy = "try again, or raise answers_bytes_max"})));
  const bool has_content = response.status != 204;
  out_.clear();
  out_ += "HTTP/1.1 ";
  out_ += std::to_string(response.status);
  out_ += ' ';
  out_ += reason_of(response.status);
  out_ += "\r\nDate: ";
  out_ += owner_->date();
  if (has_content) {
    out_ += "\r\nContent-Type: ";
    out_ += response.content_type;
    out_ += "\r\nContent-Length: ";
    out_ += std::to_string(response.body.size());
  }
  out_ += "\r\n";
  out_ += response.headers;
  append_origin_fields(out_);
  if (!keep_alive_) {
    out_ += "Connection: close\r\n";
  } else if (parsed_request_.version < 11) {
    out_ += "Connection: keep-alive\r\n";
  }
  out_ += "\r\n";
  body_out_.clear();
  if (!head_only_ && response.body.size() <= kCopiedBodyBytes) {
    out_ += response.body;
  } else if (!head_only_) {
    body_out_ = std::move(response.body);
  }
  phase_ = Phase::writing;  // within the time the request has left
  if (unread_input_) deadline_ = owner_->reactor().now() + kLinger;
  if (response.headers.capacity() + response.body.capacity() <= kOutBytesKept) spare_ = std::move(response);
  write_out();
}

// A cache must not give one origin's answer to another, hence Vary on all answers.
void Connection::append_origin_fields(std::string& head) const {
  const ServerOptions& options = owner_->options();
  if (options.allowed_origins.empty()) return;
  head += "Vary: Origin\r\n";
  if (admission_ && !admission_->allowed_origin().empty())
    append_cross_origin_fields(head, admission_->allowed_origin(), options.cors_credentials);
}

// Small answers are bounded by the number of connections; large ones by their sum. Taken before the first byte is sent:
// afterwards there is no other answer to give.
bool Connection::take_answer_memory(size_t bytes) {
  std::atomic<size_t>& taken = owner_->shared().answer_bytes;
  if (taken.fetch_add(bytes) + bytes > limits().answers_bytes_max) {
    taken.fetch_sub(bytes);
    return false;
  }
  answer_memory_taken_ += bytes;
  return true;
}

std::array<asio::const_buffer, 2> Connection::unwritten() const {
  std::array<asio::const_buffer, 2> parts{asio::buffer(out_), asio::buffer(body_out_)};
  const size_t of_head = std::min(written_, out_.size());
  parts[0] += of_head;
  parts[1] += written_ - of_head;
  return parts;
}

// Nearly every answer fits into the socket at once; only the rest goes through the loop.
void Connection::write_out() {
  ErrorCode error;
  written_ = 0;
  written_ = body_out_.empty() ? socket_.write_some(asio::buffer(out_), error) : socket_.write_some(unwritten(), error);
  if (error && error != asio::error::would_block && error != asio::error::try_again) return close();
  if (error) written_ = 0;
  if (written_ == out_.size() + body_out_.size()) return finish_response();
  stalls_at_ = SystemClock().now_coarse() + kAnswerStall;
  write_more();
}

void Connection::write_more() {
  socket_.async_write_some(unwritten(), [self = shared_from_this()](ErrorCode error, size_t size) {
    if (self->phase_ != Phase::writing) return;
    if (error) return self->close();
    self->written_ += size;
    if (self->written_ == self->out_.size() + self->body_out_.size()) return self->finish_response();
    self->stalls_at_ = SystemClock().now_coarse() + kAnswerStall;
    self->write_more();
  });
}

Response Connection::blank_response() {
  Response blank = std::move(spare_);
  blank.status = 200;
  blank.content_type = Response().content_type;
  blank.headers.clear();
  blank.body.clear();
  return blank;
}

void Connection::finish_response() {
  if (out_.capacity() > kOutBytesKept) out_ = {};
  if (body_out_.capacity() > 0) body_out_ = {};
  if (memory_taken_ > 0) owner_->shared().body_bytes -= std::exchange(memory_taken_, 0);
  if (answer_memory_taken_ > 0) owner_->shared().answer_bytes -= std::exchange(answer_memory_taken_, 0);
  if (!keep_alive_) return unread_input_ ? linger() : close();
  next_request();
}

void Connection::next_request() {
  if (owner_->shared().stopping.load(std::memory_order_relaxed)) return close();
  parser_.reset();
  parsed_request_.clear();
  route_ = nullptr;
  head_only_ = false;
  const size_t left = filled_ - parsed_;
  if (left > 0) std::memmove(buffer_.get(), buffer_.get() + parsed_, left);
  filled_ = left;
  parsed_ = 0;
  head_end_ = 0;
  if (capacity_ > limits().header_bytes_max && left <= kBufferBytes) grow(kBufferBytes);
  const Duration time_left = left > 0 ? limits().header_timeout : limits().idle_timeout;
  set_phase(left > 0 ? Phase::head : Phase::idle, time_left);
  free_since_ = deadline_ - time_left;
  process();
}

// Closing with unread bytes resets the connection, and the client may lose the answer it was about to read.
void Connection::linger() {
  ErrorCode ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  set_phase(Phase::lingering, kLinger);
  read_to_nowhere();
}

void Connection::read_to_nowhere() {
  if (reading_) return;  // the read under way ends in on_read, which leads here again
  filled_ = 0;
  parsed_ = 0;
  reading_ = true;
  socket_.async_read_some(asio::mutable_buffer(buffer_.get(), capacity_),
                          [self = shared_from_this()](ErrorCode error, size_t size) {
                            self->reading_ = false;
                            self->lingered_bytes_ += size;
                            if (self->phase_ == Phase::closed) return;
                            if (error || self->lingered_bytes_ > kLingerBytesMax) return self->close();
                            self->read_to_nowhere();
                          });
}

}  // namespace dormouse
