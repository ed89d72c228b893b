// A new incarnation beside the one that serves.
#include "components/replacement.h"

#include <catch2/catch.hpp>

#include "life_host.h"

using namespace dormouse;
using namespace std::chrono_literals;
using Catch::Contains;

TEST_CASE("the old one serves until the new one is ready and demand never waits") {
  LifeHost host;
  const Lease old = host.acquire();
  host.carrier.file.content = "v2";
  host.carrier.held = {"prepare", "open"};
  const auto reload = host.start(Verb::reload);
  CHECK(host.state() == State::ready);
  REQUIRE(host.component->status().beside.size() == 1);
  CHECK(host.component->status().beside[0].state == State::loading);
  for (int i = 0; i < 2; ++i) {
    std::optional<Lease> lease = host.component->try_acquire();
    REQUIRE(lease);
    CHECK(lease->loaded().facts().version == "v1");
    lease.reset();
    REQUIRE(host.carrier.pass());
    host.run();
  }
  REQUIRE(reload->has_value());
  CHECK((*reload)->changed);
  CHECK_THAT((*reload)->explanation, Contains("incarnation 2 serves; 1 call ends on the old one"));
  CHECK(host.component->try_acquire()->loaded().facts().version == "v2");
  CHECK(old.loaded().facts().version == "v1");
  CHECK(host.component->status().version == "v2");
}

TEST_CASE("the old one is closed and gone when its last lease has ended") {
  LifeHost host;
  Lease old = host.acquire();
  host.carrier.file.content = "v2";
  host.start(Verb::reload);
  REQUIRE(host.component->status().beside.size() == 1);
  CHECK(host.component->status().beside[0].version == "v1");
  CHECK(host.component->status().beside[0].leases == 1);
  host.pass(7s);
  old.release();
  host.run();
  CHECK(host.component->status().beside.empty());
  CHECK(host.carrier.mapped == Words{"v2"});
  CHECK(host.history() == Words{"loading", "ready", "replacing", "ready", "replaced"});
  const Event last = host.events.since(0).back();
  const auto field = [&](const std::string& name) {
    for (const auto& [key, value] : last.fields)
      if (key == name) return value.text();
    return std::string("none");
  };
  CHECK(field("from") == "1");
  CHECK(field("to") == "2");
  CHECK(field("drained_ms") == "7000");
}

TEST_CASE("the answer of a reload without running calls has the proof of the old one's end") {
  LifeHost host;
  host.acquire().release();
  host.carrier.file.content = "v2";
  host.carrier.held = {"release"};
  const auto reload = host.start(Verb::reload);
  CHECK_FALSE(reload->has_value());
  CHECK(host.component->is_open());
  REQUIRE(host.carrier.pass());
  host.run();
  REQUIRE(reload->has_value());
  CHECK((*reload)->explanation == "replaced: incarnation 2 serves; of the old one the code is gone");
}

TEST_CASE("a new one that fails changes nothing but what is remembered of it") {
  for (const bool in_prepare : {true, false}) {
    LifeHost host;
    const Lease lease = host.acquire();
    const uint64_t stamp = host.component->stamp();
    host.carrier.file = FakeFile{.content = "v2"};
    (in_prepare ? host.carrier.file.prepare : host.carrier.file.open) = broken("cut short");
    const VerbAnswer answer = host.request(Verb::reload);
    CHECK(answer.status.code() == Code::load_failed);
    CHECK_THAT(answer.status.to_string(), Contains("cut short") && Contains("what served before goes on"));
    const ComponentStatus now = host.component->status();
    CHECK(now.state == State::ready);
    CHECK(now.version == "v1");
    CHECK(now.last_error.ok());
    CHECK(now.beside.empty());
    REQUIRE(now.failed_replacement);
    CHECK(now.failed_replacement->failures == 1);
    CHECK(now.failed_replacement->retry_in == 1s);
    CHECK(host.component->stamp() == stamp);
    CHECK(host.carrier.mapped == Words{"v1"});
    CHECK(host.history() == Words{"loading", "ready", "replacing", "replacement_failed"});
  }
}

