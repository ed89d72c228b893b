#include "components/call_frame.h"

#include <algorithm>

namespace dormouse {
namespace {

constexpr size_t kMessageBytesMax = 1000;

CallFrame* frame_of(const dm_call* call) {
  return static_cast<CallFrame*>(call->self);
}

bool is_abi_status(int32_t status) {
  switch (status) {
    case DM_CANCELLED:
    case DM_INVALID_ARGUMENT:
    case DM_DEADLINE_EXCEEDED:
    case DM_NOT_FOUND:
    case DM_RESOURCE_EXHAUSTED:
    case DM_FAILED_PRECONDITION:
    case DM_INTERNAL:
    case DM_UNAVAILABLE:
    case DM_DATA_LOSS:
      return true;
    default:
      return false;
  }
}

// How much of a cut text is whole: without the beginning of a character whose end was cut off.
size_t whole_characters(std::string_view text) {
  size_t end = text.size();
  while (end > 0 && (static_cast<unsigned char>(text[end - 1]) & 0xC0) == 0x80) --end;
  if (end == 0) return text.size();
  const auto first = static_cast<unsigned char>(text[end - 1]);
  const size_t bytes = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  return end - 1 + bytes <= text.size() ? text.size() : end - 1;
}

// A message cut at the bound, with what is no UTF-8 replaced: it goes into JSON.
std::string clean_message(const char* message) {
  const size_t size = ::strnlen(message, kMessageBytesMax);
  std::string text(message, size);
  if (size == kMessageBytesMax)  // the cut may have split a character
    text.resize(whole_characters(text));
  if (!dm_utf8_valid(reinterpret_cast<const unsigned char*>(text.data()), text.size()))
    std::replace_if(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  return text;
}

}  // namespace

CallFrame::CallFrame(const CallOptions& options) : abi_{}, options_(options) {
  abi_.size = sizeof abi_;
  abi_.self = this;
  abi_.request_id = options.request_id;
  abi_.deadline_ns = options.deadline == Time::max() ? INT64_MAX : options.deadline.time_since_epoch().count();
  abi_.cancelled = &CallFrame::cancelled;
  abi_.fail = &CallFrame::fail;
  abi_.progress = &CallFrame::progress;
}

int CallFrame::cancelled(const dm_call* call) {
  return frame_of(call)->options_.is_cancelled() ? 1 : 0;
}

int32_t CallFrame::fail(const dm_call* call, int32_t status, const char* message) {
  if (message) frame_of(call)->message_ = clean_message(message);
  return status;
}

void CallFrame::progress(const dm_call* call, double done, double total, const char* what) {
  const CallOptions& options = frame_of(call)->options_;
  if (options.progress) options.progress(done, total, what ? what : "");
}

Status CallFrame::status(int32_t returned, std::string_view where, const ValueWriter* out) const {
  if (returned == DM_OK) return {};
  if (!is_abi_status(returned))
    return Error{.code = Code::broken_contract,
                 .message = "returned " + std::to_string(returned),
                 .object = std::string(where),
                 .needed = "a status of dormouse/plugin.h",
                 .found = std::to_string(returned)};
  // A status that a writer gave and the plugin passed on: the writer knows why, and the fault is not the caller's.
  const bool of_writer = returned == DM_INVALID_ARGUMENT || returned == DM_RESOURCE_EXHAUSTED;
  if (const Status mistake = of_writer && out ? out->mistake() : Status(); !mistake.ok())
    return Error{.code = mistake.code(),
                 .message = "its answer cannot be written: " + mistake.error().message,
                 .object = std::string(where)};
  std::string message = message_.empty() ? std::string("gave no reason") : message_;
  return Error{.code = static_cast<Code>(returned), .message = std::move(message), .object = std::string(where)};
}

}  // namespace dormouse
