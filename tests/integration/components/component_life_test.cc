// A component from its first demand to the proof that it is gone, with a real plugin and a clock that moves when told.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "artifacts/model_files.h"
#include "support/component_host.h"

using namespace dormouse;
using namespace std::chrono_literals;

namespace {

const std::vector<std::string> kPlugins{DORMOUSE_PLUGINS};

PoolPolicy ladder() {
  PoolPolicy policy;
  policy.idle_trim = 10s;
  policy.idle_park = 30s;
  policy.idle_unload = 60s;
  return policy;
}

std::vector<std::string> states(std::initializer_list<const char*> names) {
  std::vector<std::string> kinds;
  for (const char* name : names) kinds.push_back(std::string("component.") + name);
  return kinds;
}

PoolPolicy closing_first() {
  PoolPolicy policy;
  policy.reload = ReloadMode::close_first;
  return policy;
}

}  // namespace

TEST_CASE("nothing is mapped before the first demand") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  host.loop.run_ready();
  CHECK(echo.status().state == State::absent);
  CHECK_FALSE(is_mapped("echo.so"));
}

TEST_CASE("the first demand loads and a call answers") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  Result<Lease> lease = host.acquire(echo);
  REQUIRE(lease.ok());
  CHECK(is_mapped("echo.so"));
  Result<Value> answer = host.call(*lease, "echo", text_value("hello"));
  REQUIRE(answer.ok());
  CHECK(to_debug_string(answer->view()) == to_debug_string(text_value("hello").view()));
  CHECK(echo.status().leases == 1);
  CHECK(echo.status().generation == 1);
}

TEST_CASE("one load serves any number of waiters") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  std::vector<std::shared_ptr<std::optional<Result<Lease>>>> asked;
  for (int i = 0; i < 50; ++i) asked.push_back(host.ask(echo));
  REQUIRE(host.loop.run_until([&] { return asked.back()->has_value(); }));
  for (const auto& answer : asked) CHECK((answer->has_value() && (**answer).ok()));
  CHECK(echo.status().leases == 50);
  CHECK(echo.status().generation == 1);
}

TEST_CASE("busy component is not unloaded") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  Result<Lease> lease = host.acquire(echo);
  const VerbAnswer answer = host.request(echo, Verb::unload);
  CHECK(answer.status.code() == Code::busy);
  CHECK(answer.status.error().found == "1 lease");
  CHECK_FALSE(answer.changed);
  CHECK(echo.status().state == State::ready);
  CHECK(host.call(*lease, "echo", text_value("still here")).ok());
}

TEST_CASE("unload proves that the mapping is gone") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  host.acquire(echo)->release();
  REQUIRE(is_mapped("echo.so"));
  const VerbAnswer answer = host.request(echo, Verb::unload);
  CHECK(answer.status.ok());
  CHECK(answer.changed);
  CHECK(answer.component.state == State::unloaded);
  CHECK(answer.component.unmapping_proven);
  CHECK_FALSE(is_mapped("echo.so"));
  CHECK(host.history(echo) == states({"loading", "ready", "draining", "closing", "unloaded"}));
}

TEST_CASE("asking again for what is already so changes nothing") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  for (const Verb verb : {Verb::unload, Verb::park, Verb::trim}) {
    const VerbAnswer answer = host.request(echo, verb);
    CHECK(answer.status.ok());
    CHECK_FALSE(answer.changed);
  }
  CHECK(host.request(echo, Verb::load).changed);
  CHECK_FALSE(host.request(echo, Verb::load).changed);
}

TEST_CASE("a dry run says what would happen and does nothing") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  CHECK(host.request(echo, Verb::load, {.dry_run = true}).explanation == "would load it");
  CHECK(echo.status().state == State::absent);
  Result<Lease> lease = host.acquire(echo);
  CHECK(host.request(echo, Verb::unload, {.dry_run = true}).status.code() == Code::busy);
  CHECK(host.request(echo, Verb::unload, {.wait = 1s, .dry_run = true}).explanation ==
        "would unload it after 1 running call");
  lease->release();
  CHECK(host.request(echo, Verb::unload, {.dry_run = true}).explanation == "would unload it");
  CHECK(echo.status().state == State::ready);
}

