// What bounds a component's loads, verbs and waiters, and what it says while they last; with real plugins and a clock
// that moves when told.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "artifacts/model_files.h"
#include "components/loader.h"
#include "support/component_host.h"

using namespace dormouse;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

const std::vector<std::string> kPlugins{DORMOUSE_PLUGINS};
const std::vector<std::string> kBad{DORMOUSE_BAD_PLUGINS};

// A plugin of kBad whose close waits until finish() is called.
class SlowToClose {
 public:
  SlowToClose() = default;
  ~SlowToClose() {
    finish();
    host.stop();
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  void finish() {
    if (!std::exchange(finished_, true)) REQUIRE(::write(ends_[1], "xxxx", 4) == 4);
  }

 private:
  static std::array<int, 2> new_pipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    return ends;
  }

  std::array<int, 2> ends_ = new_pipe();  // before the component, whose setting names its end
  bool finished_ = false;

 public:
  ComponentHost host{kBad};
  Component& component = host.add("waits-to-close", "waits-to-close", setting("ms", ends_[0]));
};

Component& add_preload(ComponentHost& host, const std::string& name, const std::string& plugin) {
  ComponentSpec spec;
  spec.name = name;
  spec.plugin = plugin;
  spec.preload = true;
  REQUIRE(host.registry->add(std::move(spec)).ok());
  return *host.registry->find(name);
}

void publish_model(ComponentHost& host, const std::string& component, const std::string& text) {
  const std::string folder = model_folder(host.state.path(), component);
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/a.model") << text;
  std::filesystem::remove(folder + "/current");
  std::filesystem::create_symlink("a.model", folder + "/current");
}

double counted(const ComponentHost& host, const std::string& name) {
  return host.metrics.value("dormouse_plugin_" + name + "_total", {{"component", "instances"}});
}

}  // namespace

// ---- verbs ----

TEST_CASE("a wait bounds the whole verb also when a close hangs and the close goes on") {
  SlowToClose slow;
  Result<Lease> lease = slow.host.acquire(slow.component);
  INFO(lease.status().to_string());
  REQUIRE(lease.ok());
  lease->release();
  std::optional<VerbAnswer> answer, end;
  slow.host.registry->request(
      slow.component, Verb::unload, {.wait = 5s}, [&](VerbAnswer a) { answer = std::move(a); },
      [&](VerbAnswer a) { end = std::move(a); });
  slow.host.loop.run_ready();
  slow.host.pass(5s - 1ms);
  CHECK_FALSE(answer);
  slow.host.pass(1ms);
  REQUIRE(answer);
  CHECK(answer->goes_on);
  CHECK(answer->status.code() == Code::deadline_exceeded);
  CHECK_THAT(answer->status.to_string(), Contains("it goes on"));
  CHECK_FALSE(end);
  slow.finish();
  REQUIRE(slow.host.loop.run_until([&] { return end.has_value(); }));
  CHECK(end->status.ok());
  CHECK(end->component.state == State::unloaded);
}

TEST_CASE("a wait bounds a load and the load goes on") {
  ComponentHost host(kBad);
  Component& slow = host.add("slow-open", "slow-open", setting("ms", 300));
  PoolPolicy policy;
  policy.load_timeout = 1h;
  host.set_policy("*", policy);
  const auto answer = host.start(slow, Verb::load, {.wait = 2s});
  host.loop.run_ready();
  host.pass(2s);
  REQUIRE(answer->has_value());
  CHECK((*answer)->goes_on);
  CHECK(host.reach(slow, State::ready));
}

