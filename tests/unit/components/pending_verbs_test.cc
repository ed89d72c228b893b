#include "components/pending_verbs.h"

#include <catch2/catch.hpp>

#include "support/manual_clock.h"
#include "support/manual_loop.h"

using namespace dormouse;
using namespace std::chrono_literals;

namespace {

struct Host {
  ManualClock clock;
  ManualLoop loop{clock};
  PendingVerbs verbs{loop};
  std::vector<std::string> answers;

  VerbReply reply(const std::string& name) {
    return [this, name](const VerbAnswer& answer) { answers.push_back(name + ": " + answer.explanation); };
  }
  static VerbAnswer said(const std::string& words) { return {{}, true, false, words, {}}; }
};

using Answers = std::vector<std::string>;

}  // namespace

TEST_CASE("every verb that waits gets the same answer once") {
  Host host;
  host.verbs.add(Verb::unload, {}, host.reply("first"), {}, {});
  host.verbs.add(Verb::reload, {}, host.reply("second"), {}, {});
  CHECK(host.verbs.size() == 2);
  CHECK(host.verbs.any(Verb::reload));
  CHECK_FALSE(host.verbs.any(Verb::park));
  host.verbs.answer(Host::said("done"));
  host.verbs.answer(Host::said("again"));
  CHECK(host.answers == Answers{"first: done", "second: done"});
  CHECK(host.verbs.empty());
}

TEST_CASE("a verb whose wait has passed is named and may be taken out") {
  Host host;
  uint64_t late = 0;
  const uint64_t number = host.verbs.add(Verb::unload, 5s, host.reply("one"), {}, [&](uint64_t n) { late = n; });
  host.loop.advance(4s);
  CHECK(late == 0);
  host.loop.advance(1s);
  REQUIRE(late == number);
  VerbReply reply = host.verbs.take(number);
  REQUIRE(reply);
  CHECK(host.verbs.empty());
  CHECK_FALSE(host.verbs.take(number));
  reply(Host::said("refused"));
  host.verbs.answer(Host::said("done"));
  CHECK(host.answers == Answers{"one: refused"});
}

TEST_CASE("an answered verb leaves no timer behind") {
  Host host;
  host.verbs.add(Verb::unload, 5s, host.reply("one"), {}, [](uint64_t) { FAIL("it was answered"); });
  const uint64_t taken = host.verbs.add(Verb::park, 5s, host.reply("two"), {}, [](uint64_t) { FAIL("it was taken"); });
  (void)host.verbs.take(taken);
  host.verbs.answer(Host::said("done"));
  CHECK(host.loop.timers() == 0);
  host.loop.advance(1h);
  CHECK(host.answers == Answers{"one: done"});
}

TEST_CASE("the first operator who waits is the one that is named") {
  Host host;
  CHECK(host.verbs.first_actor().empty());
  host.verbs.add(Verb::unload, {}, host.reply("host"), {}, {});
  host.verbs.add(Verb::unload, {}, host.reply("first"), {"local", 0, ""}, {});
  host.verbs.add(Verb::unload, {}, host.reply("second"), {"other", 0, ""}, {});
  CHECK(host.verbs.first_actor().name == "local");
}

TEST_CASE("a verb that ends within its wait is answered once with its end") {
  Host host;
  VerbReply reply = PendingVerbs::bound(
      host.loop, 5s, [] { return std::optional(Host::said("goes on")); }, host.reply("asker"), host.reply("end"));
  host.loop.advance(4s);
  reply(Host::said("done"));
  host.loop.advance(1h);
  CHECK(host.answers == Answers{"asker: done"});
  CHECK(host.loop.timers() == 0);
}

TEST_CASE("a verb that outlasts its wait is answered as going on and its end is told apart") {
  Host host;
  VerbReply reply = PendingVerbs::bound(
      host.loop, 5s, [] { return std::optional(Host::said("goes on")); }, host.reply("asker"), host.reply("end"));
  host.loop.advance(5s);
  CHECK(host.answers == Answers{"asker: goes on"});
  reply(Host::said("done"));
  CHECK(host.answers == Answers{"asker: goes on", "end: done"});
}

TEST_CASE("who ends the wait at that very time gives the one answer") {
  Host host;
  VerbReply reply = PendingVerbs::bound(
      host.loop, 5s, []() -> std::optional<VerbAnswer> { return std::nullopt; }, host.reply("asker"),
      host.reply("end"));
  host.loop.advance(5s);
  CHECK(host.answers.empty());
  reply(Host::said("taken back"));
  CHECK(host.answers == Answers{"asker: taken back"});
}
