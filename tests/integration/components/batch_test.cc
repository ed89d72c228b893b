// Calls answered together by a real plugin: who is gathered with whom, and that each keeps its own answer and end.
#include <catch2/catch.hpp>

#include "components/loaded.h"
#include "support/component_host.h"

using namespace dormouse;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

const std::vector<std::string> kGathering{DORMOUSE_GATHERING};

// A component whose calls wait a (virtual) while for company, and the answers to calls made of it.
struct Gathering {
  explicit Gathering(PoolPolicy policy, const std::string& method_name = "count") {
    host.set_policy("*", policy);
    component = &host.add("gathering", "gathering");
    Result<Lease> lease = host.acquire(*component);
    REQUIRE(lease.ok());
    const auto& methods = lease->loaded().facts().type->methods;
    while (methods.at(method).name != method_name) ++method;
    inline_now = runs_inline(*lease, method);
  }
  static PoolPolicy patient(unsigned max_batch) {
    PoolPolicy policy;
    policy.max_batch = max_batch;
    policy.max_delay = 10ms;
    policy.max_wait = 1h;
    policy.max_instances = 1;
    return policy;
  }
  CancelToken ask(const std::string& text, CallOptions options = {}) {
    answers.emplace_back();
    const size_t i = answers.size() - 1;
    CancelToken cancel = options.cancel;
    call_on_lane(std::move(*component->try_acquire()), method, text_value(text), std::move(options), host.loop,
                 [this, i](CallResult r) {
                   CHECK(answers[i].empty());
                   answers[i] = r.value.ok() ? to_debug_string(r.value->view()) : r.value.status().to_string();
                 });
    return cancel;
  }
  bool all_answered() {
    return host.loop.run_until([&] {
      for (const std::string& answer : answers)
        if (answer.empty()) return false;
      return true;
    });
  }

  std::vector<std::string> answers;  // by call; empty until answered, at the latest when the host stops
  ComponentHost host{kGathering};
  Component* component = nullptr;
  uint32_t method = 0;
  bool inline_now = false;
};

}  // namespace

TEST_CASE("calls that wait within max_delay are answered together and each with its own answer") {
  for (const char* method : {"count", "scratch"}) {
    INFO(method);
    Gathering g(Gathering::patient(8), method);
    for (const char* text : {"a", "b", "c"}) g.ask(text);
    g.host.loop.run_ready();
    CHECK(g.answers.front().empty());
    g.host.pass(10ms);
    REQUIRE(g.all_answered());
    CHECK(g.answers[0] == R"({"text":"a","together":3})");
    CHECK(g.answers[2] == R"({"text":"c","together":3})");
    CHECK(g.component->status().leases == 0);
  }
}

TEST_CASE("a full batch does not wait") {
  Gathering g(Gathering::patient(2));
  for (const char* text : {"a", "b", "c"}) g.ask(text);
  REQUIRE(g.host.loop.run_until([&] { return !g.answers[1].empty(); }));
  CHECK_THAT(g.answers[0], Contains("\"together\":2"));
  g.host.pass(10ms);
  REQUIRE(g.all_answered());
}

TEST_CASE("a call alone is answered by run") {
  Gathering g(Gathering::patient(8));
  g.ask("a");
  g.host.loop.run_ready();
  g.host.pass(10ms);
  REQUIRE(g.all_answered());
  CHECK_THAT(g.answers[0], Contains("\"together\":1"));
}

TEST_CASE("a call that fails in a batch fails alone") {
  Gathering g(Gathering::patient(8));
  for (const char* text : {"a", "missing", "wrong", "nothing", "b"}) g.ask(text);
  g.host.loop.run_ready();
  g.host.pass(10ms);
  REQUIRE(g.all_answered());
  CHECK_THAT(g.answers[0], Contains("\"together\":5"));
  CHECK_THAT(g.answers[1], Contains("there is no such text"));
  CHECK_THAT(g.answers[2], Contains("not what its manifest promises"));
  CHECK_THAT(g.answers[3], Contains("method 'count'"));
  CHECK_THAT(g.answers[4], Contains("\"text\":\"b\""));
}

TEST_CASE("a batch that throws is the end of all its calls and of no other") {
  Gathering g(Gathering::patient(3));
  for (const char* text : {"a", "all", "b"}) g.ask(text);
  REQUIRE(g.all_answered());
  for (const std::string& answer : g.answers) CHECK_THAT(answer, Contains("not for any of you"));
  for (const char* text : {"c", "d", "e"}) g.ask(text);
  REQUIRE(g.all_answered());
  CHECK_THAT(g.answers[5], Contains("\"together\":3"));
}

TEST_CASE("a call given up while it waited takes no place in the batch") {
  Gathering g(Gathering::patient(8));
  g.ask("a");
  CancelToken gone = g.ask("b");
  CallOptions late;
  late.deadline = g.host.clock.now() + 5ms;
  g.ask("c", late);
  g.ask("d");
  g.host.loop.run_ready();
  gone.cancel();
  g.host.pass(10ms);
  REQUIRE(g.all_answered());
  CHECK_THAT(g.answers[0], Contains("\"together\":2"));
  CHECK_THAT(g.answers[1], Contains("given up before it started"));
  CHECK_THAT(g.answers[2], Contains("deadline passed"));
  CHECK_THAT(g.answers[3], Contains("\"together\":2"));
}

TEST_CASE("calls whose callers are gone give their leases back while the batch is still gathered") {
  Gathering g(Gathering::patient(8));
  std::vector<CancelToken> gone;
  for (int i = 0; i < 4; ++i) gone.push_back(g.ask("x"));
  g.host.loop.run_ready();
  CHECK(g.component->status().leases == 4);
  for (CancelToken& token : gone) token.cancel();
  CHECK(g.component->status().leases == 0);
  CHECK(g.host.request(*g.component, Verb::unload).component.state == State::unloaded);
  g.host.pass(10ms);  // the timer of a batch that nobody is in
  REQUIRE(g.all_answered());
  for (const std::string& answer : g.answers) CHECK_THAT(answer, Contains("given up before it started"));
}

TEST_CASE("calls beyond max_pending are refused and the others answered") {
  PoolPolicy policy = Gathering::patient(8);
  policy.max_pending = 3;
  Gathering g(policy);
  for (int i = 0; i < 5; ++i) g.ask("x");
  g.host.loop.run_ready();
  g.host.pass(10ms);
  REQUIRE(g.all_answered());
  CHECK_THAT(g.answers[2], Contains("\"together\":3"));
  CHECK_THAT(g.answers[3], Contains("raise max_pending"));
  CHECK_THAT(g.answers[4], Contains("too many calls wait"));
}

TEST_CASE("a fast method runs inline unless its pool asks for batches") {
  PoolPolicy quiet;
  CHECK(Gathering(quiet).inline_now);
  quiet.max_batch = 1;
  CHECK(Gathering(quiet).inline_now);
  CHECK_FALSE(Gathering(Gathering::patient(2)).inline_now);
}

TEST_CASE("a component that promises batches and offers none is not loaded") {
  ComponentHost host({DORMOUSE_BAD_PLUGINS});
  Component& component = host.add("no-batch", "no-batch");
  Result<Lease> lease = host.acquire(component);
  REQUIRE_FALSE(lease.ok());
  CHECK_THAT(lease.status().to_string(), Contains("dormouse.batch/1"));
  CHECK_FALSE(is_mapped("no-batch.so"));
}
