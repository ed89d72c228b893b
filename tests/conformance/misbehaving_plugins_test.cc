// What the host does with each plugin of tests/bad-plugins. Files that are refused before they are mapped are looked at
// in tests/integration/components as well; here they are components that somebody calls.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "components/cache_call.h"
#include "components/observe.h"
#include "support/component_host.h"

using namespace dormouse;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

const std::vector<std::string> kBad{DORMOUSE_BAD_PLUGINS};

// A demand for `plugin` fails, says `why`, and leaves the host able to serve another component.
void refuses(const std::string& plugin, const std::string& why) {
  INFO(plugin);
  ComponentHost host(kBad);
  Component& bad = host.add(plugin, plugin);
  Component& good = host.add("good", "well-behaved", {}, "well-behaved");
  Result<Lease> lease = host.acquire(bad);
  REQUIRE_FALSE(lease.ok());
  CHECK(lease.status().code() == Code::load_failed);
  CHECK_THAT(lease.status().to_string(), Contains(why));
  CHECK(bad.status().state == State::failed);
  CHECK_FALSE(is_mapped(plugin + ".so"));
  Result<Lease> other = host.acquire(good);
  REQUIRE(other.ok());
  CHECK(host.call(*other, "run", text_value("x")).ok());
}

// One call of `run` in a component of its own, then an unload. Returns the answer.
struct Visit {
  Result<Value> answer;
  ComponentStatus after;
  bool still_mapped;
};
Visit visit(ComponentHost& host, const std::string& plugin, const std::string& text = "x") {
  Component& component = host.add(plugin, plugin);
  Result<Lease> lease = host.acquire(component);
  REQUIRE(lease.ok());
  Result<Value> answer = host.call(*lease, "run", text_value(text));
  lease->release();
  host.request(component, Verb::unload, {.wait = 10s});
  return {std::move(answer), component.status(), is_mapped("/" + plugin + ".so")};
}

}  // namespace

TEST_CASE("a plugin for a newer major ABI is refused with both versions") {
  refuses("newer-major", "2.0");
}
TEST_CASE("a plugin for a newer minor ABI is refused with both versions") {
  refuses("newer-minor", "1.99");
}
TEST_CASE("a file without a manifest is no plugin") {
  ComponentHost host(kBad);
  Component& bad = host.add("no-manifest", "no-manifest");
  CHECK(host.acquire(bad).status().code() == Code::load_failed);
  CHECK_FALSE(is_mapped("no-manifest.so"));
}
TEST_CASE("a value that a plugin could not write is its breach with the reason in C and in C++") {
  ComponentHost host(kBad);
  for (const auto& [plugin, asked] :
       {std::pair("bad-text", "passed on"), std::pair("bad-text", "ignored"), std::pair("bad-text-wrapped", "x")}) {
    INFO(plugin << ", " << asked);
    const std::shared_ptr<Component> component = host.registry->find(plugin);
    Result<Lease> lease = host.acquire(component ? *component : host.add(plugin, plugin));
    REQUIRE(lease.ok());
    const Result<Value> answer = host.call(*lease, "run", text_value(asked));
    CHECK(answer.status().code() == Code::broken_contract);
    CHECK_THAT(answer.status().to_string(), Contains("not UTF-8") && Contains("method 'run'"));
  }
}
TEST_CASE("a plugin without its table is refused") {
  refuses("no-table", "dormouse_plugin");
}
TEST_CASE("a plugin with an unresolved symbol is refused with the name of it") {
  refuses("unresolved", "undefined symbol");
}
TEST_CASE("a table of another major than its manifest says is refused") {
  refuses("hidden-major", "ABI");
}
TEST_CASE("a table with another id than its manifest is refused") {
  refuses("lying-id", "id");
}
TEST_CASE("a table without a method of its manifest is refused") {
  refuses("missing-method", "number of methods");
}
TEST_CASE("a table without open is refused") {
  refuses("null-open", "open");
}
TEST_CASE("a failed open is undone and tells the reason of the plugin") {
  ComponentHost host(kBad);
  Component& bad = host.add("fails-open", "fails-open");
  Result<Lease> lease = host.acquire(bad);
  REQUIRE_FALSE(lease.ok());
  CHECK(lease.status().code() == Code::load_failed);
  CHECK_FALSE(lease.status().error().message.empty());
  CHECK(bad.status().state == State::failed);
  CHECK(bad.status().threads == 0);
  CHECK_FALSE(is_mapped("fails-open.so"));
}

