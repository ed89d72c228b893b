// Every verb in every state, however the state was reached: the table of transitions times the verbs, on a fake.
#include "components/component_verbs.h"

#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <string>
#include <tuple>

#include "life_host.h"

using namespace dormouse;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

constexpr Verb kVerbs[] = {Verb::load, Verb::unload, Verb::trim, Verb::park, Verb::reload, Verb::pin, Verb::unpin};

const Error kBroken = broken("broken");

// A component on its way through one transition, and what is needed to let everything end.
struct Scene {
  LifeHost host;
  Lease lease;  // still out
  FakeFile good;

  void hold(const std::string& step) { host.carrier.held.push_back(step); }
  // Lets one step that waits end, and what follows.
  void pass() {
    REQUIRE(host.carrier.pass());
    host.run();
  }
  void load() { host.acquire().release(), host.run(); }
  void let_all_end() {
    host.carrier.held.clear();
    lease.release();
    host.run();
    while (host.carrier.pass()) host.run();
  }
};

const VerbOptions kAsOperator{.wait = {}, .dry_run = false, .actor = {"local", 0, ""}};

using Way = std::pair<State, State>;

// How each transition is brought about.
const std::map<Way, std::function<void(Scene&)>> kWays{
    {{State::absent, State::loading},
     [](Scene& s) {
       s.hold("prepare");
       s.host.ask();
     }},
    {{State::loading, State::ready}, [](Scene& s) { s.load(); }},
    {{State::loading, State::failed},
     [](Scene& s) {
       s.host.carrier.file.open = kBroken;
       s.host.ask();
     }},
    {{State::loading, State::unloaded},
     [](Scene& s) {
       s.hold("open");
       s.host.start(Verb::load, kAsOperator);
       REQUIRE(s.host.verbs.give_up_load(false).ok());
       s.pass();
       s.host.carrier.held.clear();
     }},
    {{State::loading, State::resident},
     [](Scene& s) {
       s.host.carrier.file.unmaps = false;
       s.hold("open");
       s.host.start(Verb::load, kAsOperator);
       REQUIRE(s.host.verbs.give_up_load(false).ok());
       s.pass();
       s.host.carrier.held.clear();
     }},
    {{State::ready, State::trimmed},
     [](Scene& s) {
       s.load();
       s.host.request(Verb::trim);
     }},
    {{State::trimmed, State::ready},
     [](Scene& s) {
       s.load();
       s.host.request(Verb::trim);
       s.host.pass(1s);
       s.load();
       s.host.life.notice_use();
     }},
    {{State::ready, State::draining},
     [](Scene& s) {
       s.lease = s.host.acquire();
       s.host.start(Verb::unload, {.wait = 10s});
     }},
    {{State::trimmed, State::draining},
     [](Scene& s) {
       s.load();
       s.host.request(Verb::trim);
       s.hold("close");
       s.host.start(Verb::unload);
     }},
    {{State::draining, State::ready},
     [](Scene& s) {
       s.host.carrier.file.vetoes = true;
       s.load();
       s.host.carrier.file.objection = kBroken;
       s.host.request(Verb::unload);
     }},
    {{State::draining, State::parked},
     [](Scene& s) {
       s.load();
       s.host.request(Verb::park);
     }},
    {{State::draining, State::closing},
     [](Scene& s) {
       s.load();
       s.hold("release");
       s.host.start(Verb::unload);
     }},
    {{State::draining, State::loading},
     [](Scene& s) {
       s.load();
       s.hold("close");
       s.hold("prepare");
       s.host.start(Verb::park);
       s.host.ask();
       s.pass();
     }},
    {{State::draining, State::resident},
     [](Scene& s) {
       s.host.carrier.file.leftovers = {"thread 'warmer'"};
       s.load();
       s.host.request(Verb::unload);
     }},
    {{State::parked, State::loading},
     [](Scene& s) {
       s.load();
       s.host.request(Verb::park);
       s.hold("prepare");
       s.host.ask();
     }},
    {{State::parked, State::closing},
     [](Scene& s) {
       s.load();
       s.host.request(Verb::park);
       s.hold("release");
       s.host.start(Verb::unload);
     }},
    {{State::closing, State::unloaded},
     [](Scene& s) {
       s.load();
       s.host.request(Verb::unload);
     }},
    {{State::closing, State::resident},
     [](Scene& s) {
       s.host.carrier.file.unmaps = false;
       s.load();
       s.host.request(Verb::unload);
     }},
    {{State::unloaded, State::loading},
     [](Scene& s) {
       s.load();
       s.host.request(Verb::unload);
       s.hold("prepare");
       s.host.ask();
     }},
    {{State::resident, State::loading},
     [](Scene& s) {
       s.host.carrier.file.unmaps = false;
       s.load();
       s.host.request(Verb::unload);
       s.hold("prepare");
       s.host.ask();
     }},
    {{State::failed, State::loading},
     [](Scene& s) {
       s.host.carrier.file.prepare = kBroken;
       s.host.ask();
       s.host.carrier.file = s.good;
       s.host.pass(1s);
       s.hold("prepare");
       s.host.ask();
     }},
};

