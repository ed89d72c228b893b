#include "http/responder.h"

#include <utility>

#include "http/connection.h"

namespace dormouse {

Responder::~Responder() {
  if (connection_) fail(Problem::of(Status(Code::internal, "the request was dropped without an answer")));
}

EventLoop& Responder::loop() const {
  return connection_->reactor();
}

std::string Responder::peer() const {
  return connection_->peer();
}

void Responder::tell(std::string_view outcome) {
  if (auto told = std::exchange(told_, {})) told(outcome);
}

Response Responder::blank_response() const {
  return connection_->blank_response();
}

void Responder::answer(Response response) {
  const auto connection = std::exchange(connection_, nullptr);
  if (!connection) return;
  tell(response.status == 202 ? "goes_on" : "done");
  connection->answer(std::move(response));
}

void Responder::fail(const Problem& problem) {
  const auto connection = std::exchange(connection_, nullptr);
  if (!connection) return;
  tell(problem.row->code);
  connection->fail(problem);
}

ResponseStream Responder::stream(std::string_view content_type) {
  auto connection = std::exchange(connection_, nullptr);
  if (connection) connection->begin_stream(content_type);
  return ResponseStream(std::move(connection));
}

ResponseStream& ResponseStream::operator=(ResponseStream&& other) noexcept {
  std::swap(connection_, other.connection_);
  return *this;
}

ResponseStream::~ResponseStream() {
  if (!connection_) return;
  connection_->on_stream_change(Task());
  connection_->close();
}

bool ResponseStream::is_open() const {
  return connection_ && connection_->phase() == Connection::Phase::streaming;
}

size_t ResponseStream::waiting_bytes() const {
  return connection_ ? connection_->waiting_bytes() : 0;
}

void ResponseStream::write(std::string_view text) {
  if (connection_) connection_->write_stream(text);
}

void ResponseStream::on_change(Task task) {
  if (connection_) connection_->on_stream_change(std::move(task));
}

EventLoop& ResponseStream::loop() const {
  return connection_->reactor();
}

}  // namespace dormouse
