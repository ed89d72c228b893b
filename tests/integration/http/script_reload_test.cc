// Reloads beside requests on a real host: what they must not cost.
#include <malloc.h>

#include "host_fixture.h"

using namespace dormouse;

// Processor time and not a clock: a busy machine changes nothing about it.
TEST_CASE("a reload of slow scripts holds nobody up") {
  HostFixture host;
  const std::string slow = host.scripts() / "slow.lua";
  std::chrono::nanoseconds of_loads{};
  const std::chrono::nanoseconds before = host.reactor_cpu();
  for (int round = 0; round < 4; ++round) {
    REQUIRE(write_file_atomically(slow,
                                  "local sum = " + std::to_string(round) +
                                      "\nfor i = 1, 10000000 do sum = sum + i end\n"
                                      "local keep = {}\nfor i = 1, 200000 do keep[i] = { i } end\n"
                                      "local dm = require 'dormouse'\n"
                                      "return dm.pipeline('slow', { dm.stage('f', { run = function() return #keep end "
                                      "}), output = dm.ref.f })",
                                  0600)
                .ok());
    const std::chrono::nanoseconds began = HostFixture::thread_cpu();
    REQUIRE(host.engine->load(false).errors.empty());
    of_loads += HostFixture::thread_cpu() - began;
    // Enough connections for both reactors to have some.
    for (int i = 0; i < 16; ++i) CHECK(host.data(post("/v1/pipelines/slow", "{}")).body == "200000");
  }
  const std::chrono::nanoseconds of_reactors = host.reactor_cpu() - before;
  INFO("loads " << of_loads.count() / 1000000 << " ms, reactors " << of_reactors.count() / 1000000 << " ms");
  CHECK(of_reactors < of_loads / 8);
}

// All that remembers is bounded: events (16 here), operations, series of metrics, generations. Once that is full, no
// reload may add anything. Not of the sanitizers' allocators, which tell mallinfo2 nothing.
TEST_CASE("a reload over HTTP leaves nothing behind") {
  HostFixture host({}, {}, 16);
  int version = 0;
  const auto reload = [&](int times) {
    for (const int end = version + times; version < end; ++version) {
      REQUIRE(write_file_atomically(host.scripts() / "changes.lua",
                                    "local dm = require 'dormouse'\n"
                                    "return dm.pipeline('changes', { dm.stage('f', { run = function() return " +
                                        std::to_string(100000 + version) + " end }), output = dm.ref.f })",
                                    0600)
                  .ok());
      REQUIRE(host.control(post("/v1/scripts/reload", "", HostFixture::kToken)).status == 200);
      REQUIRE(host.data(post("/v1/pipelines/changes", "{}")).status == 200);
    }
    host.engine->wait_for_closing();
    return mallinfo2().uordblks;
  };
  reload(200);
  const size_t before = reload(50);
  const size_t after = reload(400);
  INFO(before << " -> " << after << " bytes");
  CHECK(after < before + size_t{400} * 256);
}