TEST_CASE("a load that only operators wait for can be given up and is no failure") {
  ComponentHost host(kBad);
  Component& slow = host.add("slow-open", "slow-open", setting("ms", 60'000));
  const auto give_up = [&](bool dry_run) {
    std::optional<Status> answer;
    host.registry->give_up_load(slow, dry_run, [&](Status status) { answer = std::move(status); });
    host.loop.run_ready();
    return answer.value_or(Status(Code::internal, "no answer"));
  };
  CHECK(give_up(false).code() == Code::failed_precondition);
  const auto asked = [&] {
    const VerbOptions by_operator{.wait = 100s, .actor = {"local", 1, ""}};
    return host.start(slow, Verb::load, by_operator);
  };
  const auto first = asked();
  host.loop.run_ready();
  CHECK(slow.status().state == State::loading);
  CHECK(give_up(true).ok());
  CHECK_FALSE(first->has_value());
  CHECK(give_up(false).ok());
  REQUIRE(first->has_value());
  CHECK((*first)->status.code() == Code::cancelled);
  CHECK(give_up(false).code() == Code::failed_precondition);
  REQUIRE(host.reach(slow, State::unloaded));
  CHECK(slow.status().last_error.ok());

  // Requests that wait for the same load keep it.
  const auto second = asked();
  const auto request = host.ask(slow);
  host.loop.run_ready();
  CHECK(give_up(true).code() == Code::busy);
  CHECK(give_up(false).code() == Code::busy);
  CHECK(slow.status().state == State::loading);
}

TEST_CASE("a reload that closes first waits for running calls as long as drain_timeout says and then changes nothing") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  PoolPolicy policy;
  policy.reload = ReloadMode::close_first;
  policy.drain_timeout = 3s;
  host.set_policy("echo", policy);
  Result<Lease> lease = host.acquire(echo);
  for (const Duration wait : {0s, 30s}) {
    const auto answer = host.start(echo, Verb::reload, {.wait = wait});
    REQUIRE(host.reach(echo, State::draining));
    host.pass(3s - 1ms);
    CHECK_FALSE(answer->has_value());
    host.pass(1ms);
    REQUIRE(answer->has_value());
    CHECK((*answer)->status.code() == Code::busy);
    CHECK(echo.status().state == State::ready);
  }
  lease->release();
  CHECK(host.request(echo, Verb::reload).component.generation == 2);
}

TEST_CASE("a dry run of a load says what it takes") {
  ComponentHost host(kPlugins);
  Component& cache = host.add("cache", "cache-memory");
  host.registry->plugins().scan();
  CHECK_THAT(host.request(cache, Verb::load, {.wait = {}, .dry_run = true}).explanation,
             Contains("its manifest says it takes about"));
}

TEST_CASE("events tell of no state that a component never was in") {
  ComponentHost host(kBad);
  Component& forgotten = host.add("forgotten-thread", "forgotten-thread");
  host.acquire(forgotten)->release();
  REQUIRE(host.request(forgotten, Verb::unload).component.state == State::resident);
  const std::vector<std::string> expected{"component.loading", "component.ready", "component.draining",
                                          "component.resident"};
  CHECK(host.history(forgotten) == expected);
}

// ---- waiters ----

TEST_CASE("the waiter of a load beyond max_pending is refused at once and not after the load") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  PoolPolicy policy;
  policy.max_pending = 3;
  host.set_policy("echo", policy);
  std::vector<std::shared_ptr<std::optional<Result<Lease>>>> asked;
  for (int i = 0; i < 5; ++i) asked.push_back(host.ask(echo));
  REQUIRE(host.loop.run_until([&] { return asked[4]->has_value(); }));
  for (int i = 0; i < 3; ++i) CHECK_FALSE(asked[static_cast<size_t>(i)]->has_value());
  CHECK((*asked[3])->status().code() == Code::queue_full);
  CHECK((*asked[4])->status().code() == Code::queue_full);
  REQUIRE(host.loop.run_until([&] { return asked[2]->has_value(); }));
  for (int i = 0; i < 3; ++i) CHECK((*asked[static_cast<size_t>(i)])->ok());
}

TEST_CASE("waiters that nobody wants any more make room for others") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  PoolPolicy policy;
  policy.max_pending = 1;
  host.set_policy("echo", policy);
  auto wanted = std::make_shared<int>();
  std::optional<Result<Lease>> gone;
  echo.acquire(Demand{"request", false, [&](Result<Lease> lease) { gone = std::move(lease); }, wanted});
  wanted.reset();
  Result<Lease> lease = host.acquire(echo);
  CHECK(lease.ok());
  REQUIRE(gone);
  CHECK(gone->status().code() == Code::cancelled);
}

TEST_CASE("a failed load leaves no waiters and its failure is the cause of the state") {
  ComponentHost host(kBad);
  Component& fails = host.add("fails-open", "fails-open");
  CHECK_FALSE(host.acquire(fails).ok());
  const ComponentStatus status = fails.status();
  CHECK(status.state == State::failed);
  CHECK(status.waiters == 0);
  CHECK_THAT(status.cause, Contains("the moon is not full"));
}