TEST_CASE("a failed replacement is tried by itself only after its back-off or with another file") {
  LifeHost host;
  host.acquire().release();
  host.carrier.file.open = broken("no memory");
  host.request(Verb::reload);
  CHECK(host.life.is_replacement_held_back());
  host.pass(1s);
  CHECK_FALSE(host.life.is_replacement_held_back());
  host.request(Verb::reload);
  CHECK(host.component->status().failed_replacement->failures == 2);
  CHECK(host.life.is_replacement_held_back());
  host.carrier.file = FakeFile{.content = "v3"};
  host.pass(LoadBackoff::kFileLookEvery);
  CHECK_FALSE(host.life.is_replacement_held_back());
  CHECK(host.request(Verb::reload).status.ok());
  CHECK_FALSE(host.component->status().failed_replacement);
}

TEST_CASE("an operator's reload does not wait for the back-off of a failed one") {
  LifeHost host;
  host.acquire().release();
  host.carrier.file.open = broken("no memory");
  host.request(Verb::reload);
  host.carrier.file.open = {};
  CHECK(host.request(Verb::reload).status.ok());
}

TEST_CASE("a replacement past load_timeout is given up and the old one goes on") {
  LifeHost host;
  host.set_policy({.load_timeout = 2s});
  host.acquire().release();
  host.carrier.held = {"open"};
  const auto reload = host.start(Verb::reload);
  host.pass(2s);
  CHECK(host.component->is_open());
  REQUIRE(host.carrier.pass());
  host.run();
  REQUIRE(reload->has_value());
  CHECK_THAT((*reload)->status.to_string(), Contains("load_timeout"));
  CHECK(host.component->status().beside.empty());
}

TEST_CASE("a second reload while one opens is refused as busy and names it") {
  LifeHost host;
  host.acquire().release();
  host.carrier.held = {"prepare"};
  host.start(Verb::reload);
  const VerbAnswer answer = host.request(Verb::reload);
  CHECK(answer.status.code() == Code::busy);
  CHECK_THAT(answer.status.to_string(), Contains("incarnation 2 that opens"));
}

TEST_CASE("a reload with no free slot is refused as busy and names who holds them") {
  LifeHost host;
  const Lease first = host.acquire();
  REQUIRE(host.request(Verb::reload).status.ok());
  const Lease second = host.acquire();
  REQUIRE(host.request(Verb::reload).status.ok());
  const VerbAnswer answer = host.request(Verb::reload);
  CHECK(answer.status.code() == Code::busy);
  CHECK_THAT(answer.status.to_string(), Contains("incarnation 1 with 1 lease, incarnation 2 with 1 lease"));
  CHECK(host.component->status().generation == 3);
}

TEST_CASE("a hundred replacements by equal content keep one mapping and the last end is its proof") {
  LifeHost host;
  host.acquire().release();
  for (int i = 0; i < 100; ++i) {
    REQUIRE(host.request(Verb::reload).status.ok());
    CHECK(host.carrier.mapped == Words{"v1"});
  }
  const VerbAnswer end = host.request(Verb::unload);
  CHECK(end.component.state == State::unloaded);
  CHECK(end.component.unmapping_proven);
  CHECK(host.carrier.mapped.empty());
  for (const std::string& kind : host.history()) CHECK(kind != "resident");
  CHECK(host.metrics.value("dormouse_component_kept_total", {{"component", "part"}}) == 0);
  CHECK(host.metrics.value("dormouse_component_replacements_total", {{"component", "part"}, {"result", "replaced"}}) ==
        100);
}

TEST_CASE("an unload gives up the replacement that opens") {
  LifeHost host;
  host.acquire().release();
  host.carrier.held = {"open"};
  const auto reload = host.start(Verb::reload);
  const auto unload = host.start(Verb::unload);
  host.carrier.held.clear();
  while (host.carrier.pass()) host.run();
  REQUIRE((reload->has_value() && unload->has_value()));
  CHECK((*reload)->status.code() == Code::busy);
  CHECK((*unload)->component.state == State::unloaded);
  CHECK(host.carrier.mapped.empty());
  CHECK_FALSE(host.component->status().failed_replacement);
}

