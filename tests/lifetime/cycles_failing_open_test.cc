#include <catch2/catch.hpp>

#include "lifetime/cycles.h"

namespace dormouse {

TEST_CASE("an open that takes from the host and fails is undone completely a thousand times") {
  LiveRegistry host({DORMOUSE_LIFETIME_PLUGINS});
  Component& refuses = host.add("refuses", "refuses");
  host.start();

  const CycleReport report = run_cycles("failing open", 1'000, [&] {
    const Result<Lease> lease = host.acquire(refuses);
    REQUIRE_FALSE(lease.ok());
    REQUIRE(lease.status().code() == Code::load_failed);
    REQUIRE(lease.status().to_string().find("on purpose") != std::string::npos);
  });

  check_nothing_is_left(report);
  CHECK_FALSE(file_is_mapped("/refuses.so"));
  CHECK(refuses.status().state == State::failed);
  CHECK(refuses.status().ledger.empty());
}

}  // namespace dormouse