enum class When : uint8_t { at_once, later };

// What a verb comes to.
struct Expected {
  When answered;
  Code code;
  const char* says;  // in its explanation, or in its refusal
  State ends_as;     // when all that was under way has ended
};

constexpr auto kAnyWay = static_cast<State>(kStateCount);

// By state, and by the way there where that matters.
const std::map<std::tuple<State, State, Verb>, Expected> kExpected{
    {{kAnyWay, State::loading, Verb::load}, {When::later, Code::ok, "loaded", State::ready}},
    {{kAnyWay, State::loading, Verb::unload}, {When::at_once, Code::busy, "is being loaded", State::ready}},
    {{kAnyWay, State::loading, Verb::trim}, {When::at_once, Code::busy, "is being loaded", State::ready}},
    {{kAnyWay, State::loading, Verb::park}, {When::at_once, Code::busy, "is being loaded", State::ready}},
    {{kAnyWay, State::loading, Verb::reload}, {When::at_once, Code::busy, "is being loaded", State::ready}},
    {{kAnyWay, State::loading, Verb::pin}, {When::at_once, Code::ok, "pinned", State::ready}},
    {{kAnyWay, State::loading, Verb::unpin}, {When::at_once, Code::ok, "is not pinned", State::ready}},

    {{kAnyWay, State::ready, Verb::load}, {When::at_once, Code::ok, "is ready already", State::ready}},
    {{kAnyWay, State::ready, Verb::unload}, {When::at_once, Code::ok, "unloaded", State::unloaded}},
    {{kAnyWay, State::ready, Verb::trim}, {When::at_once, Code::ok, "trimmed", State::trimmed}},
    {{kAnyWay, State::ready, Verb::park}, {When::at_once, Code::ok, "parked", State::parked}},
    {{kAnyWay, State::ready, Verb::reload}, {When::at_once, Code::ok, "replaced: incarnation 2 serves", State::ready}},
    {{kAnyWay, State::ready, Verb::pin}, {When::at_once, Code::ok, "pinned", State::ready}},
    {{kAnyWay, State::ready, Verb::unpin}, {When::at_once, Code::ok, "is not pinned", State::ready}},

    {{kAnyWay, State::trimmed, Verb::load}, {When::at_once, Code::ok, "is trimmed already", State::trimmed}},
    {{kAnyWay, State::trimmed, Verb::unload}, {When::at_once, Code::ok, "unloaded", State::unloaded}},
    {{kAnyWay, State::trimmed, Verb::trim}, {When::at_once, Code::ok, "is trimmed already", State::trimmed}},
    {{kAnyWay, State::trimmed, Verb::park}, {When::at_once, Code::ok, "parked", State::parked}},
    {{kAnyWay, State::trimmed, Verb::reload}, {When::at_once, Code::ok, "replaced: incarnation 2", State::ready}},
    {{kAnyWay, State::trimmed, Verb::pin}, {When::at_once, Code::ok, "pinned", State::trimmed}},
    {{kAnyWay, State::trimmed, Verb::unpin}, {When::at_once, Code::ok, "is not pinned", State::trimmed}},

    // A lease is out, and an unload waits for it.
    {{State::ready, State::draining, Verb::load}, {When::later, Code::ok, "loaded", State::ready}},
    {{State::ready, State::draining, Verb::unload}, {When::at_once, Code::busy, "is in use", State::unloaded}},
    {{State::ready, State::draining, Verb::trim}, {When::at_once, Code::busy, "is in use", State::unloaded}},
    {{State::ready, State::draining, Verb::park}, {When::at_once, Code::busy, "is in use", State::unloaded}},
    {{State::ready, State::draining, Verb::reload}, {When::at_once, Code::busy, "is in use", State::unloaded}},
    {{State::ready, State::draining, Verb::pin}, {When::at_once, Code::ok, "pinned", State::unloaded}},
    {{State::ready, State::draining, Verb::unpin}, {When::at_once, Code::ok, "is not pinned", State::unloaded}},
    // It is being closed for an unload.
    {{State::trimmed, State::draining, Verb::load}, {When::later, Code::ok, "loaded", State::ready}},
    {{State::trimmed, State::draining, Verb::unload}, {When::later, Code::ok, "unloaded", State::unloaded}},
    {{State::trimmed, State::draining, Verb::trim}, {When::later, Code::ok, "unloaded", State::unloaded}},
    {{State::trimmed, State::draining, Verb::park}, {When::later, Code::ok, "unloaded", State::unloaded}},
    {{State::trimmed, State::draining, Verb::reload}, {When::later, Code::ok, "unloaded", State::unloaded}},
    {{State::trimmed, State::draining, Verb::pin}, {When::at_once, Code::ok, "pinned", State::unloaded}},
    {{State::trimmed, State::draining, Verb::unpin}, {When::at_once, Code::ok, "is not pinned", State::unloaded}},

    {{kAnyWay, State::parked, Verb::load}, {When::at_once, Code::ok, "loaded", State::ready}},
    {{kAnyWay, State::parked, Verb::unload}, {When::at_once, Code::ok, "unloaded", State::unloaded}},
    {{kAnyWay, State::parked, Verb::trim}, {When::at_once, Code::ok, "is parked already", State::parked}},
    {{kAnyWay, State::parked, Verb::park}, {When::at_once, Code::ok, "is parked already", State::parked}},
    {{kAnyWay, State::parked, Verb::reload}, {When::at_once, Code::ok, "loaded", State::ready}},
    {{kAnyWay, State::parked, Verb::pin}, {When::at_once, Code::ok, "pinned", State::parked}},
    {{kAnyWay, State::parked, Verb::unpin}, {When::at_once, Code::ok, "is not pinned", State::parked}},

    {{kAnyWay, State::closing, Verb::load}, {When::later, Code::ok, "loaded", State::ready}},
    {{kAnyWay, State::closing, Verb::unload}, {When::later, Code::ok, "unloaded", State::unloaded}},
    {{kAnyWay, State::closing, Verb::trim}, {When::later, Code::ok, "unloaded", State::unloaded}},
    {{kAnyWay, State::closing, Verb::park}, {When::later, Code::ok, "unloaded", State::unloaded}},
    {{kAnyWay, State::closing, Verb::reload}, {When::at_once, Code::ok, "next load takes", State::unloaded}},
    {{kAnyWay, State::closing, Verb::pin}, {When::at_once, Code::ok, "pinned", State::unloaded}},
    {{kAnyWay, State::closing, Verb::unpin}, {When::at_once, Code::ok, "is not pinned", State::unloaded}},

    {{kAnyWay, State::unloaded, Verb::load}, {When::at_once, Code::ok, "loaded", State::ready}},
    {{kAnyWay, State::unloaded, Verb::unload}, {When::at_once, Code::ok, "nothing of it", State::unloaded}},
    {{kAnyWay, State::unloaded, Verb::trim}, {When::at_once, Code::ok, "nothing of it", State::unloaded}},
    {{kAnyWay, State::unloaded, Verb::park}, {When::at_once, Code::ok, "nothing of it", State::unloaded}},
    {{kAnyWay, State::unloaded, Verb::reload}, {When::at_once, Code::ok, "next load takes", State::unloaded}},
    {{kAnyWay, State::unloaded, Verb::pin}, {When::at_once, Code::ok, "pinned", State::unloaded}},
    {{kAnyWay, State::unloaded, Verb::unpin}, {When::at_once, Code::ok, "is not pinned", State::unloaded}},

    {{kAnyWay, State::resident, Verb::load}, {When::at_once, Code::ok, "loaded", State::ready}},
    {{kAnyWay, State::resident, Verb::unload}, {When::at_once, Code::ok, "is closed already", State::resident}},
    {{kAnyWay, State::resident, Verb::trim}, {When::at_once, Code::ok, "is closed already", State::resident}},
    {{kAnyWay, State::resident, Verb::park}, {When::at_once, Code::ok, "is closed already", State::resident}},
    {{kAnyWay, State::resident, Verb::reload}, {When::at_once, Code::ok, "next load takes", State::resident}},
    {{kAnyWay, State::resident, Verb::pin}, {When::at_once, Code::ok, "pinned", State::resident}},
    {{kAnyWay, State::resident, Verb::unpin}, {When::at_once, Code::ok, "is not pinned", State::resident}},

    {{kAnyWay, State::failed, Verb::load}, {When::at_once, Code::ok, "loaded", State::ready}},
    {{kAnyWay, State::failed, Verb::unload}, {When::at_once, Code::ok, "nothing of it", State::failed}},
    {{kAnyWay, State::failed, Verb::trim}, {When::at_once, Code::ok, "nothing of it", State::failed}},
    {{kAnyWay, State::failed, Verb::park}, {When::at_once, Code::ok, "nothing of it", State::failed}},
    {{kAnyWay, State::failed, Verb::reload}, {When::at_once, Code::ok, "loaded", State::ready}},
    {{kAnyWay, State::failed, Verb::pin}, {When::at_once, Code::ok, "pinned", State::failed}},
    {{kAnyWay, State::failed, Verb::unpin}, {When::at_once, Code::ok, "is not pinned", State::failed}},
};