// ---- pools ----

TEST_CASE("min_idle makes that many instances each on its own thread") {
  ComponentHost host(kBad);
  Component& instances = host.add("instances", "instances");
  PoolPolicy policy;
  policy.min_idle = 4;
  policy.max_instances = 6;
  host.set_policy("*", policy);
  Result<Lease> lease = host.acquire(instances);
  REQUIRE(lease.ok());
  CHECK(counted(host, "instances") == 4);
  CHECK(instances.status().threads == 4);
  CHECK(host.call(*lease, "run", text_value("x")).ok());
  CHECK(counted(host, "instances") == 4);
  lease->release();
  // Each is destroyed on the thread that made it, or the plugin ends the process.
  CHECK(host.request(instances, Verb::unload).component.state == State::unloaded);
}

TEST_CASE("other pool policies say what acts at once and what acts with the next load") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  host.acquire(echo)->release();
  PoolPolicy policy;
  policy.max_instances = 7;
  policy.max_pending = 1;
  policy.max_wait = 30s;
  const std::vector<PoolChange> tried = host.registry->set_pool_policies({{"echo", policy}}, /*dry_run=*/true);
  host.loop.run_ready();
  CHECK(host.carried(echo).max_wait() != 30s);
  std::vector<PoolChange> changes = host.registry->set_pool_policies({{"echo", policy}});
  host.loop.run_ready();
  REQUIRE(changes.size() == 3);
  CHECK(tried.size() == 3);
  for (size_t i = 0; i < tried.size(); ++i) CHECK(tried[i].key == changes[i].key);
  CHECK(changes[0].key == "max_instances");
  CHECK_FALSE(changes[0].at_once);
  CHECK(changes[1].key == "max_pending");
  CHECK(changes[1].at_once);
  CHECK(changes[2].key == "max_wait");
  CHECK(host.carried(echo).max_wait() == 30s);
  changes = host.registry->set_pool_policies({{"echo", policy}});
  host.loop.run_ready();
  REQUIRE(changes.size() == 1);
  CHECK(host.request(echo, Verb::reload).status.ok());
  CHECK(host.registry->set_pool_policies({{"echo", policy}}).empty());
}

TEST_CASE("a lowered max_pending refuses calls at once") {
  ComponentHost host(kBad);
  Component& deaf = host.add("deaf-run", "deaf-run", setting("ms", 200));
  PoolPolicy policy;
  policy.max_instances = 1;
  policy.max_wait = 1h;
  host.set_policy("*", policy);
  Result<Lease> lease = host.acquire(deaf);
  std::vector<Status> ended;
  const auto call = [&] {
    call_on_lane(std::move(*deaf.try_acquire()), 0, text_value("x"), {}, host.loop,
                 [&](CallResult r) { ended.push_back(r.value.status()); });
  };
  for (int i = 0; i < 4; ++i) call();
  policy.max_pending = 1;
  host.set_policy("*", policy);
  call();
  REQUIRE(host.loop.run_until([&] { return ended.size() == 5; }));
  CHECK(std::count_if(ended.begin(), ended.end(), [](const Status& s) { return s.code() == Code::queue_full; }) == 1);
}

// ---- metrics ----

TEST_CASE("the counters of a plugin go with the load that made them and are 64 at most") {
  ComponentHost host(kBad);
  Component& many = host.add("many-counters", "many-counters");
  const auto shown = [&] {
    const auto families = host.metrics.snapshot();
    return std::count_if(families.begin(), families.end(),
                         [](const MetricFamily& f) { return f.name.starts_with("dormouse_plugin_of_"); });
  };
  host.acquire(many)->release();
  for (int i = 0; i < 3; ++i) {
    CHECK(shown() == 64);
    REQUIRE(host.request(many, Verb::reload).status.ok());
  }
  REQUIRE(host.request(many, Verb::unload).status.ok());
  CHECK(shown() == 0);
}

// ---- failures ----