TEST_CASE("unload with a wait happens when the last lease ends") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  Result<Lease> lease = host.acquire(echo);
  const auto answer = host.start(echo, Verb::unload, {.wait = 5s});
  host.loop.run_ready();
  CHECK(echo.status().state == State::draining);
  CHECK_FALSE(answer->has_value());
  CHECK_FALSE(echo.try_acquire());
  lease->release();
  REQUIRE(host.loop.run_until([&] { return answer->has_value(); }));
  CHECK((*answer)->component.state == State::unloaded);
}

TEST_CASE("an unload beside another one's wait waits for its own time only") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  Result<Lease> lease = host.acquire(echo);
  const auto patient = host.start(echo, Verb::unload, {.wait = 60s});
  host.loop.run_ready();
  CHECK(host.request(echo, Verb::unload).status.code() == Code::busy);
  const auto hasty = host.start(echo, Verb::unload, {.wait = 2s});
  host.pass(2s);
  REQUIRE(hasty->has_value());
  CHECK((*hasty)->status.code() == Code::busy);
  CHECK_FALSE(patient->has_value());
  const auto lucky = host.start(echo, Verb::unload, {.wait = 20s});
  host.loop.run_ready();
  lease->release();
  REQUIRE(host.loop.run_until([&] { return patient->has_value() && lucky->has_value(); }));
  CHECK((*lucky)->component.state == State::unloaded);
  CHECK((*patient)->status.ok());
}

TEST_CASE("an expired wait goes back to ready and serves who queued meanwhile") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  Result<Lease> lease = host.acquire(echo);
  const auto answer = host.start(echo, Verb::unload, {.wait = 5s});
  host.loop.run_ready();
  const auto queued = host.ask(echo);
  host.loop.run_ready();
  CHECK_FALSE(queued->has_value());
  host.pass(5s);
  REQUIRE(answer->has_value());
  CHECK((*answer)->status.code() == Code::busy);
  REQUIRE(queued->has_value());
  CHECK((*queued)->ok());
  CHECK(echo.status().state == State::ready);
  CHECK(echo.status().leases == 2);
  CHECK(echo.status().generation == 1);
}

TEST_CASE("demand that comes while it closes is served by the next load") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  host.acquire(echo)->release();
  const auto answer = host.start(echo, Verb::unload);
  host.loop.run_until([&] { return echo.status().state == State::draining; });
  const auto queued = host.ask(echo);
  REQUIRE(host.loop.run_until([&] { return queued->has_value(); }));
  CHECK((*queued)->ok());
  CHECK(echo.status().generation == 2);
}

TEST_CASE("the idle ladder trims then parks then unloads by the clock") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  host.set_policy("*", ladder());
  host.acquire(echo)->release();
  host.pass(9s);
  CHECK(echo.status().state == State::ready);
  host.pass(1s);
  CHECK(host.reach(echo, State::trimmed));
  host.pass(20s);
  CHECK(host.reach(echo, State::parked));
  CHECK(is_mapped("echo.so"));
  host.pass(30s);
  CHECK(host.reach(echo, State::unloaded));
  CHECK_FALSE(is_mapped("echo.so"));
  CHECK(echo.status().cause == "idle for 1m");
}

TEST_CASE("the idle clock starts when the last lease ends and not when it began") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  PoolPolicy policy;
  policy.idle_unload = 60s;
  host.set_policy("echo", policy);
  Result<Lease> lease = host.acquire(echo);
  host.pass(10min);
  CHECK(echo.status().state == State::ready);
  lease->release();
  host.pass(59s);
  CHECK(echo.status().state == State::ready);
  host.pass(61s);
  CHECK(host.reach(echo, State::unloaded));
}

TEST_CASE("lists and snapshots never reset the idle clock") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  PoolPolicy policy;
  policy.idle_unload = 60s;
  host.set_policy("echo", policy);
  host.acquire(echo)->release();
  for (int i = 0; i < 60; ++i) {
    (void)host.registry->statuses();
    (void)echo.status();
    host.pass(1s);
  }
  CHECK(host.reach(echo, State::unloaded));
}

