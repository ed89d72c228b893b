#include "base/events.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <thread>

namespace dormouse {
namespace {

std::vector<uint64_t> numbers(const std::vector<Event>& events) {
  std::vector<uint64_t> all;
  for (const Event& event : events) all.push_back(event.sequence);
  return all;
}

using Numbers = std::vector<uint64_t>;

TEST_CASE("events are numbered from one and kept in order with their facts") {
  EventLog log(10);
  CHECK(log.last_sequence() == 0);
  CHECK(log.since(0).empty());
  log.publish("component.ready", "nlu.language", {{"bytes", 7}, {"class", "unmap"}}, "request",
              {"local", 12, "ticket 7"});
  log.publish("component.unloaded", "nlu.language");
  const std::vector<Event> events = log.since(0);
  REQUIRE(numbers(events) == Numbers{1, 2});
  CHECK(events[0].kind == "component.ready");
  CHECK(events[0].object == "nlu.language");
  CHECK(events[0].fields == EventFields{{"bytes", 7}, {"class", "unmap"}});
  CHECK(events[0].cause == "request");
  CHECK(events[0].actor == Actor{"local", 12, "ticket 7"});
  CHECK(events[1].actor.empty());
  CHECK(events[0].at <= events[1].at);
  CHECK(log.last_sequence() == 2);
}

TEST_CASE("a fact of an event keeps its type") {
  CHECK(EventValue(7) == EventValue(uint64_t{7}));
  CHECK_FALSE(EventValue(7) == EventValue("7"));
  CHECK_FALSE(EventValue(true) == EventValue(1));
  CHECK(EventValue("unmap").text() == "unmap");
  CHECK(EventValue(3.734).text() == "3.734");
  CHECK(EventValue(false).text() == "false");
  CHECK(EventValue(-3).text() == "-3");
}

TEST_CASE("a kind is asked for by its name or by its noun") {
  CHECK(event_kind_matches("", "component.ready"));
  CHECK(event_kind_matches("component.ready", "component.ready"));
  CHECK(event_kind_matches("component.*", "component.ready"));
  CHECK_FALSE(event_kind_matches("component.*", "components.ready"));
  CHECK_FALSE(event_kind_matches("component", "component.ready"));
  CHECK_FALSE(event_kind_matches("*", "component.ready"));
}

TEST_CASE("only events above the asked number are given") {
  EventLog log(10);
  for (int i = 0; i < 5; ++i) log.publish("k", "o");
  CHECK(numbers(log.since(3)) == Numbers{4, 5});
  CHECK(log.since(5).empty());
  CHECK(log.since(99).empty());
}

TEST_CASE("dropped events are seen as a gap in the numbers") {
  EventLog log(3);
  for (int i = 0; i < 8; ++i) log.publish("k", "o");
  CHECK(numbers(log.since(0)) == Numbers{6, 7, 8});
  CHECK(numbers(log.since(2)) == Numbers{6, 7, 8});
  CHECK(numbers(log.since(6)) == Numbers{7, 8});
}

TEST_CASE("a log without room keeps the numbers going") {
  EventLog log(0);
  log.publish("k", "o");
  CHECK(log.since(0).empty());
  CHECK(log.last_sequence() == 1);
}

TEST_CASE("a subscriber is called after each publish and may read the log") {
  EventLog log(10);
  Numbers seen;
  const uint64_t id = log.subscribe([&] { seen.push_back(log.since(seen.size()).back().sequence); });
  log.publish("k", "o");
  log.publish("k", "o");
  CHECK(seen == Numbers{1, 2});
  log.unsubscribe(id);
  log.publish("k", "o");
  CHECK(seen.size() == 2);
  log.unsubscribe(id);
  log.unsubscribe(4711);
}

TEST_CASE("unsubscribe waits for a running callback") {
  EventLog log(10);
  std::promise<void> entered, leave;
  std::atomic<bool> left = false;
  const uint64_t id = log.subscribe([&] {
    entered.set_value();
    leave.get_future().wait();
    left = true;
  });
  std::thread publisher([&] { log.publish("k", "o"); });
  entered.get_future().wait();
  bool left_before_return = false;
  std::thread unsubscriber([&] {
    log.unsubscribe(id);
    left_before_return = left;
  });
  log.subscribe([] {});  // other subscriptions do not wait for that callback
  leave.set_value();
  unsubscriber.join();
  publisher.join();
  CHECK(left_before_return);
}

TEST_CASE("numbers stay dense when many threads publish") {
  EventLog log(4000);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) log.publish("k", "o");
    });
  }
  for (std::thread& thread : threads) thread.join();
  const Numbers all = numbers(log.since(0));
  REQUIRE(all.size() == 4000);
  for (size_t i = 0; i < all.size(); ++i) REQUIRE(all[i] == i + 1);
}

}  // namespace
}  // namespace dormouse
