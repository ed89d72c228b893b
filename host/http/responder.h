// The right and duty to answer one request, exactly once.
// Movable, from any thread to any thread. Dropped without an answer it answers 500 itself, so no client waits for a
// handler that forgot it. Answering a client that is gone does nothing.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/task.h"
#include "http/answer_sink.h"
#include "http/problem.h"
#include "http/request.h"

namespace dormouse {

// An answer without end: server-sent events. Loop thread of its connection only. Dropping it closes the connection.
class ResponseStream {
 public:
  ResponseStream() = default;  // of nothing
  explicit ResponseStream(std::shared_ptr<AnswerSink> sink) : sink_(std::move(sink)) {}
  ResponseStream(ResponseStream&&) = default;
  ResponseStream& operator=(ResponseStream&& other) noexcept;
  ~ResponseStream();

  bool is_open() const;
  // Written but not yet taken by the client's socket, in bytes. Whoever writes keeps this bounded.
  size_t waiting_bytes() const;
  void write(std::string_view text);
  // Called after the socket took everything that waited, and once when the connection is closed from outside.
  void on_change(Task task);
  // Whose thread all of the above belongs to.
  EventLoop& loop() const;

 private:
  std::shared_ptr<AnswerSink> sink_;
};

class Responder {
 public:
  explicit Responder(std::shared_ptr<AnswerSink> sink) : sink_(std::move(sink)) {}
  Responder(Responder&&) = default;
  Responder& operator=(Responder&&) = delete;
  ~Responder();

  // The loop of the request's connection. Not after an answer.
  EventLoop& loop() const;
  // "127.0.0.1:50112"; empty when the client has gone. On that loop only, not after an answer.
  std::string peer() const;
  // An answer to fill, 200 and empty, with the memory of an earlier one. On that loop only.
  Response blank_response() const;
  void answer(Response response);
  // 200 with a JSON document.
  void answer_json(std::string document);
  void fail(const Problem& problem);
  // The problem of `status`, which is not ok.
  void fail(const Status& status) { fail(Problem::of(status)); }
  // Calls `told` with the answer, before it goes out: "done", "goes_on" (202), or the problem's code. On the thread
  // that answers; not for a stream.
  void when_answered(UniqueFunction<void(std::string_view outcome)> told) { told_ = std::move(told); }
  // Sends the head of a response without a length, and hands out the rest. From the handler itself only.
  ResponseStream stream(std::string_view content_type);

 private:
  void tell(std::string_view outcome);

  std::shared_ptr<AnswerSink> sink_;
  UniqueFunction<void(std::string_view outcome)> told_;
};

}  // namespace dormouse
