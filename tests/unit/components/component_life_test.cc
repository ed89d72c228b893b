#include "components/component_life.h"

#include <catch2/catch.hpp>

#include "life_host.h"

using namespace dormouse;
using namespace std::chrono_literals;
using Catch::Contains;

TEST_CASE("nothing is prepared before the first demand and one load serves all who wait") {
  LifeHost host;
  CHECK(host.carrier.steps.empty());
  host.carrier.held = {"prepare"};
  const auto first = host.ask();
  const auto second = host.ask();
  CHECK(host.component->status().waiters == 2);
  REQUIRE(host.carrier.pass());
  host.run();
  REQUIRE((first->has_value() && second->has_value()));
  CHECK(host.component->status().leases == 2);
  CHECK(host.carrier.steps == Words{"prepare v1", "open v1"});
}

TEST_CASE("a failed load is remembered for its back-off and each failure in a row doubles that") {
  LifeHost host;
  host.carrier.file.open = broken("no memory");
  Duration wait = 1s;
  for (int i = 0; i < 3; ++i, wait *= 2) {
    const auto failed = host.ask();
    REQUIRE(failed->has_value());
    CHECK((*failed)->status().code() == Code::load_failed);
    CHECK_THAT((*failed)->status().to_string(), Contains("could not be loaded") && Contains("no memory"));
    const size_t steps = host.carrier.steps.size();
    host.pass(wait - 1ms);
    host.ask();
    CHECK(host.carrier.steps.size() == steps);
    host.pass(1ms);
  }
  CHECK(host.carrier.mapped.empty());
}

TEST_CASE("a replaced file ends the back-off of a failed load") {
  LifeHost host;
  host.carrier.file.prepare = broken("cut short");
  host.ask();
  CHECK(host.state() == State::failed);
  host.carrier.file = FakeFile{.content = "v2"};
  host.pass(LoadBackoff::kFileLookEvery);
  CHECK((*host.ask())->ok());
}

TEST_CASE("a load past load_timeout is given up and undone when its open returns") {
  LifeHost host;
  host.set_policy({.load_timeout = 2s});
  host.carrier.held = {"open"};
  const auto waits = host.ask();
  host.pass(2s);
  REQUIRE(waits->has_value());
  CHECK((*waits)->status().code() == Code::load_failed);
  CHECK_THAT((*waits)->status().to_string(), Contains("load_timeout"));
  CHECK(host.state() == State::loading);  // its plugin has not returned yet
  const auto later = host.ask();
  REQUIRE(later->has_value());
  CHECK((*later)->status().code() == Code::load_failed);
  REQUIRE(host.carrier.pass());
  host.run();
  CHECK(host.state() == State::failed);
  CHECK(host.carrier.steps == Words{"prepare v1", "open v1", "close v1", "release v1"});
  CHECK(host.carrier.mapped.empty());
}

TEST_CASE("a load that hangs keeps its place from nobody once it was given up") {
  LifeHost host;
  host.carrier.held = {"open"};
  host.set_policy({.load_timeout = 1s});
  for (int i = 0; i < 4; ++i) host.loads.enter([] {});  // all places
  host.ask();
  CHECK(host.carrier.steps.empty());
  host.loads.leave(1);
  host.run();
  CHECK(host.carrier.steps == Words{"prepare v1", "open v1"});
  bool next = false;
  host.loads.enter([&] { next = true; });
  CHECK_FALSE(next);
  host.pass(1s);
  CHECK(next);
}

TEST_CASE("the idle ladder goes down by the clock and only while nobody holds a lease") {
  LifeHost host;
  host.set_policy({.idle_trim = 1s, .idle_park = 2s, .idle_unload = 3s});
  Lease lease = host.acquire();
  host.pass(1h);
  CHECK(host.state() == State::ready);
  lease.release();
  host.run();
  host.pass(1s);
  CHECK(host.state() == State::trimmed);
  host.pass(1s);
  CHECK(host.state() == State::parked);
  host.pass(1s);
  CHECK(host.state() == State::unloaded);
  CHECK(host.carrier.mapped.empty());
  CHECK(host.history() == Words{"loading", "ready", "trimmed", "draining", "parked", "closing", "unloaded"});
}

TEST_CASE("a veto keeps it ready and idleness asks again after another idle period") {
  LifeHost host;
  host.carrier.file.vetoes = true;
  host.carrier.file.objection = broken("a write is under way");
  host.set_policy({.idle_unload = 1s});
  host.acquire().release();
  host.pass(1s);
  CHECK(host.state() == State::ready);
  CHECK(host.component->status().cause.starts_with("vetoed: "));
  host.carrier.file.objection = {};
  host.pass(1s - 1ms);
  CHECK(host.state() == State::ready);
  host.pass(1ms);
  CHECK(host.state() == State::unloaded);
}