TEST_CASE("an operator can give up a replacement") {
  LifeHost host;
  host.acquire().release();
  host.carrier.held = {"open"};
  const auto reload = host.start(Verb::reload);
  CHECK(host.verbs.give_up_load(true).ok());
  CHECK(host.verbs.give_up_load(false).ok());
  REQUIRE(host.carrier.pass());
  host.run();
  CHECK((*reload)->status.code() == Code::cancelled);
  CHECK(host.state() == State::ready);
}

TEST_CASE("idleness takes nothing down while a replacement opens") {
  LifeHost host;
  host.set_policy({.idle_unload = 1s});
  host.acquire().release();
  host.carrier.held = {"open"};
  host.start(Verb::reload);
  host.pass(10s);
  CHECK(host.state() == State::ready);
  host.carrier.held.clear();
  REQUIRE(host.carrier.pass());
  host.run();
  host.pass(1s);
  CHECK(host.state() == State::unloaded);
}

TEST_CASE("where two may not be open at once the old one closes first and that is said") {
  LifeHost host;
  host.acquire().release();
  host.carrier.close_first = "it keeps data in /state/data/part";
  CHECK_THAT(host.request(Verb::reload, {.dry_run = true}).explanation,
             Contains("would close it first (it keeps data in /state/data/part)"));
  host.carrier.file.content = "v2";
  CHECK(host.request(Verb::reload).status.ok());
  CHECK(host.carrier.steps ==
        Words{"prepare v1", "open v1", "prepare v2", "close v1", "prepare v2", "release v1", "open v2"});
  CHECK_THAT(host.events.since(0)[2].cause, Contains("closed first: it keeps data in /state/data/part"));
}

TEST_CASE("files that no load would take close nothing where the old one closes first") {
  LifeHost host;
  host.acquire().release();
  host.carrier.close_first = "it keeps data in /state/data/part";
  host.carrier.file.content = "v2";
  host.carrier.file.prepare = broken("cut short");
  const VerbAnswer refused = host.request(Verb::reload);
  CHECK_THAT(refused.status.to_string(), Contains("cut short"));
  CHECK_THAT(refused.status.to_string(), Contains("what served before goes on"));
  CHECK(host.state() == State::ready);
  CHECK_FALSE(host.did("close v1"));
  CHECK(host.history().back() == "replacement_failed");
  REQUIRE(host.component->status().failed_replacement);
  CHECK(host.life.is_outdated());
  CHECK(host.life.is_replacement_held_back());

  host.carrier.file = {.content = "v2"};
  CHECK(host.request(Verb::reload).status.ok());
  CHECK(host.component->status().version == "v2");
  CHECK_FALSE(host.component->status().failed_replacement);
  CHECK_FALSE(host.life.is_replacement_held_back());
}

TEST_CASE("a component whose files are being examined takes no second reload and may be unloaded") {
  LifeHost host;
  host.acquire().release();
  host.carrier.close_first = "it keeps data in /state/data/part";
  host.carrier.held = {"prepare"};
  const auto first = host.start(Verb::reload);
  CHECK(host.request(Verb::reload).status.code() == Code::busy);
  CHECK(host.request(Verb::unload).status.ok());
  CHECK(host.state() == State::unloaded);
  CHECK_FALSE(host.life.settled());
  host.carrier.held.clear();
  REQUIRE(host.carrier.pass());
  host.run();
  REQUIRE(*first);
  CHECK((*first)->status.ok());
  CHECK_THAT((*first)->explanation, Contains("its next load takes what is there then"));
  CHECK(host.life.settled());
}

TEST_CASE("a life that ends while its files are examined is settled when that has ended") {
  LifeHost host;
  host.acquire().release();
  host.carrier.close_first = "it keeps data in /state/data/part";
  host.carrier.held = {"prepare"};
  const auto reload = host.start(Verb::reload);
  host.life.end(Error{.code = Code::unavailable, .message = "the host is stopping"}, {CauseKind::stop, "stop"}, false);
  host.run();
  CHECK_FALSE(host.life.settled());
  host.carrier.held.clear();
  REQUIRE(host.carrier.pass());
  host.run();
  REQUIRE(*reload);
  CHECK((*reload)->status.code() == Code::unavailable);
  CHECK(host.life.settled());
  CHECK(host.settled > 0);
}

