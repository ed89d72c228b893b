#include "exec/lane.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <future>
#include <latch>
#include <mutex>
#include <string>
#include <vector>

namespace dormouse {
namespace {

using Words = std::vector<std::string>;
using Priority = Lane::Priority;

std::unique_ptr<Lane> make_lane(unsigned threads_max, unsigned pending_max = 64) {
  Result<std::unique_ptr<Lane>> lane = Lane::create("test", {threads_max, pending_max});
  REQUIRE(lane.ok());
  return std::move(*lane);
}

// What happened, in order, told by several threads.
class Record {
 public:
  void add(std::string word) {
    std::lock_guard lock(mutex_);
    words_.push_back(std::move(word));
  }
  Words words() const {
    std::lock_guard lock(mutex_);
    return words_;
  }

 private:
  mutable std::mutex mutex_;
  Words words_;
};

// Keeps one lane thread busy from construction until release. May be destroyed after that at any time.
class Blocker {
 public:
  explicit Blocker(Lane& lane) {
    const Status status = lane.submit(
        [state = state_](unsigned slot) {
          state->entered.set_value(slot);
          state->leave.get_future().wait();
        },
        Priority::high);
    REQUIRE(status.ok());
    slot_ = state_->entered.get_future().get();
  }
  void release() { state_->leave.set_value(); }
  unsigned slot() const { return slot_; }

