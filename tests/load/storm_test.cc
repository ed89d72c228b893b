// The storm: 64 clients on loopback do to one host, at the same time and at random, all that callers and operators may
// do. DORMOUSE_STORM_SECONDS says for how long; kSecondsDefault by default. Seeds are fixed, interleavings are
// not.
#include <atomic>
#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "load/storm_actions.h"
#include "load/storm_history.h"
#include "load/storm_host.h"

namespace dormouse {
namespace {

constexpr unsigned kClients = 64;
constexpr int kSecondsDefault = 20;  // ./dev check --long asks for minutes

std::chrono::seconds storm_time() {
  const char* text = std::getenv("DORMOUSE_STORM_SECONDS");
  return std::chrono::seconds(text ? std::max(1, std::atoi(text)) : kSecondsDefault);
}

StormTally run_clients(const StormHost& host, std::chrono::seconds time) {
  std::atomic<bool> over{false};
  std::vector<StormTally> tallies(kClients);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kClients; ++i)
    threads.emplace_back([&, i] {
      StormClient client(host, i + 1);
      while (!over) client.act();
      tallies[i] = client.tally();
    });
  std::this_thread::sleep_for(time);
  over = true;
  for (std::thread& thread : threads) thread.join();
  StormTally all;
  for (const StormTally& tally : tallies) all.add(tally);
  return all;
}

// Requests whose clients left may run on for a moment: asked again, a bounded number of times.
uint64_t leases_left(const StormHost& host) {
  uint64_t leases = 0;
  for (int i = 0; i < 200; ++i) {
    leases = 0;
    const boost::json::value document = boost::json::parse(host.read("/v1/components"));
    const boost::json::array& components =
        document.is_array() ? document.as_array() : document.at("components").as_array();
    for (const boost::json::value& component : components) leases += component.at("leases").to_number<uint64_t>();
    if (leases == 0) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return leases;
}

}  // namespace

TEST_CASE("a storm of calls and verbs ends with every request answered and nothing leased") {
  StormHost host;
  StormHistory history(host.control_port(), host.authorization());
  const StormTally tally = run_clients(host, storm_time());
  std::cout << tally.to_string();

  std::string mistakes;
  for (const std::string& mistake : tally.mistakes) mistakes += mistake + "\n";
  CHECK(mistakes == "");
  // It was a storm: every kind of action happened.
  CHECK(tally.answers("pipeline", 200) > 0);
  CHECK(tally.answers("remembered", 200) > 0);
  CHECK(tally.answers("purge", 200) > 0);
  CHECK(tally.cancelled > 0);
  CHECK(tally.answers("reload", 200) > 0);
  CHECK(tally.answers("scrape", 200) > 0);

  REQUIRE(host.running());
  const boost::json::value cache = boost::json::parse(host.read("/v1/caches/storm"));
  std::cout << "cache: " << boost::json::serialize(cache) << "\n";
  for (const char* counter : {"hits", "misses", "coalesced"}) CHECK(cache.at(counter).to_number<uint64_t>() > 0);
  CHECK(leases_left(host) == 0);
  CHECK(boost::json::parse(host.read("/v1/caches/storm")).at("in_flight").to_number<uint64_t>() == 0);

  const std::optional<int> code = host.stop();
  history.stop();
  INFO(host.output());
  REQUIRE(code.has_value());
  CHECK(*code == 0);
  CHECK(host.output().find("left behind") == std::string::npos);
  for (const std::string& breach : history.breaches()) FAIL_CHECK(breach);
  CHECK(history.loads(kStormCache).replaced > 0);
  for (const std::string component : kStormComponents) {
    INFO(component);
    const StormHistory::Loads seen = history.loads(component);
    const uint64_t opens = host.canary_file(component, "opens").size();
    std::cout << component << ": " << seen.generation << " loads begun, " << opens << " opens, " << seen.ready
              << " ready, " << seen.unloaded << " unmapped, " << history.gaps() << " gaps in the events\n";
    // One load for any number of waiters, and one open for each load that was not given up before it came so far.
    CHECK(seen.ready <= opens);
    CHECK(opens <= seen.generation);
    if (history.gaps() == 0) CHECK(seen.begun == seen.generation);
    // It was a storm: the component really went and came.
    CHECK(seen.ready > 1);
    CHECK(seen.unloaded > 1);
    CHECK(host.canary_file(component, "breaches") == "");
  }
}

}  // namespace dormouse
