#include "http/responder.h"

#include <utility>

namespace dormouse {

Responder::~Responder() {
  if (sink_) fail(Problem::of(Status(Code::internal, "the request was dropped without an answer")));
}

EventLoop& Responder::loop() const {
  return sink_->loop();
}

std::string Responder::peer() const {
  return sink_->peer();
}

void Responder::tell(std::string_view outcome) {
  if (auto told = std::exchange(told_, {})) told(outcome);
}

Response Responder::blank_response() const {
  return sink_->blank_response();
}

void Responder::answer(Response response) {
  const auto sink = std::exchange(sink_, nullptr);
  if (!sink) return;
  tell(response.status == 202 ? "goes_on" : "done");
  sink->answer(std::move(response));
}

void Responder::answer_json(std::string document) {
  Response response;
  response.body = std::move(document);
  answer(std::move(response));
}

void Responder::fail(const Problem& problem) {
  const auto sink = std::exchange(sink_, nullptr);
  if (!sink) return;
  tell(problem.row->code);
  sink->fail(problem);
}

ResponseStream Responder::stream(std::string_view content_type) {
  auto sink = std::exchange(sink_, nullptr);
  if (sink) sink->begin_stream(content_type);
  return ResponseStream(std::move(sink));
}

ResponseStream& ResponseStream::operator=(ResponseStream&& other) noexcept {
  std::swap(sink_, other.sink_);
  return *this;
}

ResponseStream::~ResponseStream() {
  if (!sink_) return;
  sink_->on_stream_change(Task());
  sink_->close();
}

bool ResponseStream::is_open() const {
  return sink_ && sink_->is_streaming();
}

size_t ResponseStream::waiting_bytes() const {
  return sink_ ? sink_->waiting_bytes() : 0;
}

void ResponseStream::write(std::string_view text) {
  if (sink_) sink_->write_stream(text);
}

void ResponseStream::on_change(Task task) {
  if (sink_) sink_->on_stream_change(std::move(task));
}

EventLoop& ResponseStream::loop() const {
  return sink_->loop();
}

}  // namespace dormouse
