// Many at once for one component: what callers get whom it cannot serve, and what they leave behind.
#include <map>
#include <thread>

#include "crowd.h"
#include "host_fixture.h"
#include "support/recorded_log.h"

using namespace dormouse;
using namespace std::chrono_literals;

namespace {

const std::string kHello = R"({"text":"hello"})";

HostExtras with(const std::string& component, int64_t ms, const std::string& policies) {
  HostExtras extras;
  extras.plugin_folders = {DORMOUSE_BAD_PLUGINS};
  ValueWriter settings;
  settings.map_begin();
  settings.key("ms");
  settings.integer(ms);
  settings.map_end();
  extras.components = {
      {.name = component, .plugin = component, .version = {}, .type = {}, .settings = *settings.finish()}};
  const std::string stage =
      "dm.stage('s', { component = '" + component + "', input = { text = dm.ref.request.text } })";
  extras.pipelines = {{"wanted.lua", "return dm.pipeline('wanted', { input = { text = 'string' }, deadline = '60s', " +
                                         stage + ", output = { text = dm.ref.s.text } })"}};
  extras.policies = policies;
  return extras;
}

std::string ask(const std::string& timeout_ms) {
  return post("/v1/pipelines/wanted", kHello, "Request-Timeout: " + timeout_ms + "\r\n");
}

// As many statuses of each kind, for messages.
std::string summary(const std::vector<CrowdAnswer>& answers) {
  std::map<unsigned, size_t> counts;
  for (const CrowdAnswer& answer : answers) ++counts[answer.status];
  std::string text;
  for (const auto& [status, count] : counts) text += std::to_string(count) + " x " + std::to_string(status) + " ";
  return text;
}

// One caller keeps the only instance busy for seconds, 128 others have 100 ms, then comes one with much time.
void check_that_late_callers_hold_no_place(const std::string& component, const std::string& more_policy) {
  DataOptions options;
  options.limits.loop_lag_max = 0s;
  const RecordedLog quiet;
  HostFixture host(options, {}, 1024,
                   with(component, 3000,
                        "dm.pool('*', { max_instances = 1, max_pending = 128, max_wait = '60s'" + more_policy + " })"));
  REQUIRE(host.data(post("/v1/pipelines/echo", kHello)).status == 200);
  Component& busy = *host.registry->find(component);
  std::atomic<bool> served{false};
  RawResponse of_first;
  std::thread first([&] {
    of_first = host.data(ask("30000"));
    served = true;
  });
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (busy.status().leases != 1 && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  REQUIRE(busy.status().leases == 1);

  const std::vector<CrowdAnswer> late = crowd(host.http->data_address(), 128, ask("100"), 20s);
  INFO(summary(late));
  CHECK(count_of(late, 504) == 128);
  CHECK(busy.status().leases == 1);
  REQUIRE_FALSE(served);  // else nothing of this was seen while the instance was busy
  CHECK(host.data(ask("15000")).status == 200);
  first.join();
  CHECK(of_first.status == 200);
}

}  // namespace

TEST_CASE("callers that were late hold no place in the queue of a lane") {
  check_that_late_callers_hold_no_place("deaf-run", "");
}

TEST_CASE("callers that were late hold no place in the queue of a batch") {
  check_that_late_callers_hold_no_place("deaf-batch", ", max_batch = 4");
}

TEST_CASE("each of a herd for a component that loads is answered and who finds no place at once") {
  constexpr unsigned kWaiting = 64;  // max_pending
  DataOptions options;
  options.limits.loop_lag_max = 0s;
  const RecordedLog quiet;
  HostFixture host(options, {}, 1024, with("slow-open", 2000, "dm.pool('*', { max_wait = '60s' })"));
  Component& loading = *host.registry->find("slow-open");
  bool refused_before_the_load = false;
  const std::vector<CrowdAnswer> herd =
      crowd(host.http->data_address(), 2000, ask("30000"), 60s, [&](const CrowdAnswer& answer) {
        if (answer.status == 429) refused_before_the_load |= loading.status().state == State::loading;
      });
  INFO(summary(herd));
  CHECK(herd.size() == 2000);
  CHECK(count_of(herd, 200) + count_of(herd, 429) + count_of(herd, 503) == 2000);
  CHECK(count_of(herd, 200) >= kWaiting);
  CHECK(refused_before_the_load);
  CHECK(loading.status().leases == 0);
  CHECK(loading.status().waiters == 0);
  CHECK(host.data(ask("30000")).status == 200);
}
