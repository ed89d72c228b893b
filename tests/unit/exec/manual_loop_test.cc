#include "support/manual_loop.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace dormouse {
namespace {

using namespace std::chrono_literals;

struct LoopFixture {
  ManualClock clock;
  ManualLoop loop{clock};
  std::vector<std::string> ran;
  Task note(std::string what) {
    return [this, what = std::move(what)] { ran.push_back(what); };
  }
};

using Words = std::vector<std::string>;

TEST_CASE_METHOD(LoopFixture, "nothing runs until it is told") {
  loop.post(note("posted"));
  loop.at(loop.now(), note("due"));
  CHECK(ran.empty());
  CHECK(loop.run_ready() == 2);
  CHECK(ran == Words{"posted", "due"});
  CHECK(loop.run_ready() == 0);
}

TEST_CASE_METHOD(LoopFixture, "what a task posts runs in the same go") {
  loop.post([&] { loop.post(note("second")); });
  CHECK(loop.run_ready() == 2);
  CHECK(ran == Words{"second"});
}

TEST_CASE_METHOD(LoopFixture, "timers run in order and see their own time") {
  std::vector<Duration> seen;
  const Time start = loop.now();
  for (const auto after : {30ms, 10ms, 20ms}) loop.at(start + after, [&] { seen.push_back(loop.now() - start); });
  CHECK(loop.advance(25ms) == 2);
  CHECK(seen == std::vector<Duration>{10ms, 20ms});
  CHECK(loop.now() == start + 25ms);
  CHECK(loop.timers() == 1);
  loop.advance(5ms);
  CHECK(seen.back() == 30ms);
}

TEST_CASE_METHOD(LoopFixture, "a timer set by a timer runs on the way") {
  const Time start = loop.now();
  loop.at(start + 10ms, [&] { loop.at(loop.now() + 10ms, note("again")); });
  loop.advance(20ms);
  CHECK(ran == Words{"again"});
}

TEST_CASE_METHOD(LoopFixture, "a cancelled timer does not run") {
  const EventLoop::TimerId id = loop.at(loop.now() + 1ms, note("no"));
  CHECK(loop.cancel(id));
  CHECK_FALSE(loop.cancel(id));
  loop.advance(1h);
  CHECK(ran.empty());
}

TEST_CASE_METHOD(LoopFixture, "posts of other threads are waited for") {
  std::thread other([&] { loop.post(note("from afar")); });
  CHECK(loop.run_until([&] { return !ran.empty(); }));
  other.join();
  CHECK(loop.in_loop_thread());
}

}  // namespace
}  // namespace dormouse