TEST_CASE("readiness tells the cause while a preload has failed and is back within one back-off by itself") {
  TempFolder folder;
  ComponentHost host({folder.path()});
  Component& echo = add_preload(host, "echo", "echo");
  CHECK_THAT(host.registry->readiness().to_string(), Contains("is not loaded yet"));
  host.registry->preload();
  REQUIRE(host.reach(echo, State::failed));
  CHECK(host.registry->readiness().code() == Code::unavailable);
  CHECK_THAT(host.registry->readiness().to_string(), Contains("could not be loaded"));
  std::filesystem::copy_file(std::string(DORMOUSE_PLUGINS) + "/echo.so", folder / "echo.so");
  host.pass(1s);
  REQUIRE(host.reach(echo, State::ready));
  CHECK(host.registry->readiness().ok());
  CHECK(host.request(echo, Verb::unload).component.state == State::unloaded);
  CHECK(host.registry->readiness().ok());  // it sleeps, and is loaded on demand
}

TEST_CASE("a preload that goes on failing is tried again after each back-off") {
  ComponentHost host(kBad);
  Component& fails = add_preload(host, "fails-open", "fails-open");
  host.registry->preload();
  Duration backoff = 1s;
  for (uint64_t tried = 1; tried <= 3; ++tried, backoff *= 2) {
    REQUIRE(host.reach(fails, State::failed));
    CHECK(fails.status().generation == tried);
    host.pass(backoff - 1ms);
    CHECK(fails.status().generation == tried);
    host.pass(1ms);
    CHECK(host.registry->readiness().code() == Code::unavailable);
    REQUIRE(host.loop.run_until([&] { return fails.status().generation == tried + 1; }));
  }
}

TEST_CASE("a preload whose replacement fails goes on serving and the host stays ready") {
  ComponentHost host({DORMOUSE_TRAINABLE});
  Component& counts = add_preload(host, "counts", "trainable");
  publish_model(host, "counts", "7\n");
  host.registry->preload();
  REQUIRE(host.reach(counts, State::ready));
  publish_model(host, "counts", "damaged\n");
  CHECK_THAT(host.request(counts, Verb::reload).status.to_string(), Contains("the model is damaged"));
  CHECK(host.registry->readiness().ok());
  REQUIRE(counts.status().failed_replacement);
  CHECK_THAT(counts.status().failed_replacement->error.to_string(), Contains("the model is damaged"));
}

TEST_CASE("a preload that closes first and fails makes the host unready until it serves again") {
  ComponentHost host({DORMOUSE_TRAINABLE});
  Component& counts = add_preload(host, "counts", "trainable");
  PoolPolicy policy;
  policy.reload = ReloadMode::close_first;
  host.set_policy("counts", policy);
  publish_model(host, "counts", "7\n");
  host.registry->preload();
  REQUIRE(host.reach(counts, State::ready));
  publish_model(host, "counts", "damaged\n");
  CHECK_FALSE(host.request(counts, Verb::reload).status.ok());
  CHECK_THAT(host.registry->readiness().to_string(), Contains("the model is damaged"));
  publish_model(host, "counts", "8\n");
  host.pass(1s);
  REQUIRE(host.reach(counts, State::ready));
  CHECK(host.registry->readiness().ok());
}

TEST_CASE("a mended model is tried at once and not after the back-off") {
  ComponentHost host({DORMOUSE_TRAINABLE});
  Component& counts = host.add("counts", "trainable");
  publish_model(host, "counts", "damaged\n");
  CHECK_FALSE(host.acquire(counts).ok());
  host.clock.advance(150ms);  // the disk is asked at most ten times a second
  CHECK_FALSE(host.acquire(counts).ok());
  CHECK(counts.status().generation == 1);
  publish_model(host, "counts", "7 and more\n");
  host.clock.advance(150ms);
  CHECK(host.acquire(counts).ok());
}

TEST_CASE("folders of the state folder that somebody removed are made again") {
  ComponentHost host(kPlugins);
  Component& echo = host.add("echo", "echo");
  host.acquire(echo)->release();
  REQUIRE(host.request(echo, Verb::unload).status.ok());
  for (const char* folder : {"/libs", "/data"}) std::filesystem::remove_all(host.state.path() + folder);
  CHECK(host.acquire(echo).ok());
  CHECK(std::filesystem::is_directory(host.state.path() + "/libs"));
}
