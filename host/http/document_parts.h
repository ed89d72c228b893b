// What the JSON documents of the control listener (the *_document files, one for each kind of object) have in common.
// Pure; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "http/error_json.h"
#include "http/json_text.h"

namespace dormouse {

// "2026-01-31T08:12:31.123Z"
std::string utc_text(std::chrono::system_clock::time_point at);

// Whole milliseconds; null when the duration is not known.
void write_ms(JsonText& out, std::string_view name, bool known, Duration duration);
void write_ms(JsonText& out, std::string_view name, const std::optional<Duration>& duration);

template <class T>
void write_list(JsonText& out, std::string_view name, const std::vector<T>& items) {
  out.key(name).begin_array();
  for (const T& item : items) write(out, item);
  out.end_array();
}
void write_list(JsonText& out, std::string_view name, const std::vector<std::string>& items);

}  // namespace dormouse