TEST_CASE("a truncated plugin is refused before it is mapped") {
  TempFolder folder;
  const std::string path = folder / "well-behaved.so";
  std::filesystem::copy_file(kBad.front() + "/well-behaved.so", path);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  ComponentHost host({folder.path()});
  Component& bad = host.add("well-behaved", "well-behaved");
  CHECK(host.acquire(bad).status().code() == Code::load_failed);
  CHECK_FALSE(is_mapped("well-behaved.so"));
}

TEST_CASE("an exception that crosses the ABI is a broken contract and not the end of the host") {
  ComponentHost host(kBad);
  const Visit v = visit(host, "throws");
  CHECK(v.answer.status().code() == Code::broken_contract);
  CHECK_THAT(v.answer.status().to_string(), Contains("exception"));
  CHECK(v.after.state == State::unloaded);
}

TEST_CASE("whatever a plugin writes that is no answer is a broken contract") {
  ComponentHost host(kBad);
  Component& garbage = host.add("garbage", "garbage");
  Result<Lease> lease = host.acquire(garbage);
  REQUIRE(lease.ok());
  for (const char* how : {"two roots", "wrong type", "not utf-8", "nothing", "open list", "key in list",
                          "unknown status", "success after failure"}) {
    INFO(how);
    const Result<Value> answer = host.call(*lease, "run", text_value(how));
    CHECK(answer.status().code() == Code::broken_contract);
    CHECK_THAT(answer.status().to_string(), Contains("garbage"));
  }
  CHECK(host.call(*lease, "run", text_value("too large")).status().code() != Code::ok);
  CHECK(host.call(*lease, "run", text_value("well")).ok());
}

TEST_CASE("a load that listens is cancelled at load_timeout and its result destroyed") {
  ComponentHost host(kBad);
  Component& slow = host.add("slow-open", "slow-open", setting("ms", 60000));
  PoolPolicy policy;
  policy.load_timeout = 2s;
  host.set_policy("*", policy);
  const auto asked = host.ask(slow);
  REQUIRE(host.await([] { return is_mapped("slow-open.so"); }));
  CHECK_FALSE(asked->has_value());
  host.pass(2s);
  REQUIRE(asked->has_value());
  CHECK((*asked)->status().code() == Code::load_failed);
  CHECK_THAT((*asked)->status().to_string(), Contains("load_timeout"));
  CHECK(host.reach(slow, State::failed));
  CHECK_FALSE(is_mapped("slow-open.so"));
}

TEST_CASE("a load that does not listen keeps nobody else from loading") {
  RegistryOptions one_at_a_time;
  one_at_a_time.parallel_loads = 1;
  ComponentHost host(kBad, one_at_a_time);
  Component& deaf = host.add("deaf-open", "deaf-open", setting("ms", 2000));
  Component& good = host.add("good", "well-behaved", {}, "well-behaved");
  PoolPolicy policy;
  policy.load_timeout = 1s;
  host.set_policy("*", policy);
  const auto asked = host.ask(deaf);
  REQUIRE(host.await([] { return is_mapped("deaf-open.so"); }));
  host.pass(1s);
  CHECK((*asked)->status().code() == Code::load_failed);
  CHECK(deaf.status().state == State::loading);
  CHECK(host.acquire(good).ok());
  CHECK(host.reach(deaf, State::failed));
  CHECK_FALSE(is_mapped("deaf-open.so"));
}

TEST_CASE("a stop gives up a load and tells who waits") {
  ComponentHost host(kBad);
  Component& slow = host.add("slow-open", "slow-open", setting("ms", 60000));
  const auto asked = host.start(slow, Verb::load);
  REQUIRE(host.await([] { return is_mapped("slow-open.so"); }));
  CHECK(host.request(slow, Verb::unload).status.code() == Code::busy);  // the asker of the load waits
  CHECK(host.stop().empty());
  REQUIRE(asked->has_value());
  CHECK((*asked)->status.code() == Code::unavailable);
  CHECK(slow.status().state == State::unloaded);
}

TEST_CASE("a thread-local destructor runs on the lane so the library unmaps") {
  ComponentHost host(kBad);
  const Visit v = visit(host, "thread-local");
  CHECK(v.answer.ok());
  CHECK(v.after.safety == SafetyClass::lane);
  CHECK(v.after.state == State::unloaded);
  CHECK_FALSE(v.still_mapped);
}

