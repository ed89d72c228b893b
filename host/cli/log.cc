#include "cli/log.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <type_traits>

#include "cli/table.h"
#include "http/json_text.h"

namespace dormouse {
namespace {

std::string time_text(std::chrono::system_clock::time_point at) {
  const auto since = at.time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
  const auto seconds = static_cast<time_t>(ms / 1000);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[40];
  const size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  return std::string(text, size) + "." + std::to_string(1000 + ms % 1000).substr(1) + "Z";
}

// A value that would read as several words is quoted, so that a line can be taken apart again.
std::string field_text(std::string_view value) {
  std::string shown = printable(value);
  if (!shown.empty() && shown.find_first_of(" \"=") == std::string::npos) return shown;
  std::string quoted = "\"";
  for (const char c : shown) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string text_line(const LogLine& line, const std::string& at) {
  std::string text = at;
  text.append(" ").append(to_string(line.level));
  for (const std::string_view part : {line.kind, line.object, line.text})
    if (!part.empty()) text.append(" ").append(printable(part));
  for (const LogField& field : line.fields) text.append(" ").append(field.name).append("=" + field_text(field.value));
  return text;
}

std::string json_line(const LogLine& line, const std::string& at) {
  JsonText json;
  json.begin_object().member("at", at).member("level", to_string(line.level)).member("kind", line.kind);
  if (!line.object.empty()) json.member("object", line.object);
  if (!line.text.empty()) json.member("text", line.text);
  for (const LogField& field : line.fields)
    field.bare ? json.key(field.name).raw(field.value) : json.member(field.name, field.value);
  return json.end_object().take();
}

// The longest prefix of at most `bytes` that ends between two characters.
std::string_view cut(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

LogLevel level_of(const std::string& kind) {
  static constexpr std::array<std::string_view, 8> kBad{"fail",    "leftover", "refused", "warning",
                                                        "dropped", "differ",   "overdue", "crashed"};
  const bool bad = std::any_of(kBad.begin(), kBad.end(),
                               [&](std::string_view word) { return kind.find(word) != std::string::npos; });
  return bad ? LogLevel::warn : LogLevel::info;
}

}  // namespace

std::string format_line(const LogLine& line, LogFormat format, std::chrono::system_clock::time_point at) {
  const std::string when = time_text(at);
  const auto render = [&](const LogLine& each) {
    return format == LogFormat::json ? json_line(each, when) : text_line(each, when);
  };
  std::string text = render(line);
  if (text.size() >= kLogLineBytesMax) {
    // Cut where the most of it is. JSON grows by its escapes, so that more may have to go than there is too much.
    constexpr LogField kCut[] = {{"cut", "true", true}};
    LogLine shorter{line.level, cut(line.kind, 100), cut(line.object, 200), {}, kCut};
    for (size_t bytes = kLogLineBytesMax - 600; text.size() >= kLogLineBytesMax; bytes /= 2) {
      shorter.text = cut(line.text.empty() && !line.fields.empty() ? line.fields.front().value : line.text, bytes);
      text = render(shorter);
    }
  }
  return text + "\n";
}

HostLog::HostLog(const LogOptions& options, int descriptor, const Clock& clock)
    : level_(log_level_of(options.level)),
      format_(options.format == "json" ? LogFormat::json : LogFormat::text),
      descriptor_(descriptor),
      clock_(clock),
      limit_(options.lines_per_second) {}

void HostLog::write(const LogLine& line) {
  const std::string text = format_line(line, format_, std::chrono::system_clock::now());
  std::string message(line.kind);
  message.append(" ").append(line.object);
  const Time now = clock_.now();
  std::lock_guard lock(mutex_);
  const bool had = limit_.pending();
  if (limit_.admit(message, line.level, now)) {
    // A file is always ready. A pipe or socket that is ready takes a line of this size without making us wait.
    pollfd ready{descriptor_, POLLOUT, 0};
    if (::poll(&ready, 1, 0) != 1 || !(ready.revents & POLLOUT) ||
        ::write(descriptor_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
      limit_.count(kNotRead, line.level, now);
  }
  if (!had && limit_.pending() && wake_) wake_();
}

void HostLog::on_dropped(std::function<void()> wake) {
  std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
}

bool HostLog::has_dropped() const {
  std::lock_guard lock(mutex_);
  return limit_.pending();
}

std::vector<LineLimit::Dropped> HostLog::take_dropped(Time now) {
  std::lock_guard lock(mutex_);
  return limit_.take(now);
}

HostLog& start_logging(const LogOptions& options) {
  static const SystemClock clock;
  // Never destroyed: threads that were left behind may still log when the process ends.
  static auto* const log = new HostLog(options, STDERR_FILENO, clock);
  set_log_sink(log);
  return *log;
}

uint64_t log_events(const EventLog& events, uint64_t after) {
  for (const Event& event : events.since(after)) {
    if (event.sequence > after + 1) {
      const std::string missed = std::to_string(event.sequence - after - 1);
      const LogField fields[] = {{"count", missed, true}};
      write_log({LogLevel::warn, "events.missed", "events", {}, fields});
    }
    std::vector<std::string> texts;  // what the fields look into
    texts.reserve(event.fields.size());
    std::vector<LogField> fields;
    if (!event.cause.empty()) fields.push_back({"cause", event.cause});
    for (const auto& [name, value] : event.fields) {
      const bool bare =
          value.visit([](const auto& each) { return std::is_arithmetic_v<std::decay_t<decltype(each)>>; });
      fields.push_back({name, texts.emplace_back(value.text()), bare});
    }
    if (!event.actor.name.empty()) fields.push_back({"actor", event.actor.name});
    write_log({level_of(event.kind), event.kind, event.object, {}, fields});
    after = event.sequence;
  }
  return after;
}

}  // namespace dormouse
