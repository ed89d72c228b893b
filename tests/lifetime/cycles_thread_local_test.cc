#include <catch2/catch.hpp>

#include "lifetime/cycles.h"

namespace dormouse {

// A thread_local with a destructor keeps its library mapped until each thread that used it has ended. Lanes end first.
TEST_CASE("a plugin with a thread_local is unmapped because its lane is joined first") {
  LiveRegistry host({DORMOUSE_LIFETIME_PLUGINS});
  Component& words = host.add("words", "thread-local");
  host.start();
  const uint32_t method = host.method_index(words, "remember");

  const CycleReport report = run_cycles("thread_local", 200, [&] {
    Result<Lease> lease = host.acquire(words);
    REQUIRE(lease.ok());
    REQUIRE_FALSE(runs_inline(*lease, method));
    REQUIRE(host.call(*lease, method, text_value("hello")).ok());
    lease->release();
    unload_completely(host, words, "/thread-local.so");
  });

  check_nothing_is_left(report);
}

}  // namespace dormouse