const Expected& expected(const Transition& way, Verb verb) {
  auto found = kExpected.find({way.from, way.to, verb});
  if (found == kExpected.end()) found = kExpected.find({kAnyWay, way.to, verb});
  if (found == kExpected.end()) FAIL("no expectation for " << to_string(verb) << " in " << to_string(way.to));
  return found->second;
}

// Brings the transition about, and sees that it was that one.
void go(Scene& scene, const Transition& way) {
  const auto found = kWays.find({way.from, way.to});
  if (found == kWays.end()) FAIL("nobody knows how to bring it about");
  found->second(scene);
  REQUIRE(scene.host.life.state() == way.to);
  const std::vector<std::string> history = scene.host.history();
  REQUIRE(history.back() == to_string(way.to));
  if (way.from != State::absent) REQUIRE(history[history.size() - 2] == to_string(way.from));
  scene.host.carrier.file = scene.good;  // whatever was wrong is mended
}

void check_answer(const std::optional<VerbAnswer>& answer, const Expected& expect) {
  REQUIRE(answer);
  CHECK(answer->status.code() == expect.code);
  CHECK_THAT(answer->status.ok() ? answer->explanation : answer->status.to_string(), Contains(expect.says));
}

}  // namespace

TEST_CASE("every verb after every transition happens or is so already or is refused") {
  for (const Transition& way : kTransitions)
    for (const Verb verb : kVerbs) {
      INFO(to_string(way.from) << " -> " << to_string(way.to) << " (" << way.when << "), then " << to_string(verb));
      const Expected& expect = expected(way, verb);
      Scene scene;
      go(scene, way);
      const auto answer = scene.host.start(verb);
      CHECK(answer->has_value() == (expect.answered == When::at_once));
      if (answer->has_value()) check_answer(*answer, expect);
      scene.let_all_end();
      check_answer(*answer, expect);
      CHECK(scene.host.life.state() == expect.ends_as);
    }
}