 private:
  struct State {
    std::promise<unsigned> entered;
    std::promise<void> leave;
  };
  const std::shared_ptr<State> state_ = std::make_shared<State>();
  unsigned slot_ = 99;
};

Status submit(Lane& lane, Record& record, std::string word, Priority priority = Priority::normal) {
  return lane.submit([&record, word = std::move(word)](unsigned) { record.add(word); }, priority);
}

bool is_thread_of_this_process(int id) {
  return std::filesystem::exists("/proc/self/task/" + std::to_string(id));
}

// In every test the lane is declared after what its threads refer to, so that it is joined before that goes.

TEST_CASE("a submitted task runs on a named thread of the lane") {
  struct Seen {
    unsigned slot;
    int thread;
    std::string name;
  };
  std::promise<Seen> ran;
  auto lane = make_lane(1);
  const Status status = lane->submit(
      [&](unsigned slot) {
        char name[16] = {};
        pthread_getname_np(pthread_self(), name, sizeof name);
        ran.set_value({slot, gettid(), name});
      },
      Priority::normal);
  REQUIRE(status.ok());
  const Seen seen = ran.get_future().get();
  CHECK(seen.slot == 0);
  CHECK(lane->thread_ids() == std::vector<int>{seen.thread});
  CHECK(seen.name == "dm-test");
}

TEST_CASE("a full queue refuses and takes again when there is room") {
  Record record;
  std::promise<void> control;
  auto lane = make_lane(1, 2);
  Blocker blocker(*lane);
  CHECK(submit(*lane, record, "a").ok());
  CHECK(submit(*lane, record, "b").ok());
  CHECK(lane->pending() == 2);
  const Status refused = submit(*lane, record, "c", Priority::high);
  CHECK(refused.code() == Code::queue_full);
  CHECK(refused.error().object == "lane test");
  lane->submit_control([&] { control.set_value(); });  // not bounded
  blocker.release();
  lane->join();
  CHECK(record.words() == Words{"a", "b"});
  CHECK(lane->pending() == 0);
  control.get_future().get();
}

TEST_CASE("a withdrawn task never runs and gives its place back at once") {
  const auto lane = make_lane(1, 2);
  Blocker blocker(*lane);
  Record record;
  std::array<Lane::Ticket, 2> tickets{};
  for (size_t i = 0; i < tickets.size(); ++i)
    REQUIRE(
        lane->submit([&record, i](unsigned) { record.add(std::to_string(i)); }, Priority::normal, &tickets[i]).ok());
  CHECK(lane->submit([](unsigned) {}, Priority::normal).code() == Code::queue_full);
  CHECK(lane->withdraw(tickets[0], Priority::normal));
  CHECK_FALSE(lane->withdraw(tickets[0], Priority::normal));
  CHECK(lane->pending() == 1);
  REQUIRE(lane->submit([&record](unsigned) { record.add("late"); }, Priority::normal).ok());
  blocker.release();
  lane->join();
  CHECK(record.words() == Words{"1", "late"});
}

TEST_CASE("a task that began cannot be withdrawn") {
  std::promise<void> began, leave;  // outlive the lane, whose task may look at them until it is joined
  const auto lane = make_lane(1);
  Lane::Ticket ticket = 0;
  REQUIRE(lane->submit(
                  [&](unsigned) {
                    began.set_value();
                    leave.get_future().wait();
                  },
                  Priority::normal, &ticket)
              .ok());
  began.get_future().wait();
  CHECK_FALSE(lane->withdraw(ticket, Priority::normal));
  leave.set_value();
}

TEST_CASE("tasks withdrawn while threads run them run once or never") {
  constexpr int kTasks = 2'000;
  const auto lane = make_lane(2, kTasks);
  std::atomic<int> ran{0};
  int withdrawn = 0;
  std::vector<Lane::Ticket> tickets(kTasks);
  for (Lane::Ticket& ticket : tickets)
    REQUIRE(lane->submit([&ran](unsigned) { ++ran; }, Priority::normal, &ticket).ok());
  for (auto ticket = tickets.rbegin(); ticket != tickets.rend(); ++ticket)
    withdrawn += lane->withdraw(*ticket, Priority::normal);
  lane->join();
  CHECK(ran + withdrawn == kTasks);
  CHECK(lane->pending() == 0);
}

TEST_CASE("priorities are strict and in order of submitting within one") {
  Record record;
  auto lane = make_lane(1);
  Blocker blocker(*lane);
  for (const char* n : {"1", "2"}) {
    CHECK(submit(*lane, record, std::string("low") + n, Priority::low).ok());
    CHECK(submit(*lane, record, std::string("normal") + n, Priority::normal).ok());
    CHECK(submit(*lane, record, std::string("high") + n, Priority::high).ok());
  }
  blocker.release();
  lane->join();
  CHECK(record.words() == Words{"high1", "high2", "normal1", "normal2", "low1", "low2"});
}

TEST_CASE("control tasks run on slot 0 in order and before submitted ones") {
  Record record;
  std::atomic<int> control_thread = 0;
  auto lane = make_lane(1);
  Blocker blocker(*lane);
  CHECK(submit(*lane, record, "task", Priority::high).ok());
  lane->submit_control([&] { control_thread = gettid(); });
  lane->submit_control([&] { record.add("control"); });
  const int slot_0 = lane->thread_ids().at(0);
  blocker.release();
  lane->join();
  CHECK(record.words() == Words{"control", "task"});
  CHECK(control_thread == slot_0);
}

TEST_CASE("a task does not wait for slot 0 while a control task runs there") {
  std::promise<void> entered, leave;
  std::promise<unsigned> ran;
  auto lane = make_lane(2);
  lane->submit_control([&] {
    entered.set_value();
    leave.get_future().wait();
  });
  entered.get_future().wait();
  CHECK(lane->submit([&](unsigned slot) { ran.set_value(slot); }, Priority::low).ok());
  CHECK(ran.get_future().get() == 1);
  leave.set_value();
}

TEST_CASE("a task that counted on slot 0 goes elsewhere when a control task comes first") {
  // Both are queued before slot 0 has looked: whichever order the thread sees, the task must not wait for the control
  // task, which waits for it.
  for (int round = 0; round < 200; ++round) {
    std::promise<void> ran;
    auto lane = make_lane(2);
    CHECK(lane->submit([&](unsigned) { ran.set_value(); }, Priority::low).ok());
    lane->submit_control([&, done = ran.get_future()] { done.wait(); });
    lane->join();
  }
}

TEST_CASE("threads grow one at a time with demand and never beyond the limit") {
  Record record;
  auto lane = make_lane(3);
  CHECK(lane->threads() == 1);
  Blocker first(*lane);
  CHECK(first.slot() == 0);
  CHECK(lane->threads() == 1);
  Blocker second(*lane);
  CHECK(second.slot() == 1);
  CHECK(lane->threads() == 2);
  Blocker third(*lane);
  CHECK(third.slot() == 2);
  CHECK(lane->threads() == 3);
  CHECK(submit(*lane, record, "waits").ok());
  CHECK(lane->threads() == 3);
  CHECK(lane->pending() == 1);
  first.release();
  second.release();
  third.release();
  lane->join();
  CHECK(lane->threads() == 0);
  CHECK(record.words() == Words{"waits"});
}

TEST_CASE("a task that says it returns gets the next task and no thread is started for that") {
  Record record;
  std::promise<void> said;
  std::promise<void> leave;
  auto lane = make_lane(3);
  REQUIRE(lane->submit(
                  [&](unsigned slot) {
                    lane->returning(slot);
                    said.set_value();
                    leave.get_future().wait();
                  },
                  Priority::normal)
              .ok());
  said.get_future().wait();
  CHECK(submit(*lane, record, "next").ok());
  CHECK(lane->threads() == 1);
  CHECK(submit(*lane, record, "one more").ok());
  CHECK(lane->threads() == 2);
  leave.set_value();
  lane->join();
  CHECK(record.words().size() == 2);
}

TEST_CASE("a limit of no threads means one") {
  Record record;
  auto lane = make_lane(0);
  CHECK(submit(*lane, record, "ran").ok());
  lane->join();
  CHECK(record.words() == Words{"ran"});
}

TEST_CASE("hooks are the first and last thing on each thread and slot 0 stops last") {
  Record record;
  std::promise<void> opened;
  auto lane = make_lane(2);
  lane->submit_control([&] { record.add("open"); });
  lane->submit_control([&] { opened.set_value(); });
  opened.get_future().wait();
  lane->set_hooks({[&](unsigned slot) { record.add("start " + std::to_string(slot)); },
                   [&](unsigned slot) { record.add("stop " + std::to_string(slot)); }});
  Blocker first(*lane);
  Blocker second(*lane);
  CHECK(submit(*lane, record, "task").ok());
  first.release();
  second.release();
  lane->join();
  Words words = record.words();
  REQUIRE(words.size() == 6);
  CHECK(words.front() == "open");
  std::sort(words.begin() + 1, words.begin() + 3);  // which of them begins first is the kernel's choice
  CHECK(words == Words{"open", "start 0", "start 1", "task", "stop 1", "stop 0"});
}

TEST_CASE("hooks run on slot 0 also when it had nothing but control tasks or nothing at all") {
  Record record;
  {
    auto lane = make_lane(2);
    lane->set_hooks({[&](unsigned) { record.add("start"); }, [&](unsigned) { record.add("stop"); }});
    lane->submit_control([&] { record.add("control"); });
  }
  CHECK(record.words() == Words{"start", "control", "stop"});
  Record unused;
  {
    auto lane = make_lane(2);
    lane->set_hooks({[&](unsigned) { unused.add("start"); }, [&](unsigned) { unused.add("stop"); }});
  }
  CHECK(unused.words() == Words{"start", "stop"});
}

TEST_CASE("shrink ends idle threads but slot 0 and they come back on demand") {
  std::latch stopped(2);
  std::atomic<int> started = 0;
  auto lane = make_lane(3);
  lane->set_hooks({[&](unsigned) { ++started; },
                   [&](unsigned slot) {
                     if (slot != 0 && started == 3) stopped.count_down();
                   }});
  {
    Blocker first(*lane), second(*lane), third(*lane);
    first.release();
    lane->shrink();  // two of them are busy: they end when they are done
    second.release();
    third.release();
    stopped.wait();
  }
  Blocker first(*lane), again(*lane);
  CHECK(lane->threads() >= 2);
  CHECK(started >= 4);
  lane->shrink();
  lane->shrink();
  again.release();
  first.release();
}

TEST_CASE("shrink runs stop hooks of threads that are already idle") {
  std::promise<unsigned> stopped;
  std::atomic<bool> joining = false;
  auto lane = make_lane(2);
  lane->set_hooks({[](unsigned) {},
                   [&](unsigned slot) {
                     if (!joining) stopped.set_value(slot);
                   }});
  {
    Blocker first(*lane), second(*lane);
    first.release();
    second.release();
  }
  lane->shrink();
  CHECK(stopped.get_future().get() == 1);
  joining = true;
}

TEST_CASE("join runs what is queued and then refuses") {
  Record record;
  auto lane = make_lane(2);
  Blocker first(*lane), second(*lane);
  for (int i = 0; i < 20; ++i) CHECK(submit(*lane, record, "task").ok());
  const std::vector<int> ids = lane->thread_ids();
  CHECK(ids.size() == 2);
  first.release();
  second.release();
  lane->join();
  CHECK(record.words().size() == 20);
  CHECK(submit(*lane, record, "late").code() == Code::unavailable);
  lane->join();
  CHECK(lane->thread_ids().empty());
  for (const int id : ids) CHECK_FALSE(is_thread_of_this_process(id));
}

TEST_CASE("a task that runs while join waits may still leave a control task") {
  Record record;
  std::promise<void> leave;
  auto lane = make_lane(2);
  Blocker first(*lane);
  CHECK(lane->submit(
                [&](unsigned) {
                  leave.get_future().wait();
                  lane->submit_control([&] { record.add("control"); });
                },
                Priority::normal)
            .ok());
  first.release();
  std::thread joiner([&] { lane->join(); });
  const auto join_began = [&] { return lane->submit([](unsigned) {}, Priority::low).code() == Code::unavailable; };
  while (!join_began()) std::this_thread::yield();
  leave.set_value();
  joiner.join();
  CHECK(record.words() == Words{"control"});
}

TEST_CASE("two threads may join at the same time") {
  auto lane = make_lane(2);
  Blocker blocker(*lane);
  std::thread first([&] { lane->join(); });
  std::thread second([&] { lane->join(); });
  blocker.release();
  first.join();
  second.join();
  CHECK(lane->threads() == 0);
}

TEST_CASE("an accepted task is destroyed on the lane thread and a refused one by submit") {
  struct Tells {
    std::promise<int>* where;
    explicit Tells(std::promise<int>& w) : where(&w) {}
    Tells(Tells&& other) noexcept : where(std::exchange(other.where, nullptr)) {}
    ~Tells() {
      if (where) where->set_value(gettid());
    }
    void operator()(unsigned) {}
  };
  std::promise<int> accepted, refused;
  auto lane = make_lane(1, 1);
  Blocker blocker(*lane);
  CHECK(lane->submit(Tells(accepted), Priority::normal).ok());
  CHECK_FALSE(lane->submit(Tells(refused), Priority::normal).ok());
  auto refused_where = refused.get_future();
  REQUIRE(refused_where.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
  CHECK(refused_where.get() == gettid());
  const int lane_thread = lane->thread_ids().at(0);
  blocker.release();
  CHECK(accepted.get_future().get() == lane_thread);
}

TEST_CASE("a lane may end as soon as its last task ran") {
  // The submitter may still be waking the slot then.
  for (int round = 0; round < 500; ++round) {
    auto lane = make_lane(1);
    std::promise<void> ran;
    std::thread ender([&] {
      ran.get_future().wait();
      lane.reset();
    });
    Lane& borrowed = *lane;
    CHECK(borrowed.submit([&](unsigned) { ran.set_value(); }, Priority::normal).ok());
    ender.join();
  }
}

TEST_CASE("no task is lost when many threads submit while threads come and go") {
  std::atomic<int> ran = 0, per_slot_users = 0;
  std::array<std::atomic<int>, 4> in_slot{};
  auto lane = make_lane(4, 1000);
  lane->set_hooks({[&](unsigned slot) { per_slot_users += ++in_slot[slot] == 1 ? 0 : 1; },
                   [&](unsigned slot) { --in_slot[slot]; }});
  std::atomic<int> accepted = 0;
  std::vector<std::thread> submitters;
  for (int t = 0; t < 4; ++t) {
    submitters.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        if (lane->submit([&](unsigned) { ++ran; }, Priority(i % 3)).ok()) ++accepted;
        if (i % 50 == 0) lane->shrink();
        if (i % 100 == 0) lane->submit_control([] {});
      }
    });
  }
  for (std::thread& submitter : submitters) submitter.join();
  lane->join();
  CHECK(ran == accepted);
  CHECK(per_slot_users == 0);
}

}  // namespace
}  // namespace dormouse
