#include "http/pipeline_request.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "http/request.h"

namespace dormouse {
namespace {

constexpr int64_t kTimeoutMsMax = 86'400'000;  // a day
constexpr size_t kTimedStagesMax = 64;         // in one header field, which many readers bound at 8 KiB

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The charset parameter of a content type, without quotes; empty when there is none.
std::string_view charset_of(std::string_view content_type) {
  for (size_t at = content_type.find(';'); at < content_type.size(); at = content_type.find(';', at + 1)) {
    const std::string_view parameter = content_type.substr(at + 1, content_type.find(';', at + 1) - at - 1);
    const size_t equals = std::min(parameter.find('='), parameter.size());
    if (!equals_ignoring_case(trimmed(parameter.substr(0, equals)), "charset")) continue;
    std::string_view value = trimmed(parameter.substr(std::min(equals + 1, parameter.size())));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    return value;
  }
  return {};
}

bool is_utf8_or_part_of_it(std::string_view charset) {
  return charset.empty() || equals_ignoring_case(charset, "utf-8") || equals_ignoring_case(charset, "utf8") ||
         equals_ignoring_case(charset, "us-ascii");
}

bool is_lower_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// A metric name in Server-Timing is a token; stage names may be anything.
char token_character(char c) {
  const bool allowed =
      (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  return allowed ? c : '_';
}

// Milliseconds with one decimal, three below one, rounded; at most kMsCharactersMax. In whole numbers: printing a
// double takes as long as a stage.
constexpr size_t kMsCharactersMax = 24;
char* write_ms(char* out, Duration time) {
  const int64_t ns = std::max<int64_t>(time.count(), 0);
  const int64_t us = (ns + 500) / 1'000;
  if (us < 1'000) {
    const char text[] = {'0', '.', static_cast<char>('0' + us / 100), static_cast<char>('0' + us / 10 % 10),
                         static_cast<char>('0' + us % 10)};
    return std::copy_n(text, sizeof text, out);
  }
  const int64_t tenths = (ns + 50'000) / 100'000;
  out = std::to_chars(out, out + kMsCharactersMax, tenths / 10).ptr;
  *out++ = '.';
  *out++ = static_cast<char>('0' + tenths % 10);
  return out;
}

// In one step: a request has one of these for each stage.
void append_timing(std::string& out, std::string_view name, std::string_view suffix, Duration time) {
  constexpr std::string_view kDuration = ";dur=";
  const size_t before = out.size();
  out.resize(before + name.size() + suffix.size() + kDuration.size() + kMsCharactersMax);
  char* at = out.data() + before;
  at = std::transform(name.begin(), name.end(), at, token_character);
  at = std::copy(suffix.begin(), suffix.end(), at);
  at = std::copy(kDuration.begin(), kDuration.end(), at);
  at = write_ms(at, time);
  out.resize(static_cast<size_t>(at - out.data()));
}

void append_cache(std::string& out, const StageTrace& stage) {
  out.append(";desc=\"cache ").append(to_string(stage.cache));
  if (!stage.cache_store.empty()) out.append(" in ").append(stage.cache_store);
  out += '"';
}

}  // namespace

Result<BodyFormat> body_format(std::string_view content_type, std::string_view content_encoding) {
  const auto refused = [](std::string message, std::string header, std::string needed, std::string_view found,
                          std::string remedy = {}) {
    return Error{.code = Code::invalid_argument,
                 .message = std::move(message),
                 .object = "header " + std::move(header),
                 .needed = std::move(needed),
                 .found = std::string(found.substr(0, 64)),
                 .remedy = std::move(remedy)};
  };
  content_encoding = trimmed(content_encoding);
  if (!content_encoding.empty() && !equals_ignoring_case(content_encoding, "identity"))
    return refused("compressed bodies are not understood", "Content-Encoding", "none, or identity", content_encoding,
                   "send the body as it is");
  const std::string_view type = trimmed(content_type.substr(0, content_type.find(';')));
  if (equals_ignoring_case(type, "application/octet-stream")) return BodyFormat::bytes;
  if (!type.empty() && !equals_ignoring_case(type, "application/json") &&
      !equals_ignoring_case(type, "application/x-www-form-urlencoded"))
    return refused("this content type is not understood", "Content-Type",
                   "application/json, or application/octet-stream for a pipeline of exactly one bytes input",
                   content_type);
  const std::string_view charset = charset_of(content_type);
  if (!is_utf8_or_part_of_it(charset))
    return refused("this charset is not understood", "Content-Type", "charset=utf-8, or none", charset,
                   "send the JSON as UTF-8");
  return BodyFormat::json;
}

Result<std::optional<Duration>> parse_request_timeout(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) return std::optional<Duration>();
  int64_t ms = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), ms);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size() || ms < 1 || ms > kTimeoutMsMax)
    return Error{.code = Code::invalid_argument,
                 .message = "it is no time in milliseconds",
                 .object = "header Request-Timeout",
                 .needed = "a whole number from 1 to " + std::to_string(kTimeoutMsMax),
                 .found = std::string(text.substr(0, 32))};
  return std::optional<Duration>(std::chrono::milliseconds(ms));
}

