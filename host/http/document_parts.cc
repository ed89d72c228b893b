#include "http/document_parts.h"

#include <cstdio>
#include <ctime>

namespace dormouse {
namespace {

int64_t whole_ms(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

}  // namespace

std::string utc_text(std::chrono::system_clock::time_point at) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
  const auto second = static_cast<time_t>(ms / 1000);
  tm parts{};
  gmtime_r(&second, &parts);
  char text[96];
  snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900, parts.tm_mon + 1,
           parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, static_cast<int>(ms % 1000));
  return text;
}

void write_ms(JsonText& out, std::string_view name, bool known, Duration duration) {
  out.key(name);
  known ? out.value(whole_ms(duration)) : out.null();
}

void write_ms(JsonText& out, std::string_view name, const std::optional<Duration>& duration) {
  write_ms(out, name, duration.has_value(), duration.value_or(Duration::zero()));
}

void write_list(JsonText& out, std::string_view name, const std::vector<std::string>& items) {
  out.key(name).begin_array();
  for (const std::string& item : items) out.value(item);
  out.end_array();
}

}  // namespace dormouse
