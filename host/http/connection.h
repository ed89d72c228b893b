// One connection: reads requests one after the other, hands each to its route, writes the answers.
// Owned by its own pending operations and by responders; everything runs on its shard's reactor, but for the two calls
// of a responder that may come from any thread.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/task.h"
#include "http/problem.h"
#include "http/request.h"
#include "http/request_parser.h"
#include "http/router.h"
#include "http/server_shard.h"

namespace dormouse {

class Connection : public std::enable_shared_from_this<Connection> {
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

  Connection(std::shared_ptr<ServerShard> shard, ServerShard::Socket socket);
  ~Connection();

  void start();
  // Instead of start: one 503 and goodbye.
  void start_refused(std::string why);
  // Looks at the time limits, and whether the client of a running request is gone.
  void sweep(Time now);
  void close();

  Phase phase() const { return phase_; }
  bool is_refused() const { return refused_; }
  Time deadline() const { return deadline_; }
  size_t index = 0;  // in the shard's list

  // ---- for responders ----
  void answer(Response response);     // any thread
  void fail(const Problem& problem);  // any thread
  Response blank_response();
  void begin_stream(std::string_view content_type);
  void write_stream(std::string_view text);
  size_t waiting_bytes() const { return stream_out_.size() + stream_next_.size(); }
  void on_stream_change(Task task) { on_stream_change_ = std::move(task); }
  Reactor& reactor() { return shard_->reactor(); }

 private:
  using ErrorCode = boost::system::error_code;

  static constexpr size_t kBufferBytes = 4 << 10;      // a request with its header, nearly always
  static constexpr size_t kSmallBodyBytes = 64 << 10;  // not counted in bodies_bytes_max
  static constexpr Duration kLinger = std::chrono::seconds(2);
  static constexpr Duration kStreamStall = std::chrono::seconds(30);  // a stream's reader that takes nothing is gone

  const HttpLimits& limits() const { return shard_->options().limits; }
  void set_phase(Phase phase, Duration time_left);

  // ---- in ----
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
  bool check_authority();
  bool take_memory(size_t bytes);
  void refuse_parse_error(ErrorCode error);
  void dispatch();

  // ---- out ----
  void refuse(const Problem& problem);
  void respond(Response response);
  void write_out();
  void on_written(ErrorCode error);
  void finish_response();
  void next_request();
  void linger();
  void continue_stream();
  void watch_client();
  void give_up();
  void read_to_nowhere();

  const std::shared_ptr<ServerShard> shard_;
  ServerShard::Socket socket_;
  Phase phase_ = Phase::idle;
  Time deadline_{};
  bool refused_ = false;
  bool reading_ = false;     // an async read is under way
  bool processing_ = false;  // process() is on the stack
  bool watching_ = false;    // waits for the client to go
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
  std::string accepted_authority_;  // the last Host that was checked
  size_t lingered_bytes_ = 0;

  std::string out_;         // head of the answer, and small bodies
  Response spare_;          // the last answer, for the memory of the next one
  std::string body_out_;    // large bodies, sent from where they are
  std::string stream_out_;  // being written
  std::string stream_next_;
  Task on_stream_change_;
};

}  // namespace dormouse
