// One connection: reads requests one after the other, hands each to its route, writes the answers.
// Owned by its own pending operations and by responders; everything runs on its owner's reactor, but for the two calls
// of a responder that may come from any thread.
//
// Its functions stand in three files: connection.cc reads (buffer, head, body, dispatch), connection_answers.cc answers
// and says goodbye, connection_streams.cc writes streams. Whether a head may be served at all is head_admission.h's.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/task.h"
#include "http/answer_sink.h"
#include "http/connection_owner.h"
#include "http/head_admission.h"
#include "http/problem.h"
#include "http/request.h"
#include "http/request_parser.h"
#include "http/response_text.h"
#include "http/router.h"

namespace dormouse {

class Connection final : public AnswerSink, public std::enable_shared_from_this<Connection> {
 public:
  enum class Phase : uint8_t {
    idle,       // nothing of the next request has come
    head,       // its header is coming
    body,       // its body is coming
    handling,   // a responder has it
    writing,    // the answer is on its way
    streaming,  // an answer without end
    lingering,  // answered and shut; what still comes is dropped, so that the client can read the answer
    closed,
  };

  Connection(std::shared_ptr<ConnectionOwner> owner, HttpSocket socket);
  ~Connection() override;

  void start();
  // Instead of start: one 503 and goodbye. Answered after the client's first bytes, or when there are none for a
  // second.
  void start_refused(std::string why);
  // Looks at the time limits, and whether the client of a running request is gone.
  void sweep(Time now);
  void close() override;

  // How little a close would cost, for a server that has too many connections. Rank 0: it must not be closed.
  struct Dispensable {
    int rank = 0;  // 3: idle between requests; 2: silent since it came; 1: its request has been coming for seconds
    Time since = Time::max();
  };
  Dispensable dispensable(Time now) const;
  bool has_unread();
  // Answers what was begun and closes, for another connection's sake.
  void give_way();

  Phase phase() const { return phase_; }
  bool is_refused() const { return refused_; }
  Time deadline() const { return deadline_; }
  size_t index = 0;  // in the owner's list

  // ---- for responders ----
  void answer(Response response) override;
  void fail(const Problem& problem) override;
  Response blank_response() override;
  void begin_stream(std::string_view content_type) override;
  void write_stream(std::string_view text) override;
  bool is_streaming() const override { return phase_ == Phase::streaming; }
  size_t waiting_bytes() const override { return stream_out_.size() + stream_next_.size(); }
  void on_stream_change(Task task) override { on_stream_change_ = std::move(task); }
  EventLoop& loop() override { return reactor(); }
  std::string peer() const override;  // "127.0.0.1:50112"; empty when the client has gone

 private:
  using ErrorCode = boost::system::error_code;

  static constexpr size_t kBufferBytes = 4 << 10;      // a request with its header, nearly always
  static constexpr size_t kSmallBodyBytes = 64 << 10;  // not counted in bodies_bytes_max
  static constexpr size_t kRefusedBufferBytes = 1 << 10;
  static constexpr Duration kRefusedWait = std::chrono::seconds(1);  // for the first bytes of a refused connection
  // What makes a connection dispensable.
  static constexpr Duration kIdleBeforeClose = std::chrono::seconds(1);
  static constexpr Duration kSlowHead = std::chrono::seconds(1);
  static constexpr Duration kSlowBody = std::chrono::seconds(5);
  static constexpr Duration kLinger = std::chrono::seconds(2);
  static constexpr Duration kAnswerStall = std::chrono::seconds(10);  // so is an answer's
  static constexpr Duration kStreamStall = std::chrono::seconds(30);  // a stream's reader that takes nothing is gone

  Reactor& reactor() { return owner_->reactor(); }
  const HttpLimits& limits() const { return owner_->options().limits; }
  void set_phase(Phase phase, Duration time_left);

  // ---- in: connection.cc
  void read();
  void on_read(ErrorCode error, size_t size);
  void process();
  enum class Parsed : uint8_t { partly, whole, refused };
  Parsed parse();
  Parsed parse_head();
  Parsed parse_body();
  bool make_room();
  bool grow(size_t capacity);
  void fill_request();
  bool check_head();
  void say_continue();
  bool take_memory(size_t bytes);
  void dispatch();
  Duration time_unread();
  void watch_client();
  void give_up();

  // ---- out: connection_answers.cc
  void refuse(const Problem& problem) { answer_early(response_of(problem)); }
  void refuse_connection();
  void answer_early(Response response);
  void respond(Response response);
  void append_origin_fields(std::string& head) const;
  bool take_answer_memory(size_t bytes);
  void write_out();
  void write_more();
  std::array<boost::asio::const_buffer, 2> unwritten() const;
  void finish_response();
  void next_request();
  void linger();
  void read_to_nowhere();

  // ---- streams: connection_streams.cc
  void continue_stream();

  const std::shared_ptr<ConnectionOwner> owner_;
  HttpSocket socket_;
  Phase phase_ = Phase::idle;
  Time deadline_{};
  Time free_since_ = Time::min();  // since when nothing of its own keeps it from reading
  bool refused_ = false;
  bool reading_ = false;         // an async read is under way
  bool processing_ = false;      // process() is on the stack
  bool watching_ = false;        // waits for the client to go
  bool bytes_hide_end_ = false;  // bytes of the next request wait, so that only the kernel sees the end behind them
  bool keep_alive_ = true;
  bool head_only_ = false;           // a HEAD request: its answer has no body
  bool whole_when_refused_ = false;  // the header is being checked, and there is no body
  bool unread_input_ = false;        // the request was refused before its end
  uint64_t serial_ = 0;              // of the request, so that a late watch does not hit the next one

  std::unique_ptr<char[]> buffer_;
  size_t capacity_ = 0;
  size_t filled_ = 0;    // bytes in the buffer
  size_t parsed_ = 0;    // of them, given to the parser
  size_t head_end_ = 0;  // where the header ends, once it is complete
  ParsedRequest parsed_request_;
  std::optional<RequestParser> parser_;
  Request request_;
  const char* request_base_ = nullptr;  // the buffer that request_ looks into
  const Route* route_ = nullptr;
  size_t memory_taken_ = 0;
  std::optional<HeadAdmission> admission_;  // none before the first header
  std::string refused_why_;
  size_t lingered_bytes_ = 0;

  std::string out_;       // head of the answer, and small bodies
  Response spare_;        // the last answer, for the memory of the next one
  std::string body_out_;  // large bodies, sent from where they are
  size_t written_ = 0;    // of both
  Time stalls_at_{};      // a client that takes nothing until then is gone
  size_t answer_memory_taken_ = 0;
  std::string stream_out_;  // being written
  std::string stream_next_;
  Task on_stream_change_;
};

}  // namespace dormouse
