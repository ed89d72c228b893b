#include "pipeline/request_run.h"

#include <catch2/catch.hpp>

using namespace dormouse;
using namespace std::chrono_literals;

namespace {

struct OneRequest {
  GraphPlan plan;
  RequestRun request;
  Time now = Time(1h);

  OneRequest() {
    plan.graph.name = "p";
    request.plan = &plan;
    request.deadline = now + 10ms;
  }
};

}  // namespace

TEST_CASE("a request is over at its deadline and not before") {
  OneRequest t;
  CHECK_FALSE(t.request.over(t.now + 9ms));
  CHECK(t.request.over(t.now + 10ms));
  CHECK(t.request.failure.code() == Code::deadline_exceeded);
  CHECK(t.request.ran_out_of_time);
}

TEST_CASE("a request whose client is gone is over and not late") {
  OneRequest t;
  t.request.in.cancel.cancel();
  CHECK(t.request.over(t.now + 1h));
  CHECK(t.request.failure.code() == Code::cancelled);
  CHECK_FALSE(t.request.ran_out_of_time);
}

TEST_CASE("what ended a request first stays its failure") {
  OneRequest t;
  t.request.fail(Status(Code::unavailable, "away"), FaultOf::component);
  t.request.fail(Status(Code::internal, "later"), FaultOf::script);
  CHECK(t.request.over(t.now + 1h));
  CHECK(t.request.failure.code() == Code::unavailable);
  CHECK(t.request.fault == FaultOf::component);
}
