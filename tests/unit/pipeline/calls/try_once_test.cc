#include "pipeline/calls/try_once.h"

#include <catch2/catch.hpp>

#include "unit/pipeline/fake_arrivals.h"
#include "unit/pipeline/fake_components.h"

using namespace dormouse;
using namespace std::chrono_literals;

namespace {

struct OneCall {
  ManualClock clock;
  ManualLoop loop{clock};
  FakeComponent a{loop, "a", "{text: string}", "{text: string}"};
  std::shared_ptr<FakeArrivals> arrivals = std::make_shared<FakeArrivals>();
  ValueWriter writer;
  PipelineRequest request;
  TryOnce call;

  OneCall() {
    request.request_id = 17;
    call.begin(text_map({{"text", "hello"}}));
  }
  ~OneCall() { a.forget_all(); }
  Status aim(const std::string& method = "") { return call.aim(a, Lease(), MethodRef(), method, writer); }
  Completion completion() { return {*arrivals, loop, {1, 2, 0, 3, 4}}; }
};

}  // namespace

TEST_CASE("a method that runs inline completes at once") {
  OneCall t;
  REQUIRE(t.aim().ok());
  REQUIRE(t.call.runs_inline());
  const Result<Value> result = t.call.call_inline(CallOptions());
  REQUIRE(result.ok());
  CHECK(to_debug_string(result->view()) == R"({"text":"hello"})");
  CHECK(t.loop.run_ready() == 0);
}

TEST_CASE("a method on the lane completes at the address it was begun with") {
  OneCall t;
  t.a.inline_calls = false;
  REQUIRE(t.aim().ok());
  REQUIRE_FALSE(t.call.runs_inline());
  t.call.call_on_lane(t.call.options(t.request, t.clock.now() + 50ms), t.completion());
  CHECK(t.arrivals->called.empty());
  t.loop.run_ready();
  REQUIRE(t.arrivals->called.size() == 1);
  const auto& [at, result] = t.arrivals->called[0];
  CHECK(result.value.ok());
  CHECK(at.slot == 1);
  CHECK(at.generation == 2);
  CHECK(at.node == 3);
  CHECK(at.attempt == 4);
  CHECK(t.a.last_options.request_id == 17);
  CHECK(t.a.last_options.deadline == t.clock.now() + 50ms);
}

TEST_CASE("an unknown method is the end of the call before it begins") {
  OneCall t;
  const Status aimed = t.aim("walk");
  CHECK(aimed.code() == Code::not_found);
  CHECK(t.a.calls == 0);
}

TEST_CASE("cancelling a call cancels the token that its lane has") {
  OneCall t;
  t.a.inline_calls = false;
  t.a.hangs = true;
  REQUIRE(t.aim().ok());
  t.call.call_on_lane(t.call.options(t.request, Time::max()), t.completion());
  CHECK_FALSE(t.a.last_options.cancel.cancelled());
  t.call.cancel();
  CHECK(t.a.last_options.cancel.cancelled());
}

TEST_CASE("the next call in the place of a cancelled one has a token of its own") {
  OneCall t;
  const CallOptions before = t.call.options(t.request, Time::max());
  t.call.cancel();
  t.call.begin(text_map({{"text", "again"}}));
  CHECK(before.cancel.cancelled());
  CHECK_FALSE(t.call.options(t.request, Time::max()).cancel.cancelled());
}