TEST_CASE("a pthread key destructor runs before the library is closed") {
  ComponentHost host(kBad);
  const Visit v = visit(host, "pthread-key");
  CHECK(v.answer.ok());
  CHECK(v.after.state == State::unloaded);
  CHECK_FALSE(v.still_mapped);
}

#ifdef DORMOUSE_HAS_OPENMP
TEST_CASE("OpenMP work unloads again and again with its runtime pinned by the host") {
  ComponentHost host(kBad);
  Component& openmp = host.add("openmp", "openmp");
  for (int i = 0; i < 20; ++i) {
    Result<Lease> lease = host.acquire(openmp);
    REQUIRE(lease.ok());
    REQUIRE(host.call(*lease, "run", text_value("x")).ok());
    lease->release();
    CHECK(host.request(openmp, Verb::unload, {.wait = 10s}).component.state == State::unloaded);
    CHECK_FALSE(is_mapped("openmp.so"));
  }
  CHECK(is_mapped("libgomp"));
}
#endif

TEST_CASE("a library with unique symbols is parked by idleness and resident when asked to go") {
  ComponentHost host(kBad);
  Component& unique = host.add("unique-symbols", "unique-symbols");
  PoolPolicy policy;
  policy.idle_unload = 60s;
  host.set_policy("*", policy);
  host.acquire(unique)->release();
  CHECK(unique.status().safety == SafetyClass::park);
  host.pass(60s);
  CHECK(host.reach(unique, State::parked));
  const VerbAnswer answer = host.request(unique, Verb::unload);
  CHECK(answer.component.state == State::resident);
  CHECK_THAT(answer.component.cause, Contains("unique"));
  CHECK(is_mapped("unique-symbols.so"));
  CHECK(host.acquire(unique).ok());
}

TEST_CASE("a library that says NODELETE is resident with that cause") {
  ComponentHost host(kBad);
  const Visit v = visit(host, "nodelete");
  CHECK(v.after.state == State::resident);
  CHECK_THAT(v.after.cause, Contains("NODELETE"));
}

TEST_CASE("static TLS is a reason to park and not to unmap by idleness") {
  ComponentHost host(kBad);
  Component& tls = host.add("static-tls", "static-tls");
  host.acquire(tls)->release();
  CHECK(tls.status().safety == SafetyClass::park);
  CHECK_FALSE(tls.status().safety_reasons.empty());
}

TEST_CASE("a forgotten thread keeps the library mapped and is named") {
  ComponentHost host(kBad);
  Component& forgetful = host.add("forgotten-thread", "forgotten-thread", setting("ms", 700));
  host.acquire(forgetful)->release();
  REQUIRE(forgetful.status().ledger.size() == 1);
  CHECK_THAT(forgetful.status().ledger.front(), Contains("thread 'forgotten'"));
  const VerbAnswer answer = host.request(forgetful, Verb::unload);
  CHECK(answer.component.state == State::resident);
  CHECK_THAT(answer.component.cause, Contains("thread 'forgotten'"));
  CHECK(is_mapped("forgotten-thread.so"));
}

TEST_CASE("a veto keeps a component ready and is told to the asker") {
  ComponentHost host(kBad);
  Component& vetoes = host.add("vetoes", "vetoes", setting("times", 1));
  Result<Lease> lease = host.acquire(vetoes);
  lease->release();
  const VerbAnswer refused = host.request(vetoes, Verb::unload);
  CHECK(refused.status.code() == Code::failed_precondition);
  CHECK_THAT(refused.status.to_string(), Contains("a batch is not finished"));
  CHECK(vetoes.status().state == State::ready);
  CHECK(host.request(vetoes, Verb::unload).component.state == State::unloaded);
}

TEST_CASE("a stop asks no veto") {
  ComponentHost host(kBad);
  Component& vetoes = host.add("vetoes", "vetoes", setting("times", 1000));
  host.acquire(vetoes)->release();
  CHECK(host.stop().empty());
  CHECK(vetoes.status().state == State::unloaded);
}