TEST_CASE("a replacement by the watch says so and one by an operator says that") {
  LifeHost host;
  host.acquire().release();
  host.carrier.file.content = "v2";
  REQUIRE(host.life.is_outdated());
  host.verbs.take_changed_files();
  host.run();
  CHECK(host.component->status().version == "v2");
  CHECK(host.component->status().cause == "plugins.watch found a changed file");
  CHECK(host.events.since(0)[2].kind == "component.replacing");
  CHECK(host.events.since(0)[2].cause == "plugins.watch found a changed file");
  CHECK_FALSE(host.life.is_outdated());
  host.request(Verb::reload);
  CHECK(host.component->status().cause == "asked to reload");
}

TEST_CASE("a file that is replaced while the one before it opens is taken next") {
  LifeHost host;
  host.acquire().release();
  host.carrier.held = {"open"};
  host.carrier.file.content = "v2";
  host.verbs.take_changed_files();
  host.run();
  host.carrier.file.content = "v3";
  host.carrier.held.clear();
  REQUIRE(host.carrier.pass());
  host.run();
  CHECK(host.component->status().version == "v2");
  CHECK(host.life.is_outdated());
  host.verbs.take_changed_files();
  host.run();
  CHECK(host.component->status().version == "v3");
  CHECK_FALSE(host.life.is_outdated());
}

TEST_CASE("a load that is the first to look for its files is not outdated by what it found") {
  LifeHost host;
  host.carrier.knows_files = false;
  host.acquire().release();
  CHECK_FALSE(host.life.is_outdated());
  host.request(Verb::unload);
  host.component->notice_files();
  host.run();
  CHECK(host.component->stamp() != 0);
}

TEST_CASE("a file that is mended while the bad one opens is not held back by its failure") {
  LifeHost host;
  host.acquire().release();
  host.carrier.held = {"open"};
  host.carrier.file.content = "bad";
  host.carrier.file.open = broken("cut short");
  host.verbs.take_changed_files();
  host.run();
  host.carrier.file = {.content = "v2"};
  host.carrier.held.clear();
  REQUIRE(host.carrier.pass());
  host.run();
  REQUIRE(host.component->status().failed_replacement);
  host.pass(LoadBackoff::kFileLookEvery);
  CHECK(host.life.is_outdated());
  CHECK_FALSE(host.life.is_replacement_held_back());
}

TEST_CASE("what the watch closes first is loaded again with the cause of the watch") {
  LifeHost host;
  host.acquire().release();
  host.carrier.close_first = "it keeps data in /state/data/part";
  host.carrier.file.content = "v2";
  host.verbs.take_changed_files();
  host.run();
  CHECK(host.component->status().version == "v2");
  CHECK(host.component->status().cause ==
        "plugins.watch found a changed file; closed first: it keeps data in /state/data/part");
}

TEST_CASE("a reload that joins a drain for another reason loads as asked for") {
  LifeHost host;
  Lease lease = host.acquire();
  const auto unload = host.start(Verb::park, {.wait = 5s});
  REQUIRE(host.state() == State::draining);
  const auto reload = host.start(Verb::reload, {.wait = 5s});
  lease.release();
  host.run();
  CHECK(host.state() == State::ready);
  CHECK(host.component->status().cause == "asked to reload");
}

TEST_CASE("a stop in the middle of a replacement leaves nothing") {
  LifeHost host;
  Lease lease = host.acquire();
  host.carrier.held = {"open"};
  host.start(Verb::reload);
  host.life.end(Status(Code::unavailable, "the host is stopping"), {CauseKind::stop, "the host stops"}, false);
  lease.release();
  host.run();
  CHECK_FALSE(host.life.settled());
  host.carrier.held.clear();
  while (host.carrier.pass()) host.run();
  host.run();
  CHECK(host.life.settled());
  CHECK(host.settled >= 1);
  CHECK(host.carrier.mapped.empty());
}
