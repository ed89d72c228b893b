// The part of a connection that writes answers without end; connection.h says where the others are.
#include <boost/asio/write.hpp>
#include <utility>

#include "http/connection.h"

namespace dormouse {

namespace asio = boost::asio;

void Connection::begin_stream(std::string_view content_type) {
  if (phase_ != Phase::handling) return;
  keep_alive_ = false;
  set_phase(Phase::streaming, kStreamStall);
  std::string head = "HTTP/1.1 200 OK\r\nDate: ";
  head += owner_->date();
  head += "\r\nContent-Type: ";
  head += content_type;
  head += "\r\nCache-Control: no-store\r\n";
  append_origin_fields(head);
  head += "Connection: close\r\n\r\n";
  if (head_only_) {
    out_ = std::move(head);
    body_out_.clear();
    phase_ = Phase::writing;
    return write_out();
  }
  write_stream(head);
  // The client says nothing more; its end of the connection does.
  if (phase_ == Phase::streaming) read_to_nowhere();
}

void Connection::write_stream(std::string_view text) {
  if (phase_ != Phase::streaming) return;
  stream_next_ += text;
  if (stream_out_.empty()) continue_stream();
}

void Connection::continue_stream() {
  std::swap(stream_out_, stream_next_);
  if (stream_out_.empty()) return;
  set_phase(Phase::streaming, kStreamStall);
  asio::async_write(socket_, asio::buffer(stream_out_), [self = shared_from_this()](ErrorCode error, size_t) {
    if (self->phase_ != Phase::streaming) return;
    if (error) return self->close();
    self->stream_out_.clear();
    if (!self->stream_next_.empty()) return self->continue_stream();
    Task told = std::exchange(self->on_stream_change_, {});
    if (told) told();
    if (self->phase_ == Phase::streaming && !self->on_stream_change_) self->on_stream_change_ = std::move(told);
  });
}

}  // namespace dormouse
