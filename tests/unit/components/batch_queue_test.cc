#include "components/batch_queue.h"

#include <catch2/catch.hpp>

#include "components/call_job.h"
#include "support/manual_loop.h"

using namespace dormouse;
using namespace std::chrono_literals;
using Next = BatchQueue::Next;

namespace {

ManualClock the_clock;
ManualLoop the_loop{the_clock};

std::shared_ptr<CallJob> make_job(uint64_t id, Lane::Priority priority = Lane::Priority::normal) {
  CallOptions options;
  options.request_id = id;
  options.priority = priority;
  return std::make_shared<CallJob>(
      Lease(), Value(), std::move(options), the_loop, [](CallResult) {}, Time{});
}

Result<Next> push(BatchQueue& queue, uint64_t id, Lane::Priority priority = Lane::Priority::normal) {
  auto job = make_job(id, priority);
  return queue.push(job);
}

std::vector<uint64_t> ids(const std::vector<std::shared_ptr<CallJob>>& jobs) {
  std::vector<uint64_t> found;
  for (const auto& job : jobs) found.push_back(job->options.request_id);
  return found;
}

using Ids = std::vector<uint64_t>;

}  // namespace

TEST_CASE("without a delay the first call asks for a turn and the next ride along") {
  BatchQueue queue({.batch_max = 8, .pending_max = 64, .delay = {}});
  CHECK(*push(queue, 1) == Next::turn);
  CHECK(*push(queue, 2) == Next::nothing);
  const BatchQueue::Turn turn = queue.take();
  CHECK(ids(turn.jobs) == Ids{1, 2});
  CHECK_FALSE(turn.again);
  CHECK(*push(queue, 3) == Next::turn);
}

TEST_CASE("with a delay one timer is asked for and its end brings the turn") {
  BatchQueue queue({.batch_max = 8, .pending_max = 64, .delay = 5ms});
  CHECK(*push(queue, 1) == Next::timer);
  CHECK(*push(queue, 2) == Next::nothing);
  CHECK(queue.due() == Next::turn);
  CHECK(*push(queue, 3) == Next::nothing);
  CHECK(ids(queue.take().jobs) == Ids{1, 2, 3});
  CHECK(*push(queue, 4) == Next::timer);
}

TEST_CASE("a full batch asks for its turn before the delay is over") {
  BatchQueue queue({.batch_max = 2, .pending_max = 64, .delay = 5ms});
  CHECK(*push(queue, 1) == Next::timer);
  CHECK(*push(queue, 2) == Next::turn);
  CHECK(queue.due() == Next::nothing);
  CHECK(ids(queue.take().jobs) == Ids{1, 2});
  CHECK(queue.due() == Next::nothing);
}

TEST_CASE("what does not fit into a batch asks for another turn at once") {
  BatchQueue queue({.batch_max = 2, .pending_max = 64, .delay = 5ms});
  for (uint64_t id = 1; id <= 3; ++id) CHECK(push(queue, id).ok());
  const BatchQueue::Turn first = queue.take();
  CHECK(ids(first.jobs) == Ids{1, 2});
  CHECK(first.again);
  CHECK(*push(queue, 4) == Next::nothing);
  CHECK(ids(queue.take().jobs) == Ids{3, 4});
}

TEST_CASE("a batch takes high priority first and then the oldest") {
  BatchQueue queue({.batch_max = 3, .pending_max = 64, .delay = {}});
  (void)push(queue, 1, Lane::Priority::low);
  (void)push(queue, 2);
  (void)push(queue, 3, Lane::Priority::high);
  (void)push(queue, 4);
  CHECK(ids(queue.take().jobs) == Ids{3, 2, 4});
  CHECK(ids(queue.take().jobs) == Ids{1});
}

TEST_CASE("a call beyond the bound is refused and stays with its caller") {
  BatchQueue queue({.batch_max = 8, .pending_max = 2, .delay = {}});
  CHECK(push(queue, 1).ok());
  CHECK(push(queue, 2).ok());
  auto job = make_job(3);
  CHECK(queue.push(job).status().code() == Code::queue_full);
  CHECK(job);
}

TEST_CASE("take_all leaves nothing and the next call asks for a turn again") {
  BatchQueue queue({.batch_max = 2, .pending_max = 64, .delay = {}});
  for (uint64_t id = 1; id <= 3; ++id) CHECK(push(queue, id).ok());
  CHECK(ids(queue.take_all()) == Ids{1, 2, 3});
  CHECK(*push(queue, 4) == Next::turn);
}

TEST_CASE("of many calls each thread of the lane gets a share and few are not shared out") {
  BatchQueue queue({.batch_max = 32, .pending_max = 64, .delay = {}, .threads = 2});
  for (uint64_t id = 1; id <= 20; ++id) CHECK(push(queue, id).ok());
  const BatchQueue::Turn first = queue.take();
  CHECK(first.jobs.size() == 10);
  CHECK(first.again);
  CHECK(queue.take().jobs.size() == 8);
  CHECK(queue.take().jobs.size() == 2);
}

TEST_CASE("a turn waits a little for as many as were answered together last") {
  BatchQueue queue({.batch_max = 8, .pending_max = 64, .delay = {}});
  CHECK(queue.worth_waiting() == 0ms);
  queue.answered(2, 3200us);
  (void)push(queue, 1);
  CHECK(queue.worth_waiting() == 200us);
  (void)push(queue, 2);
  CHECK(queue.worth_waiting() == 0ms);
}

TEST_CASE("a turn waits half a millisecond at most and not for a quick batch or a single call") {
  BatchQueue queue({.batch_max = 8, .pending_max = 64, .delay = {}});
  (void)push(queue, 1);
  queue.answered(4, 10s);
  CHECK(queue.worth_waiting() == 500us);
  queue.answered(4, 100us);
  CHECK(queue.worth_waiting() == 0ms);
  queue.answered(1, 10ms);
  CHECK(queue.worth_waiting() == 0ms);
}

TEST_CASE("calls that nobody waits for hold no place in a batch queue") {
  BatchQueue queue({.batch_max = 8, .pending_max = 2, .delay = {}});
  std::vector<std::shared_ptr<CallJob>> jobs;
  for (uint64_t id = 1; id <= 2; ++id) {
    jobs.push_back(make_job(id));
    auto job = jobs.back();
    job->queue = &queue;
    REQUIRE(queue.push(job).ok());
    jobs.back()->listen_to_cancel();
  }
  CHECK(push(queue, 3).status().code() == Code::queue_full);
  jobs.front()->options.cancel.cancel();
  CHECK(push(queue, 4).ok());
  CHECK(ids(queue.take().jobs) == Ids{2, 4});
}

TEST_CASE("a call that is being withdrawn is in no batch") {
  BatchQueue queue({.batch_max = 8, .pending_max = 8, .delay = {}});
  auto leaving = make_job(1);
  const auto same = leaving;
  REQUIRE(queue.push(leaving).ok());
  REQUIRE(push(queue, 2).ok());
  REQUIRE(same->claim());  // as the thread that cancels does first
  const BatchQueue::Turn turn = queue.take();
  CHECK(ids(turn.jobs) == Ids{2});
  CHECK_FALSE(turn.again);
}
