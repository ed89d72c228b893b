#include "http/operations.h"

#include <catch2/catch.hpp>

#include "http/json.h"
#include "support/manual_loop.h"

namespace dormouse {
namespace {

using namespace std::chrono_literals;
using Catch::Contains;

struct OperationsFixture {
  ManualClock clock;
  ManualLoop loop{clock};
  std::shared_ptr<Operations> operations = std::make_shared<Operations>(loop, 60s);

  // A client that is gone: its answer goes nowhere, which changes nothing for the operation.
  Operations::Ticket begin(std::string object, Duration wait, Work work = {}) {
    Change change;
    change.verb = "unload";
    change.object = std::move(object);
    change.wait = wait;
    return operations->begin(std::move(change), Responder(nullptr), std::move(work));
  }
  std::string all(const Page& page = {}) const {
    JsonText out;
    CHECK(operations->write_page(out, page).ok());
    return out.text();
  }
  ChangeAnswer cancel(const std::string& id, bool dry_run) {
    std::optional<ChangeAnswer> made;
    operations->cancel(id, dry_run, [&](ChangeAnswer answer) { made = std::move(answer); });
    REQUIRE(made);
    return std::move(*made);
  }
};

ChangeAnswer done(std::string explanation) {
  return {std::nullopt, true, std::move(explanation), {}};
}

constexpr const char* kNone = R"({"operations":[],"next":null})";

}  // namespace

TEST_CASE("a change that ends within its wait is no operation") {
  OperationsFixture t;
  const auto ticket = t.begin("a", 5s);
  ticket.finish(done("unloaded"));
  t.loop.run_ready();
  CHECK(t.all() == kNone);
  t.loop.advance(10s);
  CHECK(t.all() == kNone);
  CHECK(t.loop.timers() == 0);
}

TEST_CASE("a change that outlasts its wait goes on and keeps what it came to") {
  OperationsFixture t;
  const auto ticket = t.begin("a", 5s);
  t.loop.advance(4999ms);
  CHECK(t.all() == kNone);
  t.loop.advance(1ms);
  CHECK_THAT(t.all(), Contains(R"("id":"op-1","verb":"unload","object":"a","state":"running","progress":null)"));
  CHECK_THAT(t.all(), Contains(R"("ended_at":null,"result":null,"problem":null)"));
  ticket.finish(done("unloaded"));
  ticket.finish(done("twice"));
  t.loop.run_ready();
  CHECK_THAT(t.all(), Contains(R"("state":"done")") && Contains(R"("explanation":"unloaded")") && !Contains("twice"));
}

TEST_CASE("without a wait a change has as long as a request") {
  OperationsFixture t;
  const auto ticket = t.begin("a", 0s);
  t.loop.advance(59s);
  CHECK(t.all() == kNone);
  t.loop.advance(1s);
  CHECK_THAT(t.all(), Contains("op-1"));
}

TEST_CASE("work that knows that it goes on says so before the wait has passed") {
  OperationsFixture t;
  const auto ticket = t.begin("a", 5s);
  ticket.go_on();
  t.loop.run_ready();
  CHECK_THAT(t.all(), Contains(R"("state":"running")"));
}

TEST_CASE("an operation that fails keeps the problem") {
  OperationsFixture t;
  const auto ticket = t.begin("a", 1s);
  t.loop.advance(1s);
  ticket.finish(ChangeAnswer::failed(Status(Code::busy, "is in use")));
  t.loop.run_ready();
  CHECK_THAT(t.all(), Contains(R"("state":"failed")") && Contains(R"("code":"busy")"));
}

TEST_CASE("work that waits for its turn can be given up and then never begins") {
  OperationsFixture t;
  const auto claim = std::make_shared<WorkClaim>();
  const auto ticket = t.begin("a", 1s, {.claim = claim});
  t.loop.advance(1s);
  const ChangeAnswer tried = t.cancel("op-1", true);
  CHECK_FALSE(tried.problem);
  CHECK_FALSE(tried.changed);
  CHECK_THAT(t.all(), Contains(R"("state":"running")"));
  CHECK(t.cancel("op-1", false).changed);
  CHECK_THAT(t.all(), Contains(R"("state":"cancelled")"));
  CHECK_FALSE(claim->begin());
  CHECK_FALSE(t.cancel("op-1", false).changed);
}

TEST_CASE("work under way cannot be given up and a dry run says the same") {
  OperationsFixture t;
  const auto claim = std::make_shared<WorkClaim>();
  const auto ticket = t.begin("a", 1s, {.claim = claim});
  const auto component = t.begin("b", 1s);
  t.loop.advance(1s);
  REQUIRE(claim->begin());
  for (const char* id : {"op-1", "op-2"}) {
    for (const bool dry_run : {true, false}) {
      const ChangeAnswer answer = t.cancel(id, dry_run);
      REQUIRE(answer.problem);
      CHECK(answer.problem->row->code == "failed_precondition");
    }
  }
  CHECK(t.cancel("op-3", false).problem->row->code == "not_found");
}

TEST_CASE("work that can be taken back is given up after it began and is cancelled then") {
  OperationsFixture t;
  std::vector<bool> asked;
  Status answer;
  const auto ticket = t.begin("a", 1s, {.take_back = [&](bool dry_run, Work::TakenBack taken_back) {
                                asked.push_back(dry_run);
                                taken_back(answer);
                              }});
  t.loop.advance(1s);
  const ChangeAnswer tried = t.cancel("op-1", true);
  CHECK_FALSE(tried.problem);
  CHECK_FALSE(tried.changed);
  CHECK(tried.explanation == "would give it up");
  answer = Status(Code::busy, "its load is wanted by others too");
  CHECK(t.cancel("op-1", false).problem->row->code == "busy");
  CHECK_THAT(t.all(), Contains(R"("state":"running")"));
  answer = {};
  CHECK(t.cancel("op-1", false).changed);
  CHECK(asked == std::vector{true, false, false});
  ticket.finish(ChangeAnswer::failed(Status(Code::cancelled, "its load was given up")));
  t.loop.run_ready();
  CHECK_THAT(t.all(), Contains(R"("state":"cancelled")") && Contains(R"("code":"cancelled")"));
}

TEST_CASE("an operation says what it is at while it runs") {
  OperationsFixture t;
  std::string at = "draining";
  const auto component = t.begin("a", 1s, {.at = [&at] { return at; }});
  const auto claim = std::make_shared<WorkClaim>();
  const auto scripts = t.begin("b", 1s, {.claim = claim});
  t.loop.advance(1s);
  CHECK_THAT(t.all(),
             Contains(R"("progress":{"at":"draining"})") && Contains(R"("progress":{"at":"waits for its turn"})"));
  at = "closing";
  claim->begin();
  CHECK_THAT(t.all(), Contains(R"("progress":{"at":"closing"})") && Contains(R"("progress":{"at":"at work"})"));
  component.finish(done("unloaded"));
  scripts.finish(done("serving"));
  t.loop.run_ready();
  CHECK_THAT(t.all(), !Contains(R"("at":")"));
}

TEST_CASE("operations come in pages and a page behind one that is gone is refused") {
  OperationsFixture t;
  std::vector<Operations::Ticket> tickets;
  for (int i = 0; i < 5; ++i) tickets.push_back(t.begin("a", 1s));
  t.loop.advance(1s);
  CHECK_THAT(t.all({.limit = 2}),
             Contains("op-5") && Contains("op-4") && !Contains("op-3") && Contains(R"("next":"op-4")"));
  CHECK_THAT(t.all({.limit = 3, .after = "op-4"}), Contains("op-3") && Contains("op-1") && Contains(R"("next":null)"));
  JsonText out;
  CHECK(t.operations->write_page(out, {.after = "op-99"}).code() == Code::not_found);
}

TEST_CASE("events of an operation are text of server-sent events") {
  CHECK(operation_event("result", R"({"id":"op-1"})") == "event: result\ndata: {\"id\":\"op-1\"}\n\n");
}

TEST_CASE("the last operations that ended are kept and all that run") {
  OperationsFixture t;
  const auto running = t.begin("first", 1s);
  for (size_t i = 0; i < Operations::kKept + 5; ++i) {
    const auto ticket = t.begin("a", 1s);
    t.loop.advance(1s);
    ticket.finish(done("unloaded"));
    t.loop.run_ready();
  }
  const std::string all = t.all({.limit = 1000});
  CHECK_THAT(all, Contains(R"("id":"op-1",)") && !Contains(R"("id":"op-6",)") && Contains(R"("id":"op-7",)"));
}

TEST_CASE("who waits for an operation is let go at its end or at the end of the wait") {
  OperationsFixture t;
  const auto ticket = t.begin("a", 1s);
  t.loop.advance(1s);
  t.operations->answer_one("op-1", 10s, Responder(nullptr));
  t.operations->answer_one("op-1", 2s, Responder(nullptr));
  CHECK(t.loop.timers() == 2);
  t.loop.advance(2s);
  CHECK(t.loop.timers() == 1);
  ticket.finish(done("unloaded"));
  t.loop.run_ready();
  CHECK(t.loop.timers() == 0);
}

TEST_CASE("a host that stops keeps nobody waiting and no timer") {
  OperationsFixture t;
  const auto in_wait = t.begin("a", 5s);
  const auto going_on = t.begin("b", 1s);
  t.loop.advance(1s);
  t.operations->answer_one("op-2", 10s, Responder(nullptr));
  t.operations->stop();
  CHECK(t.loop.timers() == 0);
  in_wait.finish(done("unloaded"));
  going_on.finish(done("unloaded"));
  t.loop.run_ready();
  CHECK(t.all() == kNone);
}

}  // namespace dormouse
