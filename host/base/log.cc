#include "base/log.h"

#include <array>
#include <atomic>
#include <cstdio>
#include <string>

namespace dormouse {
namespace {

constexpr std::array<std::string_view, 4> kLevelNames{"debug", "info", "warn", "error"};

// Of the process, as standard error is: plugins log through tables of functions that carry no host.
std::atomic<LogSink*> process_sink{nullptr};

}  // namespace

std::string_view to_string(LogLevel level) {
  return kLevelNames[static_cast<size_t>(level)];
}

LogLevel log_level_of(std::string_view word) {
  for (size_t i = 0; i < kLevelNames.size(); ++i)
    if (kLevelNames[i] == word) return static_cast<LogLevel>(i);
  return LogLevel::info;
}

void set_log_sink(LogSink* sink) {
  process_sink.store(sink, std::memory_order_release);
}

bool logs(LogLevel level) {
  const LogSink* sink = process_sink.load(std::memory_order_acquire);
  return sink ? sink->wants(level) : level >= LogLevel::warn;
}

void write_log(const LogLine& line) {
  if (LogSink* sink = process_sink.load(std::memory_order_acquire)) {
    if (sink->wants(line.level)) sink->write(line);
    return;
  }
  if (line.level < LogLevel::warn) return;
  std::string text(line.kind);
  text.append(" ").append(line.object);
  if (!line.text.empty()) text.append(" ").append(line.text);
  for (const LogField& field : line.fields) text.append(" ").append(field.name).append("=").append(field.value);
  std::fprintf(stderr, "%s\n", text.c_str());
}

}  // namespace dormouse