TEST_CASE("a trim that fails leaves it ready and is told") {
  LifeHost host;
  host.carrier.file.trim = broken("cannot");
  host.acquire().release();
  const VerbAnswer answer = host.request(Verb::trim);
  CHECK_THAT(answer.status.to_string(), Contains("cannot"));
  CHECK(host.state() == State::ready);
  CHECK(host.component->is_open());
}

TEST_CASE("a parked component opens again in the mapping it has") {
  LifeHost host;
  host.acquire().release();
  REQUIRE(host.request(Verb::park).status.ok());
  CHECK(host.carrier.mapped == Words{"v1"});
  CHECK(host.acquire());
  CHECK(host.carrier.steps == Words{"prepare v1", "open v1", "close v1", "prepare v1", "open v1"});
  CHECK(host.carrier.mapped == Words{"v1"});
}

TEST_CASE("a parked component whose file was replaced lets its old code go first") {
  LifeHost host;
  host.acquire().release();
  REQUIRE(host.request(Verb::park).status.ok());
  host.carrier.file.content = "v2";
  CHECK(host.acquire());
  CHECK(host.carrier.steps == Words{"prepare v1", "open v1", "close v1", "prepare v2", "release v1", "open v2"});
  CHECK(host.carrier.mapped == Words{"v2"});
}

TEST_CASE("a parked component whose load fails keeps nothing mapped") {
  LifeHost host;
  host.acquire().release();
  REQUIRE(host.request(Verb::park).status.ok());
  host.carrier.file.prepare = broken("cut short");
  host.ask();
  CHECK(host.state() == State::failed);
  CHECK(host.carrier.mapped.empty());
}

TEST_CASE("what a forgotten thread still uses is kept for good and named") {
  LifeHost host;
  host.carrier.file.leftovers = {"thread 'warmer' (tid 7)"};
  host.acquire().release();
  const VerbAnswer answer = host.request(Verb::unload);
  CHECK(answer.component.state == State::resident);
  CHECK_THAT(answer.explanation, Contains("left behind: thread 'warmer' (tid 7)"));
  CHECK(host.kept.size() == 1);
  CHECK_FALSE(host.did("release v1"));
}

TEST_CASE("waiters beyond max_pending are refused at once and those that nobody wants make room") {
  LifeHost host;
  host.set_policy({.max_pending = 1});
  host.carrier.held = {"prepare"};
  auto wanted = std::make_shared<int>(0);
  std::optional<Result<Lease>> impatient;
  host.component->acquire(Demand{"request", false, [&](Result<Lease> lease) { impatient = std::move(lease); }, wanted});
  host.run();
  CHECK((*host.ask())->status().code() == Code::queue_full);
  wanted.reset();
  const auto waits = host.ask();
  CHECK_FALSE(waits->has_value());
  REQUIRE(impatient);
  CHECK(impatient->status().code() == Code::cancelled);
}

TEST_CASE("a stop waits for leases and asks no veto") {
  LifeHost host;
  host.carrier.file.vetoes = true;
  host.carrier.file.objection = broken("never");
  Lease lease = host.acquire();
  host.life.end(Status(Code::unavailable, "the host is stopping"), {CauseKind::stop, "the host stops"}, false);
  host.run();
  CHECK_FALSE(host.life.settled());
  CHECK(host.settled == 0);
  lease.release();
  host.run();
  CHECK(host.life.settled());
  CHECK(host.settled == 1);
  CHECK(host.state() == State::unloaded);
  CHECK_FALSE(host.did("veto v1"));
}

TEST_CASE("a component that is removed cancels what still runs at drain_timeout") {
  LifeHost host;
  host.set_policy({.drain_timeout = 3s});
  const Lease lease = host.acquire();
  host.life.end(Status(Code::unavailable, "was removed"), {CauseKind::verb, "removed"}, true);
  host.pass(3s - 1ms);
  CHECK_FALSE(host.did("cancel v1"));
  host.pass(1ms);
  CHECK(host.did("cancel v1"));
}

TEST_CASE("a preload that fails is tried again by itself") {
  ComponentSpec spec = LifeHost::named("part");
  spec.preload = true;
  LifeHost host(spec);
  host.carrier.file.open = broken("not yet");
  host.ask("preload");
  CHECK(host.state() == State::failed);
  host.carrier.file.open = {};
  host.pass(1s);
  CHECK(host.state() == State::ready);
}

TEST_CASE("the stamp says what answered last and is 0 when a sleeping component would load something else") {
  LifeHost host;
  CHECK(host.component->stamp() == 0);
  host.acquire().release();
  const uint64_t old = host.component->stamp();
  CHECK(old != 0);
  host.carrier.file.content = "v2";
  host.component->notice_files();
  host.run();
  CHECK(host.component->stamp() == old);  // it still answers
  host.request(Verb::unload);
  host.component->notice_files();
  host.run();
  CHECK(host.component->stamp() == 0);
  host.acquire().release();
  CHECK(host.component->stamp() != old);
}
