#include "exec/reactor.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>
#include <future>
#include <string>
#include <thread>
#include <vector>

namespace dormouse {
namespace {

using namespace std::chrono_literals;

// Runs `body` on the loop and waits until it has run.
template <class F>
auto on_loop(Reactor& reactor, F body) {
  std::promise<decltype(body())> result;
  reactor.post([&] {
    if constexpr (std::is_void_v<decltype(body())>) {
      body();
      result.set_value();
    } else {
      result.set_value(body());
    }
  });
  return result.get_future().get();
}

struct Started {
  Reactor reactor{3};
  Started() { REQUIRE(reactor.start().ok()); }
};

TEST_CASE_METHOD(Started, "posted tasks run in order on the named loop thread") {
  std::vector<int> ran;
  for (int i = 0; i < 1000; ++i) reactor.post([&ran, i] { ran.push_back(i); });
  const std::string name = on_loop(reactor, [] {
    char text[16] = {};
    pthread_getname_np(pthread_self(), text, sizeof text);
    return std::string(text);
  });
  CHECK(name == "dm-reactor-3");
  REQUIRE(ran.size() == 1000);
  for (int i = 0; i < 1000; ++i) REQUIRE(ran[i] == i);
}

TEST_CASE_METHOD(Started, "a post from the loop does not run inside post") {
  bool inside = false, ran_inside = true;
  std::promise<void> ran;
  reactor.post([&] {
    inside = true;
    reactor.post([&] {
      ran_inside = inside;
      ran.set_value();
    });
    inside = false;
  });
  ran.get_future().wait();
  CHECK_FALSE(ran_inside);
}

TEST_CASE_METHOD(Started, "the loop knows its thread") {
  CHECK_FALSE(reactor.in_loop_thread());
  CHECK(on_loop(reactor, [&] { return reactor.in_loop_thread(); }));
}

TEST_CASE_METHOD(Started, "timers run in order and never early") {
  std::promise<std::vector<int>> done;
  std::vector<int> ran;
  std::atomic<bool> early = false;
  on_loop(reactor, [&] {
    const Time start = reactor.now();
    const auto note = [&](Duration after, int n) {
      return [&, start, after, n] {
        if (reactor.now() < start + after) early = true;
        ran.push_back(n);
        if (n == 4) done.set_value(ran);
      };
    };
    for (const auto& [after, n] : {std::pair{6ms, 3}, {2ms, 1}, {8ms, 4}, {4ms, 2}}) {
      reactor.at(start + after, note(after, n));
    }
    reactor.at(start - 1s, note(-1s, 0));
  });
  CHECK(done.get_future().get() == std::vector<int>{0, 1, 2, 3, 4});
  CHECK_FALSE(early);
}

TEST_CASE_METHOD(Started, "a cancelled timer does not run and the next one still does") {
  std::promise<void> done;
  bool ran = false;
  on_loop(reactor, [&] {
    const EventLoop::TimerId first = reactor.at(reactor.now() + 1ms, [&] { ran = true; });
    const EventLoop::TimerId second = reactor.at(reactor.now() + 4ms, [&] { done.set_value(); });
    CHECK(reactor.cancel(first));
    CHECK_FALSE(reactor.cancel(first));
    CHECK(second != first);
  });
  done.get_future().wait();
  CHECK_FALSE(ran);
}

TEST_CASE_METHOD(Started, "a timer cannot cancel itself but its neighbour") {
  std::promise<bool> done;
  bool neighbour_ran = false;
  on_loop(reactor, [&] {
    const Time when = reactor.now() + 1ms;
    auto ids = std::make_shared<std::pair<EventLoop::TimerId, EventLoop::TimerId>>();
    ids->first = reactor.at(when, [&, ids] {
      const bool itself = reactor.cancel(ids->first);
      const bool neighbour = reactor.cancel(ids->second);
      reactor.at(reactor.now() + 1ms, [&, right = !itself && neighbour] { done.set_value(right); });
    });
    ids->second = reactor.at(when, [&] { neighbour_ran = true; });
  });
  CHECK(done.get_future().get());
  CHECK_FALSE(neighbour_ran);
}

TEST_CASE_METHOD(Started, "a timer that sets itself again for the past does not starve the loop") {
  struct Timer {
    std::atomic<bool> stop{false};
    std::atomic<unsigned> ran{0};
  };
  struct Again {
    Reactor& reactor;
    std::shared_ptr<Timer> timer;
    void operator()() {
      ++timer->ran;
      if (!timer->stop) reactor.at(Time(), Again{reactor, timer});
    }
  };
  const auto timer = std::make_shared<Timer>();
  on_loop(reactor, [&] { Again{reactor, timer}(); });
  // Handled while the timer goes on: ten times, each behind the timer's next turn.
  for (int i = 0; i < 10; ++i) {
    auto handled = std::make_shared<std::promise<unsigned>>();
    std::future<unsigned> ran = handled->get_future();
    boost::asio::post(reactor.context(), [handled, timer] { handled->set_value(timer->ran); });
    const bool came = ran.wait_for(std::chrono::seconds(60)) == std::future_status::ready;
    CHECK(came);
    if (came) CHECK(ran.get() > static_cast<unsigned>(i));
  }
  timer->stop = true;  // not on the loop: it may be starved
}

TEST_CASE_METHOD(Started, "thousands of timers cost nothing when they are cancelled") {
  std::vector<EventLoop::TimerId> ids;
  on_loop(reactor, [&] {
    for (int i = 0; i < 10'000; ++i) ids.push_back(reactor.at(reactor.now() + 1h + i * 1us, [] {}));
  });
  CHECK(on_loop(reactor, [&] {
    return std::all_of(ids.begin(), ids.end(), [&](EventLoop::TimerId id) { return reactor.cancel(id); });
  }));
}

TEST_CASE("what is posted before start runs after it and what is posted before stop runs before the end") {
  Reactor reactor(0);
  std::vector<int> ran;
  reactor.post([&] { ran.push_back(1); });
  REQUIRE(reactor.start().ok());
  reactor.post([&] { ran.push_back(2); });
  reactor.stop();
  reactor.join();
  CHECK(ran == std::vector<int>{1, 2});
}

TEST_CASE("posts and timers after the stop are destroyed with the reactor and not run") {
  auto owned = std::make_shared<int>();
  {
    Reactor reactor(0);
    REQUIRE(reactor.start().ok());
    on_loop(reactor, [&] { reactor.at(reactor.now() + 1h, [owned] { ++*owned; }); });
    reactor.stop();
    reactor.join();
    reactor.post([owned] { ++*owned; });
    CHECK(owned.use_count() == 3);
  }
  CHECK(owned.use_count() == 1);
  CHECK(*owned == 0);
}

TEST_CASE("a reactor that was never started is destroyed with its tasks") {
  auto owned = std::make_shared<int>();
  {
    Reactor reactor(0);
    reactor.post([owned] {});
  }
  CHECK(owned.use_count() == 1);
}

TEST_CASE_METHOD(Started, "posts of many threads all run and each thread's in order") {
  std::vector<std::vector<int>> ran(4);
  std::vector<std::thread> posters;
  for (int t = 0; t < 4; ++t) {
    posters.emplace_back([&, t] {
      for (int i = 0; i < 5000; ++i) reactor.post([&ran, t, i] { ran[t].push_back(i); });
    });
  }
  for (std::thread& poster : posters) poster.join();
  on_loop(reactor, [] {});
  for (const std::vector<int>& of_thread : ran) {
    CHECK(of_thread.size() == 5000);
    CHECK(std::is_sorted(of_thread.begin(), of_thread.end()));
  }
}

}  // namespace
}  // namespace dormouse