TEST_CASE("a call that ignores its cancellation keeps its lease until it really returns") {
  ComponentHost host(kBad);
  Component& deaf = host.add("deaf-run", "deaf-run", setting("ms", 2000));
  Result<Lease> lease = host.acquire(deaf);
  REQUIRE(lease.ok());
  CallOptions options;
  std::optional<CallResult> result;
  call_on_lane(std::move(*lease), 0, text_value("x"), options, host.loop, [&](CallResult r) { result = std::move(r); });
  REQUIRE(host.await([&] { return host.carried(deaf).waiting_calls() == 0; }));  // else it would leave the queue
  options.cancel.cancel();
  if (const VerbAnswer answer = host.request(deaf, Verb::unload); !result) CHECK(answer.status.code() == Code::busy);
  REQUIRE(host.loop.run_until([&] { return result.has_value(); }));
  CHECK(deaf.status().leases == 0);
  CHECK(host.request(deaf, Verb::unload).component.state == State::unloaded);
}

TEST_CASE("calls that nobody waits for hold no place") {
  ComponentHost host(kBad);
  Component& deaf = host.add("deaf-run", "deaf-run", setting("ms", 300));
  PoolPolicy policy;
  policy.max_instances = 1;
  policy.max_pending = 128;
  policy.max_wait = 1h;
  host.set_policy("*", policy);
  Result<Lease> lease = host.acquire(deaf);
  REQUIRE(lease.ok());
  std::vector<Status> ended;
  std::vector<CancelToken> impatient;
  const auto call = [&](Lease with, CallOptions options) {
    call_on_lane(std::move(with), 0, text_value("x"), std::move(options), host.loop,
                 [&](CallResult r) { ended.push_back(r.value.status()); });
  };
  call(std::move(*lease), {});  // holds the only instance
  REQUIRE(host.await([&] { return host.carried(deaf).waiting_calls() == 0; }));
  for (int i = 0; i < 128; ++i) {
    CallOptions options;
    impatient.push_back(options.cancel);
    call(std::move(*deaf.try_acquire()), std::move(options));
  }
  CHECK(deaf.status().leases == 129);
  for (CancelToken& token : impatient) token.cancel();
  CHECK(deaf.status().leases == 1);
  CHECK(host.carried(deaf).waiting_calls() == 0);
  call(std::move(*deaf.try_acquire()), {});  // is not refused
  REQUIRE(host.loop.run_until([&] { return ended.size() == 130; }));
  CHECK(std::count_if(ended.begin(), ended.end(), [](const Status& s) { return s.ok(); }) == 2);
  CHECK(std::count_if(ended.begin(), ended.end(), [](const Status& s) { return s.code() == Code::cancelled; }) == 128);
}

TEST_CASE("a call that ignores its cancellation is overdue until it returns") {
  ComponentHost host(kBad);
  Component& deaf = host.add("deaf-run", "deaf-run", setting("ms", 500));
  Result<Lease> lease = host.acquire(deaf);
  REQUIRE(lease.ok());
  CallOptions options;
  options.request_id = 0xabc;
  std::optional<CallResult> result;
  call_on_lane(std::move(*lease), 0, text_value("x"), options, host.loop, [&](CallResult r) { result = std::move(r); });
  REQUIRE(host.await([&] { return host.carried(deaf).waiting_calls() == 0; }));
  options.cancel.cancel();
  std::vector<OverdueCall> overdue;
  REQUIRE(host.await([&] {
    host.pass(kCancelGrace);
    overdue = deaf.status().overdue;
    return !overdue.empty() || result;
  }));
  REQUIRE(overdue.size() == 1);
  CHECK(overdue[0].request == "0000000000000abc");
  CHECK(overdue[0].age >= kCancelGrace);
  CHECK(host.metrics.value("dormouse_calls_overdue", {{"component", "deaf-run"}}) == 1);
  REQUIRE(host.loop.run_until([&] { return result.has_value(); }));
  CHECK(deaf.status().overdue.empty());
}

TEST_CASE("calls beyond the queue of a component are refused and not lost") {
  ComponentHost host(kBad);
  Component& deaf = host.add("deaf-run", "deaf-run", setting("ms", 100));
  PoolPolicy policy;
  policy.max_instances = 1;
  policy.max_pending = 2;
  host.set_policy("*", policy);
  Result<Lease> lease = host.acquire(deaf);
  REQUIRE(lease.ok());
  int answered = 0;
  int refused = 0;
  constexpr int kCalls = 6;
  for (int i = 0; i < kCalls; ++i)
    call_on_lane(std::move(*deaf.try_acquire()), 0, text_value("x"), {}, host.loop, [&](CallResult r) {
      ++answered;
      if (r.value.status().code() == Code::queue_full) ++refused;
    });
  REQUIRE(host.loop.run_until([&] { return answered == kCalls; }));
  CHECK(refused >= 3);
  CHECK(refused < kCalls);
}

