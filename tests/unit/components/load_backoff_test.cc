#include "components/load_backoff.h"

#include <catch2/catch.hpp>

using namespace dormouse;
using namespace std::chrono_literals;

TEST_CASE("a back-off doubles with each failure in a row up to a minute and is forgotten with a success") {
  LoadBackoff backoff;
  const auto same = [] { return std::string("file"); };
  Time now{1h};
  CHECK_FALSE(backoff.holds(now, same));
  for (const Duration wait : {Duration(1s), Duration(2s), Duration(4s), Duration(8s), Duration(16s), Duration(32s),
                              Duration(60s), Duration(60s)}) {
    backoff.failed(now, "file");
    CHECK(backoff.retry_at() == now + wait);
    CHECK(backoff.holds(now + wait - 1ms, same));
    CHECK_FALSE(backoff.holds(now + wait, same));
    now += wait;
  }
  backoff.succeeded();
  backoff.failed(now, "file");
  CHECK(backoff.retry_at() == now + 1s);
}

TEST_CASE("another file ends a back-off and the disk is asked ten times a second at most") {
  LoadBackoff backoff;
  const Time now{1h};
  backoff.failed(now, "old");
  int looks = 0;
  const auto look = [&] {
    ++looks;
    return std::string("new");
  };
  CHECK(backoff.holds(now + 99ms, look));
  CHECK(looks == 0);
  CHECK_FALSE(backoff.holds(now + 100ms, look));
  CHECK(looks == 1);
}
