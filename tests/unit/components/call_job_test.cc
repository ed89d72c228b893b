// One call in a queue: who takes it out answers it, and it is answered once.
#include "components/call_job.h"

#include <catch2/catch.hpp>

#include "life_host.h"

using namespace dormouse;
using namespace std::chrono_literals;

namespace {

struct Queue final : CallQueue {
  void withdraw(const CallJob& job) override { withdrawn.push_back(&job); }
  std::vector<const CallJob*> withdrawn;
};

struct Scene {
  LifeHost host;
  Queue queue;
  CancelToken cancel;
  std::vector<std::string> answers;
  std::shared_ptr<OpenCalls> open = std::make_shared<OpenCalls>();

  std::shared_ptr<CallJob> queued() {
    CallOptions options;
    options.cancel = cancel;
    auto job = std::make_shared<CallJob>(
        host.acquire(), Value(), options, host.loop,
        [this](CallResult result) { answers.push_back(result.value.ok() ? "ok" : result.value.status().to_string()); },
        host.loop.now());
    job->queue = &queue;
    job->open = open;
    REQUIRE(open->add(job).ok());
    job->listen_to_cancel();
    return job;
  }
  uint64_t leases() const { return host.component->status().leases; }
};

using Answers = std::vector<std::string>;

}  // namespace

TEST_CASE("a call that is cancelled while it waits leaves its queue and its lease at once") {
  Scene scene;
  const auto job = scene.queued();
  REQUIRE(scene.leases() == 1);
  scene.cancel.cancel();
  CHECK(scene.queue.withdrawn == std::vector<const CallJob*>{job.get()});
  CHECK(scene.leases() == 0);
  CHECK(scene.answers.empty());  // on its loop
  scene.host.run();
  CHECK(scene.answers == Answers{"given up before it started"});
  CHECK_FALSE(job->claim());
}

TEST_CASE("a call that was cancelled before it was queued does not wait") {
  Scene scene;
  scene.cancel.cancel();
  const auto job = scene.queued();
  scene.host.run();
  CHECK(scene.answers == Answers{"given up before it started"});
  CHECK_FALSE(job->claim());
}

TEST_CASE("a call that was claimed is answered by who claimed it though it is cancelled") {
  Scene scene;
  const auto job = scene.queued();
  REQUIRE(job->claim());
  CHECK_FALSE(job->claim());
  scene.cancel.cancel();
  CHECK(scene.queue.withdrawn.empty());
  CHECK(job->options.is_cancelled());
  job->answer(Value(), 1ms, 2ms);
  CHECK(scene.leases() == 0);
  scene.host.run();
  CHECK(scene.answers == Answers{"ok"});
}

TEST_CASE("a call whose component goes ends with that reason whether it waits or runs") {
  const Status gone(Code::unavailable, "the component goes");
  Scene scene;
  const auto waits = scene.queued();
  const auto runs = scene.queued();
  REQUIRE(runs->claim());
  scene.open->cancel_all(gone);
  CHECK(scene.queue.withdrawn == std::vector<const CallJob*>{waits.get()});
  CHECK(runs->options.is_cancelled());
  runs->answer(Status(Code::cancelled, "gave up"), {}, {});
  scene.host.run();
  CHECK(scene.answers == Answers{gone.to_string(), gone.to_string()});
}

TEST_CASE("a method that ends well though its component goes has its answer") {
  Scene scene;
  const auto job = scene.queued();
  REQUIRE(job->claim());
  job->end_with(Status(Code::unavailable, "the component goes"));
  job->answer(Value(), {}, {});
  scene.host.run();
  CHECK(scene.answers == Answers{"ok"});
}
