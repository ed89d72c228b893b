// The end of an incarnation that was replaced.
#include "components/retirement.h"

#include <catch2/catch.hpp>

#include "life_host.h"

using namespace dormouse;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

std::string field(const Event& event, const std::string& name) {
  for (const auto& [key, value] : event.fields)
    if (key == name) return value.text();
  return "none";
}

}  // namespace

TEST_CASE("calls that are left at drain_timeout are cancelled and that is said") {
  LifeHost host;
  host.set_policy({.drain_timeout = 4s});
  Lease old = host.acquire();
  host.carrier.file.content = "v2";
  REQUIRE(host.request(Verb::reload).status.ok());
  host.pass(4s - 1ms);
  CHECK_FALSE(host.did("cancel v1"));
  host.pass(1ms);
  CHECK(host.did("cancel v1"));
  CHECK_FALSE(host.did("close v1"));  // its calls have not returned yet
  old.release();
  host.run();
  CHECK(host.did("close v1"));
  CHECK(field(host.events.since(0).back(), "calls_cancelled") == "true");
}

TEST_CASE("an objection delays the close and is asked for again until drain_timeout") {
  LifeHost host;
  host.set_policy({.drain_timeout = 3s});
  host.carrier.file.vetoes = true;
  host.acquire().release();
  host.carrier.file.objection = broken("a write is under way");
  const VerbAnswer answer = host.request(Verb::reload);
  CHECK_THAT(answer.explanation, Contains("the old one objects to being closed") && Contains("a write is under way"));
  host.pass(2s);
  CHECK_FALSE(host.did("close v1"));
  CHECK(std::count(host.carrier.steps.begin(), host.carrier.steps.end(), "veto v1") == 3);
  host.pass(1s);
  CHECK(host.did("close v1"));
  CHECK_THAT(field(host.events.since(0).back(), "objection"), Contains("a write is under way"));
}

TEST_CASE("an objection that is withdrawn lets it go before drain_timeout") {
  LifeHost host;
  host.carrier.file.vetoes = true;
  host.acquire().release();
  host.carrier.file.objection = broken("not yet");
  host.request(Verb::reload);
  host.carrier.file.objection = {};
  host.pass(1s);
  CHECK(host.did("close v1"));
  CHECK(host.component->status().beside.empty());
}

TEST_CASE("what the old one leaves behind is kept and named and the new one serves") {
  LifeHost host;
  host.carrier.file.leftovers = {"thread 'warmer'"};
  host.acquire().release();
  host.carrier.file = FakeFile{.content = "v2"};
  const VerbAnswer answer = host.request(Verb::reload);
  CHECK(answer.status.ok());
  CHECK_THAT(answer.explanation, Contains("left behind: thread 'warmer'"));
  CHECK(host.state() == State::ready);
  CHECK(host.kept.size() == 1);
}

TEST_CASE("a stop does not wait for an objection of the old one") {
  LifeHost host;
  host.carrier.file.vetoes = true;
  host.acquire().release();
  host.carrier.file.objection = broken("never");
  host.request(Verb::reload);
  host.life.end(Status(Code::unavailable, "the host is stopping"), {CauseKind::stop, "the host stops"}, false);
  host.run();
  CHECK(host.life.settled());
}