Lane::Priority parse_priority(std::string_view text, Lane::Priority at_most) {
  Lane::Priority asked = Lane::Priority::normal;
  text = trimmed(text);
  if (equals_ignoring_case(text, "high")) asked = Lane::Priority::high;
  if (equals_ignoring_case(text, "low")) asked = Lane::Priority::low;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view member = trimmed(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
    if (member.size() != 3 || !member.starts_with("u=") || member[2] < '0' || member[2] > '7') continue;
    // 3 is what a request has that says nothing.
    asked = member[2] < '3' ? Lane::Priority::high : member[2] < '5' ? Lane::Priority::normal : Lane::Priority::low;
  }
  return std::max(asked, at_most);  // a larger number is a lower priority
}

bool is_traceparent(std::string_view text) {
  return text.size() == 55 && text[2] == '-' && text[35] == '-' && text[52] == '-' && is_lower_hex(text.substr(0, 2)) &&
         is_lower_hex(text.substr(3, 32)) && is_lower_hex(text.substr(36, 16)) && is_lower_hex(text.substr(53, 2));
}

Result<Value> input_of_bytes(std::string_view body, const Type& input) {
  const Type::Field* only = nullptr;
  size_t bytes_fields = 0, needed_fields = 0;
  for (const Type::Field& field : input.fields()) {
    if (field.type.kind() == Type::Kind::bytes) {
      only = &field;
      ++bytes_fields;
    }
    if (!field.type.is_optional()) ++needed_fields;
  }
  const bool fits = bytes_fields == 1 && needed_fields == (only->type.is_optional() ? 0u : 1u);
  if (!fits)
    return Error{.code = Code::invalid_argument,
                 .message = "this pipeline does not take a body of plain bytes",
                 .object = "",
                 .needed = "application/json of type " + input.to_string(),
                 .found = "application/octet-stream"};
  ValueWriter writer;
  writer.map_begin();
  writer.key(only->name);
  writer.bytes(body.data(), body.size());
  writer.map_end();
  return writer.finish();
}

void append_server_timing(std::string& out, Duration unread, const std::vector<StageTrace>& stages, Duration total) {
  if (unread > Duration::zero()) {
    append_timing(out, "unread", "", unread);
    out += ", ";
  }
  const size_t count = std::min(stages.size(), kTimedStagesMax);
  for (size_t i = 0; i < count; ++i) {
    const StageTrace& stage = stages[i];
    const auto append = [&](std::string_view suffix, Duration time) {
      append_timing(out, stage.name, suffix, time);
      out += ", ";
    };
    append_timing(out, stage.name, "", stage.ran);
    if (stage.cache != CacheResult::none) append_cache(out, stage);
    out += ", ";
    if (stage.queued > Duration::zero()) append("-queue", stage.queued);
    if (stage.cold > Duration::zero()) append("-cold", stage.cold);
  }
  append_timing(out, "total", "", total);
}

std::string degraded_stages(const std::vector<StageTrace>& stages) {
  std::string text;
  for (const StageTrace& stage : stages) {
    if (stage.outcome == Outcome::ok || stage.outcome == Outcome::skipped) continue;
    if (!text.empty()) text += ", ";
    for (const char c : stage.name) text += token_character(c);
    text += '=';
    text += to_string(stage.outcome);
  }
  return text.empty() ? "partial" : text;
}

void append_request_id(std::string& out, uint64_t id) {
  char text[16];
  for (size_t i = sizeof text; i-- > 0; id >>= 4) text[i] = "0123456789abcdef"[id & 15];
  out.append(text, sizeof text);
}

std::string request_id_text(uint64_t id) {
  std::string text;
  append_request_id(text, id);
  return text;
}

LogLevel log_level_of_outcome(Code code) {
  switch (code) {
    case Code::ok:
      return LogLevel::debug;
    case Code::invalid_argument:
    case Code::not_found:
    case Code::cancelled:
      return LogLevel::info;
    case Code::deadline_exceeded:
    case Code::resource_exhausted:
    case Code::failed_precondition:
    case Code::unavailable:
    case Code::busy:
    case Code::load_failed:
    case Code::overloaded:
    case Code::queue_full:
      return LogLevel::warn;
    case Code::internal:
    case Code::data_loss:
    case Code::broken_contract:
      return LogLevel::error;
  }
  return LogLevel::error;  // a code that is none of ours, from a plugin
}

}  // namespace dormouse
