#include "components/memory_watch.h"

#include <catch2/catch.hpp>

#include "support/manual_loop.h"

namespace dormouse {
namespace {

using namespace std::chrono_literals;

struct WatchFixture {
  ManualClock clock;
  ManualLoop loop{clock};
  EventLog events{1000};
  Metrics metrics;
  uint64_t resident = 100;
  std::vector<ComponentStatus> components;
  MemoryOptions options{.limit_bytes = 1000, .warn_at = 0.8, .sample_every = 5s, .samples_kept = 100};
  std::optional<MemoryWatch> watch;

  void start() {
    watch.emplace(options,
                  MemorySources{[this] {
                                  return MemoryReading{resident, 0, 0};
                                },
                                [this] { return components; },
                                [this] {
                                  return std::chrono::system_clock::time_point(
                                      std::chrono::duration_cast<std::chrono::system_clock::duration>(
                                          clock.now().time_since_epoch()));
                                }},
                  loop, events, metrics);
    loop.run_ready();
  }
  std::vector<MemorySample> samples() { return watch->history().view({}, "").samples; }
  std::vector<std::string> told() {
    std::vector<std::string> kinds;
    for (const Event& event : events.since(0))
      if (event.kind.starts_with("memory.")) kinds.push_back(event.kind);
    return kinds;
  }
  // What resident memory is at the next sample.
  void reach(uint64_t bytes) {
    resident = bytes;
    loop.advance(5s);
  }
};

}  // namespace

TEST_CASE("an alarm is told once above the line and once well below it") {
  using Said = MemoryAlarm::Said;
  MemoryAlarm alarm(1000, 0.8);
  CHECK(alarm.judge(800) == Said::nothing);
  CHECK(alarm.judge(801) == Said::warning);
  CHECK(alarm.judge(999) == Said::nothing);
  CHECK(alarm.judge(790) == Said::nothing);
  CHECK(alarm.judge(750) == Said::nothing);
  CHECK(alarm.is_on());
  CHECK(alarm.judge(749) == Said::relieved);
  CHECK_FALSE(alarm.is_on());
  CHECK(alarm.judge(790) == Said::nothing);
  CHECK(alarm.judge(810) == Said::warning);
}

TEST_CASE("memory is sampled at the start and then every few seconds") {
  WatchFixture t;
  t.start();
  REQUIRE(t.samples().size() == 1);
  CHECK(t.samples()[0].cause == "start");
  t.loop.advance(4s);
  CHECK(t.samples().size() == 1);
  t.loop.advance(6s);
  REQUIRE(t.samples().size() == 3);
  CHECK(t.samples()[2].cause == "timer");
}

TEST_CASE("a load is sampled when it has happened") {
  WatchFixture t;
  t.start();
  t.loop.advance(1s);
  t.events.publish("component.loading", "nlu.intent");
  t.events.publish("component.ready", "nlu.intent");
  t.resident = 300;
  t.loop.run_ready();
  REQUIRE(t.samples().size() == 2);
  CHECK(t.samples()[1].cause == "component.ready");
  CHECK(t.samples()[1].object == "nlu.intent");
  CHECK(t.samples()[1].process.resident_bytes == 300);
}

TEST_CASE("events that change no memory are not sampled") {
  WatchFixture t;
  t.start();
  t.events.publish("scripts.reloaded", "generation 2");
  t.events.publish("component.draining", "a");
  t.loop.advance(1s);
  CHECK(t.samples().size() == 1);
}

TEST_CASE("a storm of loads is a few samples") {
  WatchFixture t;
  t.start();
  for (int i = 0; i < 50; ++i) {
    t.events.publish("component.ready", "a");
    t.events.publish("component.unloaded", "b");
    t.loop.advance(10ms);
  }
  t.loop.advance(1s);
  CHECK(t.samples().size() <= 8);
  CHECK_THAT(t.samples().back().object, Catch::Contains(" more"));
  CHECK(t.loop.timers() == 1);
}

TEST_CASE("crossings of the line are events with figures") {
  WatchFixture t;
  t.start();
  t.reach(850);
  CHECK(t.told() == std::vector<std::string>{"memory.warning"});
  CHECK(t.watch->is_warning());
  CHECK(t.metrics.value("dormouse_memory_warning") == 1);
  CHECK(t.metrics.value("dormouse_memory_warnings_total") == 1);
  CHECK(t.metrics.value("dormouse_memory_limit_bytes") == 1000);
  const Event warning = t.events.since(0).back();
  CHECK(warning.fields == EventFields{{"resident_bytes", 850}, {"limit_bytes", 1000}, {"percent", 85}});
  t.reach(900);
  t.reach(780);
  CHECK(t.told().size() == 1);
  t.reach(700);
  CHECK(t.told() == std::vector<std::string>{"memory.warning", "memory.relieved"});
  CHECK_FALSE(t.watch->is_warning());
  CHECK(t.metrics.value("dormouse_memory_warning") == 0);
}

TEST_CASE("a load that crosses the line is told at once") {
  WatchFixture t;
  t.start();
  t.resident = 900;
  t.events.publish("component.ready", "large");
  t.loop.run_ready();
  CHECK(t.told().size() == 1);
}

TEST_CASE("after its end a watch samples no more") {
  WatchFixture t;
  unsigned samples = 0;
  t.start();
  t.watch.reset();
  t.watch.emplace(t.options,
                  MemorySources{[&samples] {
                                  ++samples;
                                  return MemoryReading{};
                                },
                                [] { return std::vector<ComponentStatus>(); },
                                [] { return std::chrono::system_clock::time_point(); }},
                  t.loop, t.events, t.metrics);
  t.loop.run_ready();
  REQUIRE(samples == 1);
  t.watch.reset();
  t.events.publish("component.ready", "a");
  t.loop.advance(60s);
  CHECK(samples == 1);
  CHECK(t.metrics.value("dormouse_memory_limit_bytes") == 0);
}

TEST_CASE("a limit of zero is what the machine or the container allows") {
  WatchFixture t;
  t.options.limit_bytes = 0;
  t.start();
  CHECK(t.watch->options().limit_bytes > 64 << 20);
  CHECK(t.told().empty());
}

}  // namespace dormouse
