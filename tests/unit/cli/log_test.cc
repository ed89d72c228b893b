#include "cli/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/unique_fd.h"
#include "support/manual_clock.h"
#include "support/temp_folder.h"

namespace dormouse {
namespace {

const std::chrono::system_clock::time_point kAt{std::chrono::milliseconds(1769860800123)};

TEST_CASE("a line of text has time and level and kind and object and facts") {
  const LogField fields[] = {{"status", "500"}, {"error", "stage x: \"boom\" = 1"}, {"empty", ""}};
  CHECK(format_line({LogLevel::error, "request.failed", "assistant", {}, fields}, LogFormat::text, kAt) ==
        "2026-01-31T12:00:00.123Z error request.failed assistant status=500 error=\"stage x: \\\"boom\\\" = 1\" "
        "empty=\"\"\n");
}

TEST_CASE("nothing in a line can begin another one") {
  const LogField fields[] = {{"cause", "a\nb\x1b[2J"}};
  const std::string line =
      format_line({LogLevel::warn, "plugin.log", "nlu\n.x", "first\nsecond", fields}, LogFormat::text, kAt);
  CHECK(line.find('\n') == line.size() - 1);
  CHECK(line.find('\x1b') == std::string::npos);
}

TEST_CASE("a line of JSON is one document with the same facts") {
  const LogField fields[] = {{"status", "500", true}, {"error", "\"a\"\n\xff"}};
  CHECK(format_line({LogLevel::warn, "request.failed", "assistant", "text", fields}, LogFormat::json, kAt) ==
        R"({"at":"2026-01-31T12:00:00.123Z","level":"warn","kind":"request.failed","object":"assistant",)"
        R"("text":"text","status":500,"error":"\"a\"\n)"
        "\xef\xbf\xbd"
        "\"}\n");
}

TEST_CASE("a line is cut where a pipe takes it as a whole and says so") {
  for (const LogFormat format : {LogFormat::text, LogFormat::json}) {
    // U+00E4 and a control character: what grows, and what must not be cut in half.
    for (const std::string& part : {std::string("\xc3\xa4"), std::string("\x01")}) {
      std::string text;
      while (text.size() < 20'000) text += part;
      const std::string line = format_line({LogLevel::info, "plugin.log", "x", text}, format, kAt);
      CHECK(line.size() <= kLogLineBytesMax);
      CHECK(line.find("cut") != std::string::npos);
      if (format == LogFormat::json) CHECK(line.find("\xef\xbf\xbd") == std::string::npos);
    }
  }
}

TEST_CASE("a line is in the file when write returns") {
  const TempFolder folder;
  const std::string path = folder.path() + "/log";
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT, 0600));
  ManualClock clock;
  HostLog log({.level = "info"}, fd.get(), clock);
  log.write({LogLevel::info, "plugin.log", "x", "the last words"});
  CHECK_THAT(*read_file(path, 4096), Catch::Contains("info plugin.log x the last words\n"));
}

TEST_CASE("a reader that does not read stops nobody and its lines are counted") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const UniqueFd in(ends[0]), out(ends[1]);
  ManualClock clock;
  HostLog log({.lines_per_second = 0}, out.get(), clock);
  unsigned woken = 0;
  log.on_dropped([&] { ++woken; });
  const std::string text(3000, 'x');
  for (int i = 0; i < 100; ++i) log.write({LogLevel::warn, "plugin.log", "x", text});
  CHECK(woken == 1);
  const auto dropped = log.take_dropped(Time::max());
  REQUIRE(dropped.size() == 1);
  CHECK(dropped[0].message == HostLog::kNotRead);
  CHECK(dropped[0].level == LogLevel::warn);
  CHECK(dropped[0].lines > 50);
  CHECK(dropped[0].lines < 100);
}

TEST_CASE("a log wants lines of its level and above under the word of the configuration") {
  ManualClock clock;
  const HostLog log({.level = "warn"}, -1, clock);
  CHECK_FALSE(log.wants(LogLevel::info));
  CHECK(log.wants(LogLevel::warn));
  for (const LogLevel level : {LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error})
    CHECK(log_level_of(to_string(level)) == level);
}

}  // namespace
}  // namespace dormouse