TEST_CASE("a dry run of any verb after any transition changes nothing") {
  for (const Transition& way : kTransitions)
    for (const Verb verb : kVerbs) {
      INFO(to_string(way.from) << " -> " << to_string(way.to) << ", then " << to_string(verb));
      Scene scene;
      go(scene, way);
      const size_t events = scene.host.history().size();
      const size_t steps = scene.host.carrier.steps.size();
      const auto answer = scene.host.start(verb, {.wait = 1s, .dry_run = true});
      REQUIRE(answer->has_value());
      CHECK_FALSE((*answer)->changed);
      CHECK(scene.host.life.state() == way.to);
      CHECK(scene.host.history().size() == events);
      CHECK(scene.host.carrier.steps.size() == steps);
      CHECK_FALSE(scene.host.life.is_pinned());
      scene.let_all_end();
    }
}

TEST_CASE("an end after any transition leaves nothing under way and refuses demand") {
  for (const Transition& way : kTransitions) {
    INFO(to_string(way.from) << " -> " << to_string(way.to));
    Scene scene;
    go(scene, way);
    scene.host.life.end(Status(Code::unavailable, "the host is stopping"), {CauseKind::stop, "the host stops"}, false);
    scene.let_all_end();
    CHECK(scene.host.life.settled());
    const auto refused = scene.host.ask();
    REQUIRE(refused->has_value());
    CHECK((*refused)->status().code() == Code::unavailable);
    const VerbAnswer verb = scene.host.request(Verb::load);
    CHECK(verb.status.code() == Code::unavailable);
  }
}

