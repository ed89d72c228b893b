#include "cli/line_limit.h"

#include <catch2/catch.hpp>

namespace dormouse {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Time kStart{seconds(100)};

TEST_CASE("of one message so many lines are taken in a second and the rest is counted") {
  LineLimit limit(3);
  unsigned taken = 0;
  for (int i = 0; i < 10; ++i) taken += limit.admit("request.failed a", LogLevel::error, kStart + milliseconds(i));
  CHECK(taken == 3);
  CHECK(limit.pending());
  CHECK(limit.take(kStart + milliseconds(999)).empty());
  const auto dropped = limit.take(kStart + seconds(1));
  REQUIRE(dropped.size() == 1);
  CHECK(dropped[0].message == "request.failed a");
  CHECK(dropped[0].level == LogLevel::error);
  CHECK(dropped[0].lines == 7);
  CHECK_FALSE(limit.pending());
}

TEST_CASE("a second later lines of that message are taken again and none that was counted is lost") {
  LineLimit limit(1);
  CHECK(limit.admit("m", LogLevel::info, kStart));
  CHECK_FALSE(limit.admit("m", LogLevel::info, kStart));
  CHECK(limit.admit("m", LogLevel::info, kStart + seconds(1)));
  CHECK_FALSE(limit.admit("m", LogLevel::warn, kStart + seconds(1)));
  uint64_t lines = 0;
  for (const auto& each : limit.take(Time::max())) lines += each.lines;
  CHECK(lines == 2);
}

TEST_CASE("a loud message leaves the others their lines") {
  LineLimit limit(1);
  for (int i = 0; i < 100; ++i) (void)limit.admit("loud", LogLevel::info, kStart);
  CHECK(limit.admit("quiet", LogLevel::info, kStart));
}

TEST_CASE("zero is no limit") {
  LineLimit limit(0);
  for (int i = 0; i < 1000; ++i) REQUIRE(limit.admit("m", LogLevel::info, kStart));
  CHECK_FALSE(limit.pending());
}

TEST_CASE("the table of messages is bounded and the last place is for all others") {
  LineLimit limit(1);
  for (size_t i = 0; i + 1 < LineLimit::kMessagesMax; ++i)
    REQUIRE(limit.admit("m" + std::to_string(i), LogLevel::info, kStart));
  CHECK(limit.admit("one more", LogLevel::info, kStart));
  CHECK_FALSE(limit.admit("and another", LogLevel::info, kStart));
  const auto dropped = limit.take(Time::max());
  REQUIRE(dropped.size() == 1);
  CHECK(dropped[0].message == LineLimit::kOthers);
  // A second later the places are free again.
  CHECK(limit.admit("fresh", LogLevel::info, kStart + seconds(2)));
  CHECK(limit.admit("fresher", LogLevel::info, kStart + seconds(2)));
}

TEST_CASE("what was counted stays bounded when nobody takes it") {
  LineLimit limit(1);
  uint64_t dropped = 0;
  for (size_t i = 0; i < 3 * LineLimit::kMessagesMax; ++i) {
    const Time now = kStart + seconds(i);
    CHECK(limit.admit("m", LogLevel::info, now));
    dropped += !limit.admit("m", LogLevel::info, now);
  }
  const auto taken = limit.take(Time::max());
  CHECK(taken.size() <= LineLimit::kMessagesMax + 1);
  uint64_t lines = 0;
  for (const auto& each : taken) lines += each.lines;
  CHECK(lines == dropped);
}

}  // namespace
}  // namespace dormouse
