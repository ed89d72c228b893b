#include "cli/progress.h"

#include <catch2/catch.hpp>

using namespace dormouse;
using namespace std::chrono_literals;

TEST_CASE("a terminal gets a bar with the time left") {
  const Time start{};
  ProgressText progress(true, start);
  CHECK(progress.update(50, 100, "counting", start + 10s) ==
        "\r\x1b[K[###############...............]  50%  10.0s left  counting");
  CHECK(progress.finish() == "\r\x1b[K");
  CHECK(progress.finish().empty());
}

TEST_CASE("a terminal is not written more than ten times a second") {
  const Time start{};
  ProgressText progress(true, start);
  CHECK(!progress.update(1, 100, "a", start).empty());
  CHECK(progress.update(2, 100, "a", start + 50ms).empty());
  CHECK(!progress.update(3, 100, "a", start + 100ms).empty());
}

TEST_CASE("a log gets a line at every step and now and then between") {
  const Time start{};
  ProgressText progress(false, start);
  CHECK(progress.update(0, 100, "reading", start) == "  0% reading\n");
  CHECK(progress.update(10, 100, "reading", start + 1s).empty());
  CHECK(progress.update(20, 100, "counting", start + 2s) == " 20% counting, 8.0s left\n");
  CHECK(progress.update(90, 100, "counting", start + 7s) == " 90% counting, 778ms left\n");
  CHECK(progress.finish().empty());
}

TEST_CASE("work of unknown size is told without a share") {
  ProgressText progress(false, Time{});
  CHECK(progress.update(3, 0, "reading", Time{}) == "reading\n");
}
