// Where the answer to one request goes: the connection it came on (connection.h), or what a test puts there.
// Owner: the responder of the request, and what the connection itself still has to do.
#pragma once

#include <string>
#include <string_view>

#include "base/task.h"
#include "http/problem.h"
#include "http/request.h"

namespace dormouse {

class EventLoop;

class AnswerSink {
 public:
  virtual ~AnswerSink() = default;

  // One of these, once, from any thread. For a client that is gone they do nothing.
  virtual void answer(Response response) = 0;
  virtual void fail(const Problem& problem) = 0;

  // ---- on the loop only ----
  virtual EventLoop& loop() = 0;  // this one from any thread
  virtual std::string peer() const = 0;
  virtual Response blank_response() = 0;
  // Instead of an answer: an answer without end.
  virtual void begin_stream(std::string_view content_type) = 0;
  virtual void write_stream(std::string_view text) = 0;
  virtual bool is_streaming() const = 0;
  virtual size_t waiting_bytes() const = 0;
  virtual void on_stream_change(Task task) = 0;
  virtual void close() = 0;
};

}  // namespace dormouse