TEST_CASE("demand after any transition is served in the end") {
  for (const Transition& way : kTransitions) {
    INFO(to_string(way.from) << " -> " << to_string(way.to));
    Scene scene;
    go(scene, way);
    if (way.to == State::failed) scene.host.pass(1s);  // its back-off
    const auto answer = scene.host.ask();
    scene.let_all_end();
    REQUIRE(answer->has_value());
    CHECK((*answer)->ok());
    CHECK(is_callable(scene.host.life.state()));
  }
}

TEST_CASE("a pinned component is taken down by no verb and no clock") {
  LifeHost host;
  host.set_policy({.idle_unload = 1s});
  host.acquire().release();
  REQUIRE(host.request(Verb::pin).changed);
  for (const Verb verb : {Verb::park, Verb::unload})
    CHECK(host.request(verb).status.code() == Code::failed_precondition);
  host.pass(1h);
  CHECK(host.state() == State::ready);
  REQUIRE(host.request(Verb::unpin).changed);
  host.pass(1s);
  CHECK(host.state() == State::unloaded);
}

TEST_CASE("a verb that waits for a lease is refused when its wait ends and the component serves on") {
  LifeHost host;
  const Lease lease = host.acquire();
  const auto unload = host.start(Verb::unload, {.wait = 5s});
  CHECK(host.state() == State::draining);
  host.pass(5s);
  REQUIRE(unload->has_value());
  CHECK((*unload)->status.code() == Code::busy);
  CHECK(host.state() == State::ready);
  CHECK(host.component->is_open());
}

TEST_CASE("more verbs than may wait are refused") {
  LifeHost host;
  const Lease lease = host.acquire();
  for (size_t i = 0; i < PendingVerbs::kMax; ++i) host.start(Verb::unload, {.wait = 1h});
  CHECK(host.request(Verb::unload, {.wait = 1h}).status.code() == Code::overloaded);
}
