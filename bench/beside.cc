// What requests feel of a component that is reloaded beside them: 64 MiB of small blocks made and freed again and again
// (bench/plugins/heap), and a client that asks for three stages of other components every two milliseconds.
//   dormouse_bench_beside [NAME=VALUE ...]   the row `beside`; variables go into the environment of the host
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <iostream>
#include <thread>

#include "exec/thread.h"
#include "support/live/http_client.h"
#include "support/live/process_facts.h"
#include "support/report.h"
#include "support/servers.h"

namespace dormouse::bench {
namespace {

using std::chrono::steady_clock;

constexpr int kRounds = 5;
constexpr auto kRound = std::chrono::seconds(4);
constexpr auto kAskEvery = std::chrono::milliseconds(2);
constexpr auto kPatience = std::chrono::seconds(30);
constexpr const char* kBody = R"({"id":"4711","text":"what attractions are in Cairo?"})";

void ask(HttpClient& client, const std::string& request) {
  HttpAnswer answer;
  const std::string mistake = client.exchange(request, answer);
  if (!mistake.empty() || answer.status != 200)
    throw std::runtime_error(fmt::format("{} {} {}", mistake, answer.status, answer.body));
}

struct Felt {
  double p99_ms = 0;
  double worst_ms = 0;
};

Felt ask_for_a_round(uint16_t port) {
  ask_for_short_turns();  // as the host's reactors do, so that a late client is no late answer
  const std::string request = http_request("POST", "/v1/pipelines/three_stages", kBody);
  HttpClient client(port, kPatience);
  std::vector<double> times;
  const auto end = steady_clock::now() + kRound;
  for (auto next = steady_clock::now(); next < end; next += kAskEvery) {
    std::this_thread::sleep_until(next);
    const auto asked = steady_clock::now();
    ask(client, request);
    times.push_back(std::chrono::duration<double, std::milli>(steady_clock::now() - asked).count());
  }
  std::sort(times.begin(), times.end());
  return {times[times.size() * 99 / 100], times.back()};
}

// Reloads `heap` until this ends.
class ReloadLoop {
 public:
  explicit ReloadLoop(const ControlAccess& control)
      : thread_([this, control] {
          HttpClient client(control.port, kPatience);
          ask(client, http_request("POST", "/v1/components/heap/load", {}, control.authorized));
          for (; !ended_; ++reloads_)
            ask(client, http_request("POST", "/v1/components/heap/reload", {}, control.authorized));
        }) {}
  int end() {
    ended_ = true;
    thread_.join();
    return reloads_;
  }

 private:
  std::atomic<bool> ended_{false};
  int reloads_ = 0;
  std::thread thread_;
};

void measure(std::vector<std::string> environment) {
  const ServerPlan plan =
      plan_dormouse({.name = "beside",
                     .components = "  parser: {plugin: stages}\n  hasher: {plugin: stages}\n"
                                   "  responder: {plugin: stages}\n  heap: {plugin: heap}\n",
                     .plugins = {DORMOUSE_BENCH_PLUGINS},
                     .pipelines = {std::string(DORMOUSE_BENCH_SOURCE) + "/pipelines/three_stages.lua"},
                     .environment = std::move(environment)});
  const RunningServer server(plan);
  ask_for_a_round(plan.port);  // loads what the requests need
  const ControlAccess control = control_of("beside");
  Series quiet{"p99 of requests, nothing beside", "ms", {}}, beside{"p99 of requests beside reloads", "ms", {}};
  Series worst_quiet{"slowest request, nothing beside", "ms", {}};
  Series worst{"slowest request beside reloads", "ms", {}}, reloads{"reloads", "reloads/s", {}};
  for (int i = 0; i < kRounds; ++i) {
    const Felt alone = ask_for_a_round(plan.port);
    ReloadLoop loop(control);
    const Felt felt = ask_for_a_round(plan.port);
    reloads.add(loop.end() / std::chrono::duration<double>(kRound).count());
    quiet.add(alone.p99_ms);
    worst_quiet.add(alone.worst_ms);
    beside.add(felt.p99_ms);
    worst.add(felt.worst_ms);
  }
  Report report("beside");
  for (const Series* each : {&quiet, &beside, &worst_quiet, &worst, &reloads}) report.series(*each);
  report.figure("resident afterwards", static_cast<double>(resident_bytes(server.pid())) / 1024, "KiB");
  report.judge("p99 beside reloads, against nothing beside", beside.median() / quiet.median(), "x", Bar::at_most, 2);
}

}  // namespace
}  // namespace dormouse::bench

int main(int argc, char** argv) {
  try {
    dormouse::bench::measure({argv + 1, argv + argc});
    return 0;
  } catch (const std::exception& e) {
    std::cerr << argv[0] << ": " << e.what() << "\n";
    return 1;
  }
}