TEST_CASE("a trimmed component is callable and counts as ready when it was called") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  REQUIRE(host.request(echo, Verb::load).status.ok());
  REQUIRE(host.request(echo, Verb::trim).component.state == State::trimmed);
  host.pass(1s);
  Result<Lease> lease = host.acquire(echo);
  CHECK(host.call(*lease, "echo", text_value("x")).ok());
  lease->release();
  CHECK(echo.status().state == State::ready);
  CHECK(echo.status().generation == 1);
}

TEST_CASE("a parked component opens again in the same mapping") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  host.acquire(echo)->release();
  CHECK(host.request(echo, Verb::park).component.state == State::parked);
  CHECK(is_mapped("echo.so"));
  CHECK(echo.status().threads == 0);
  Result<Lease> lease = host.acquire(echo);
  REQUIRE(lease.ok());
  CHECK(host.call(*lease, "echo", text_value("again")).ok());
  CHECK(host.history(echo) == states({"loading", "ready", "draining", "parked", "loading", "ready"}));
}

TEST_CASE("a pinned component stays whatever the clock says") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  host.set_policy("*", ladder());
  host.acquire(echo)->release();
  CHECK(host.request(echo, Verb::pin).changed);
  host.pass(1h);
  CHECK(echo.status().state == State::ready);
  CHECK(host.request(echo, Verb::unload).status.code() == Code::failed_precondition);
  CHECK(host.request(echo, Verb::unpin).changed);
  host.pass(1s);
  CHECK(host.reach(echo, State::unloaded));
}

TEST_CASE("a missing plugin fails its component with cause and remedy and no other") {
  TempFolder folder;
  ComponentHost host({folder.path(), DORMOUSE_PLUGINS});
  Component& lost = host.add("lost", "no-such-plugin");
  Component& echo = host.add("echo", "echo");
  Result<Lease> lease = host.acquire(lost);
  REQUIRE_FALSE(lease.ok());
  CHECK(lease.status().code() == Code::load_failed);
  CHECK(lease.status().to_string().find("no-such-plugin") != std::string::npos);
  CHECK(lost.status().state == State::failed);
  CHECK(host.acquire(echo).ok());
}

TEST_CASE("a failed load is remembered until its back-off has passed") {
  TempFolder folder;
  ComponentHost host({folder.path()});
  Component& lost = host.add("echo", "echo");
  CHECK_FALSE(host.acquire(lost).ok());
  CHECK_FALSE(host.acquire(lost).ok());
  CHECK(lost.status().generation == 1);
  host.pass(1s);
  CHECK_FALSE(host.acquire(lost).ok());
  CHECK(lost.status().generation == 2);
  host.pass(1s);
  CHECK_FALSE(host.acquire(lost).ok());
  CHECK(lost.status().generation == 2);
}

TEST_CASE("a plugin file that was replaced is tried again at once") {
  TempFolder folder;
  ComponentHost host({folder.path()});
  Component& echo = host.add("echo", "echo");
  CHECK_FALSE(host.acquire(echo).ok());
  std::filesystem::copy_file(std::string(DORMOUSE_PLUGINS) + "/echo.so", folder / "echo.so");
  host.registry->plugins().scan();
  host.clock.advance(150ms);  // the disk is asked at most ten times a second
  CHECK(host.acquire(echo).ok());
}

TEST_CASE("an ordered stop refuses demand and unmaps everything") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  host.acquire(echo)->release();
  CHECK(host.stop().empty());
  CHECK(echo.status().state == State::unloaded);
  CHECK_FALSE(is_mapped("echo.so"));
  Result<Lease> late = host.acquire(echo);
  CHECK(late.status().code() == Code::unavailable);
}

TEST_CASE("a stop whose grace runs out names who is still in use") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  Result<Lease> lease = host.acquire(echo);
  std::optional<std::vector<std::string>> leftovers;
  host.registry->stop(2s, [&](std::vector<std::string> lines) { leftovers = std::move(lines); });
  host.loop.run_ready();
  host.pass(2s);
  REQUIRE(leftovers);
  REQUIRE(leftovers->size() == 1);
  CHECK(leftovers->front().find("component 'echo' is still draining with 1 leases") == 0);
  lease->release();
  CHECK(host.reach(echo, State::unloaded));
}