TEST_CASE("a plugin that promises to show metrics and offers no table is refused") {
  refuses("no-observer", "promises a capability it does not offer");
}

TEST_CASE("a cache without its functions is refused") {
  refuses("no-cache-functions", "promises a capability it does not offer");
}

TEST_CASE("what a cache finds that is no value is a miss and told") {
  ComponentHost host(kBad);
  Component& cache = host.add("cache", "bad-cache");
  Result<Lease> lease = host.acquire(cache);
  REQUIRE(lease.ok());
  CHECK(open_cache_space(*lease, "no space", {}).status().code() == Code::broken_contract);
  CHECK(open_cache_space(*lease, "no status", {}).status().code() == Code::broken_contract);
  const Result<void*> space = open_cache_space(*lease, "any", {});
  REQUIRE(space.ok());
  for (const char* key : {"null", "short", "huge", "garbage"}) {
    INFO(key);
    const CacheFound found = cache_get(*lease, *space, key, host.clock.now());
    CHECK_FALSE(found.value);
    CHECK_FALSE(found.problem.ok());
    CHECK(found.epoch == 7);
  }
  CHECK_FALSE(cache_get(*lease, *space, "another status", host.clock.now()).value);
  CHECK_FALSE(cache_put(*lease, *space, {.key = "k", .value = text_value("v").bytes(), .tags = {}}, host.clock.now()));
  CHECK(cache_purge(*lease, *space, nullptr).status().code() == Code::broken_contract);
  CHECK(cache_count(*lease, *space, nullptr).status().code() == Code::broken_contract);
  CHECK(cache_numbers(*lease, *space).entries == UINT64_MAX);
  lease->release();
  CHECK(host.request(cache, Verb::unload).component.state == State::unloaded);
}

TEST_CASE("what follows the end of a shorter cache table is not called") {
  ComponentHost host(kBad);
  Component& cache = host.add("cache", "cache-without-count");
  Result<Lease> lease = host.acquire(cache);
  REQUIRE(lease.ok());
  const Result<void*> space = open_cache_space(*lease, "any", {});
  REQUIRE(space.ok());
  CHECK(*cache_purge(*lease, *space, nullptr) == 0);
  const Result<std::optional<uint64_t>> entries = cache_count(*lease, *space, nullptr);
  REQUIRE(entries.ok());
  CHECK_FALSE(entries->has_value());
}

TEST_CASE("wrong answers of what shows metrics are told and stop nothing") {
  ComponentHost host(kBad);
  Component& other = host.add("other", "well-behaved", {}, "well-behaved");
  Component& shows = host.add("shows", "bad-observer");
  CHECK(find_observer(*host.registry).get() == &shows);
  const auto scrape = [&] {
    Result<Lease> lease = host.acquire(shows);
    REQUIRE(lease.ok());
    std::optional<Result<Exposition>> shown;
    expose_on_lane(std::move(*lease), host.metrics, "", {}, host.loop,
                   [&](Result<Exposition> exposition) { shown = std::move(exposition); });
    REQUIRE(host.loop.run_until([&] { return shown.has_value(); }));
    return std::move(*shown);
  };
  for (const char* wrong : {"nothing at all", "no body", "two header fields"}) {
    INFO(wrong);
    CHECK(scrape().status().code() == Code::broken_contract);
  }
  const Status unavailable = scrape().status();
  CHECK(unavailable.code() == Code::unavailable);
  CHECK_THAT(unavailable.to_string(), Contains("not today") && Contains("component 'shows'"));
  const Result<Exposition> right = scrape();
  REQUIRE(right.ok());
  CHECK(right->body == "x 1\n");

  Result<Lease> lease = host.acquire(other);
  REQUIRE(lease.ok());
  std::optional<Result<Exposition>> shown;
  expose_on_lane(std::move(*lease), host.metrics, "", {}, host.loop,
                 [&](Result<Exposition> exposition) { shown = std::move(exposition); });
  REQUIRE(host.loop.run_until([&] { return shown.has_value(); }));
  CHECK(shown->status().code() == Code::failed_precondition);
  host.request(shows, Verb::unload);
  CHECK(shows.status().state == State::unloaded);
}
