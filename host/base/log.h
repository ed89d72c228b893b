// The log as the boxes see it: a line has a level, a kind, an object, and facts or a sentence.
// Not the event log (events.h), and not where lines go: the command line sets a sink (cli/log.h). Lines of warn and
// error reach standard error also without one. Any thread; no sink waits, so a reactor may write.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace dormouse {

enum class LogLevel : uint8_t { debug, info, warn, error };
// "debug", "info", "warn", "error": in the configuration, in the log and in metrics.
std::string_view to_string(LogLevel level);
// The level called `word`; info for any other word (the settings table refuses those before).
LogLevel log_level_of(std::string_view word);

// What a log may be told, as the command line and the configuration say it; cli/log.h does it.
struct LogOptions {
  std::string level = "info";       // debug, info, warn, error
  std::string format = "text";      // text, json
  unsigned lines_per_second = 100;  // of one message; 0: no limit
};

struct LogField {
  std::string_view name;
  std::string_view value;
  bool bare = false;  // a number, or true and false: without quotes in JSON
};

struct LogLine {
  LogLevel level = LogLevel::info;
  std::string_view kind;    // "request.failed"
  std::string_view object;  // "assistant"; with the kind it is what the rate limit counts by, so never a client's text
  std::string_view text = {};  // a sentence, or empty
  std::span<const LogField> fields = {};
};

class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual bool wants(LogLevel level) const = 0;
  // Never waits; what cannot be written now is dropped and counted.
  virtual void write(const LogLine& line) = 0;
};

// `sink` outlives all that log; null takes the one before away.
void set_log_sink(LogSink* sink);

// Whether a line of that level is written: ask before making an expensive one.
bool logs(LogLevel level);
void write_log(const LogLine& line);

}  // namespace dormouse