TEST_CASE("a call with input of another type is refused before plugin code runs") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  Result<Lease> lease = host.acquire(echo);
  ValueWriter writer;
  writer.map_begin();
  writer.key("text");
  writer.integer(5);
  writer.map_end();
  const Result<Value> answer = host.call(*lease, "echo", *writer.finish());
  CHECK(answer.status().code() == Code::invalid_argument);
  CHECK(answer.status().error().object == "/text");
}

TEST_CASE("an unload that demand overtook says so and not that it unloaded") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  host.acquire(echo)->release();
  const auto answer = host.start(echo, Verb::unload);
  host.loop.run_until([&] { return echo.status().state == State::draining; });
  const auto queued = host.ask(echo);
  REQUIRE(host.loop.run_until([&] { return answer->has_value() && queued->has_value(); }));
  CHECK((*answer)->explanation == "closed; demand came meanwhile, so it loads again");
}

TEST_CASE("a trimmed component that was called is trimmed again when asked") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  host.acquire(echo)->release();
  CHECK(host.request(echo, Verb::trim).changed);
  CHECK_FALSE(host.request(echo, Verb::trim).changed);
  host.pass(1s);
  host.acquire(echo)->release();
  CHECK(host.request(echo, Verb::trim).changed);
}

TEST_CASE("a pinned component that is parked keeps its code mapped") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  host.acquire(echo)->release();
  REQUIRE(host.request(echo, Verb::park).status.ok());
  REQUIRE(host.request(echo, Verb::pin).status.ok());
  CHECK(host.request(echo, Verb::unload).status.code() == Code::failed_precondition);
  CHECK(is_mapped("echo.so"));
}

TEST_CASE("a reload that closes first opens anew and demand that comes meanwhile gets the new one") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  Result<Lease> lease = host.acquire(echo);
  PoolPolicy impatient = closing_first();
  impatient.drain_timeout = 0s;
  host.set_policy("echo", impatient);
  CHECK(host.request(echo, Verb::reload).status.code() == Code::busy);
  CHECK(host.request(echo, Verb::reload, {.dry_run = true}).status.code() == Code::busy);
  host.set_policy("echo", closing_first());
  CHECK(host.request(echo, Verb::reload, {.dry_run = true})
            .explanation.starts_with("would close it first (its pool says reload = \"close_first\"), and load it again "
                                     "after 1 running call"));
  const auto answer = host.start(echo, Verb::reload, {.wait = 5s});
  REQUIRE(host.reach(echo, State::draining));
  const auto queued = host.ask(echo);
  host.loop.run_ready();
  CHECK_FALSE(queued->has_value());
  lease->release();
  REQUIRE(host.loop.run_until([&] { return answer->has_value() && queued->has_value(); }));
  CHECK((*answer)->status.ok());
  CHECK((*answer)->changed);
  CHECK((*answer)->component.generation == 2);
  REQUIRE((*queued)->ok());
  CHECK(host.call(***queued, "echo", text_value("new")).ok());
  CHECK(host.history(echo) == states({"loading", "ready", "draining", "loading", "ready"}));
}

TEST_CASE("a reload that closes first changes nothing when the component is in use past its wait") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  host.set_policy("echo", closing_first());
  Result<Lease> lease = host.acquire(echo);
  const auto answer = host.start(echo, Verb::reload, {.wait = 5s});
  REQUIRE(host.reach(echo, State::draining));
  host.pass(5s);
  REQUIRE(answer->has_value());
  CHECK((*answer)->status.code() == Code::busy);
  CHECK(echo.status().state == State::ready);
  CHECK(echo.status().generation == 1);
  lease->release();
  CHECK(host.request(echo, Verb::park).component.state == State::parked);
}

TEST_CASE("reload opens a parked component and a pinned one and leaves one that is not in memory") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  CHECK_FALSE(host.request(echo, Verb::reload).changed);
  CHECK(echo.status().state == State::absent);
  host.acquire(echo)->release();
  host.request(echo, Verb::park);
  CHECK(host.request(echo, Verb::reload).component.state == State::ready);
  host.request(echo, Verb::pin);
  CHECK(host.request(echo, Verb::reload).component.generation == 3);
  CHECK(echo.status().pinned);
}

