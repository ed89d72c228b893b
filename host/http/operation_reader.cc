#include "http/operation_reader.h"

namespace dormouse {

std::string operation_event(std::string_view kind, std::string_view json) {
  return "event: " + std::string(kind) + "\ndata: " + std::string(json) + "\n\n";
}

void OperationReader::progress(std::string_view operation, Time now) {
  if (!stream_.is_open() || stream_.waiting_bytes() > 0) return;
  if (operation != sent_) {
    sent_ = operation;
    stream_.write(operation_event("progress", operation));
  } else if (now - sent_at_ >= heartbeat_) {
    stream_.write(": alive\n\n");
  } else {
    return;
  }
  sent_at_ = now;
}

void OperationReader::end(std::string_view kind, std::string_view operation) {
  if (!stream_.is_open()) return;
  // The callback owns the stream; dropping it, once everything is taken, closes the connection.
  stream_.on_change([self = shared_from_this()] { self->stream_ = ResponseStream(); });
  stream_.write(operation_event(kind, operation));
}

}  // namespace dormouse