TEST_CASE("an unload asked for while a reload drains wins") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  host.set_policy("echo", closing_first());
  Result<Lease> lease = host.acquire(echo);
  const auto reload = host.start(echo, Verb::reload, {.wait = 5s});
  REQUIRE(host.reach(echo, State::draining));
  const auto unload = host.start(echo, Verb::unload, {.wait = 5s});
  host.loop.run_ready();
  lease->release();
  REQUIRE(host.loop.run_until([&] { return reload->has_value() && unload->has_value(); }));
  CHECK(echo.status().state == State::unloaded);
}

TEST_CASE("verbs do not end a reload that loads and demand that comes then is served") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  host.set_policy("echo", closing_first());
  host.acquire(echo)->release();
  const auto reload = host.start(echo, Verb::reload);
  REQUIRE(host.reach(echo, State::loading));
  for (const Verb verb : {Verb::trim, Verb::park, Verb::unload}) {
    const auto refused = host.start(echo, verb);
    host.loop.run_ready();
    if (echo.status().state != State::loading) break;  // the lane was faster
    REQUIRE(refused->has_value());
    CHECK((*refused)->status.code() == Code::busy);
  }
  const auto demand = host.ask(echo);
  REQUIRE(host.loop.run_until([&] { return demand->has_value() && reload->has_value(); }));
  CHECK((*demand)->ok());
  CHECK((*reload)->status.ok());
}

TEST_CASE("a verb that is refused or runs out of time leaves a reload as it was") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  host.set_policy("echo", closing_first());
  Result<Lease> lease = host.acquire(echo);
  const auto reload = host.start(echo, Verb::reload, {.wait = 30s});
  REQUIRE(host.reach(echo, State::draining));
  CHECK(host.request(echo, Verb::trim, {.wait = 1s}).status.code() == Code::busy);
  CHECK(host.request(echo, Verb::park, {.wait = 1s}).status.code() == Code::busy);
  const auto unload = host.start(echo, Verb::unload, {.wait = 1s});
  host.loop.run_ready();
  host.pass(1s);
  REQUIRE(unload->has_value());
  CHECK((*unload)->status.code() == Code::busy);
  CHECK_FALSE(reload->has_value());
  lease->release();
  REQUIRE(host.loop.run_until([&] { return reload->has_value(); }));
  CHECK((*reload)->component.state == State::ready);
  CHECK((*reload)->component.generation == 2);
}

TEST_CASE("who joins a drain waits for his own time also when it is the longer one") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  host.set_policy("echo", closing_first());
  Result<Lease> lease = host.acquire(echo);
  const auto park = host.start(echo, Verb::park, {.wait = 1s});
  host.loop.run_ready();
  const auto reload = host.start(echo, Verb::reload, {.wait = 60s});
  host.loop.run_ready();
  host.pass(1s);
  REQUIRE(park->has_value());
  CHECK((*park)->status.code() == Code::busy);
  CHECK_FALSE(reload->has_value());
  lease->release();
  REQUIRE(host.loop.run_until([&] { return reload->has_value(); }));
  CHECK((*reload)->component.generation == 2);
}

TEST_CASE("what a component that sleeps would load is another version once its model or a reload says so") {
  for (const bool by_reload : {false, true}) {
    ComponentHost host({DORMOUSE_TRAINABLE});
    Component& counts = host.add("counts", "trainable");
    const std::string folder = model_folder(host.state.path(), "counts");
    std::filesystem::create_directories(folder);
    const auto publish = [&](const std::string& model) {
      std::ofstream(folder + "/" + model) << (model == "old.model" ? "7\n" : "8\n");
      std::filesystem::remove(folder + "/current");
      std::filesystem::create_symlink(model, folder + "/current");
    };
    const auto look = [&] {
      by_reload ? (void)host.request(counts, Verb::reload) : counts.notice_files();
      host.loop.run_ready();
    };
    publish("old.model");
    REQUIRE(host.acquire(counts).ok());
    const uint64_t old = counts.stamp();
    REQUIRE(old != 0);
    REQUIRE(host.request(counts, Verb::unload).component.state == State::unloaded);
    look();
    CHECK(counts.stamp() == old);
    publish("new.model");
    look();
    CHECK(counts.stamp() == 0);
    REQUIRE(host.acquire(counts).ok());
    CHECK(counts.stamp() != old);
  }
}
