// Three stages over HTTP (components that parse, hash and return their input) beside nginx + Lua doing the same.
//   dormouse_bench_http                 the row `http`
//   dormouse_bench_http --beside NAME BINARY [ROUNDS]
//                                       the rows `pgo` and `before`: another build of the host as a third side of the
//                                       same rounds
//   dormouse_bench_http NAME=VALUE ...  the same host alone, with these variables in its environment: what an allocator
//                                       costs and gives; prints one line
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <iostream>

#include "support/live/http_client.h"
#include "support/live/process_facts.h"
#include "support/report.h"
#include "support/servers.h"

namespace dormouse::bench {
namespace {

constexpr int kRounds = 5;
constexpr const char* kTarget = "/v1/pipelines/three_stages";
constexpr const char* kBody = R"({"id":"4711","text":"what attractions are in Cairo?"})";

ServerPlan plan(const std::string& name, std::vector<std::string> environment, const std::string& binary = "") {
  return plan_dormouse({.name = name,
                        .components = "  parser: {plugin: stages}\n  hasher: {plugin: stages}\n"
                                      "  responder: {plugin: stages}\n",
                        .plugins = {DORMOUSE_BENCH_PLUGINS},
                        .pipelines = {std::string(DORMOUSE_BENCH_SOURCE) + "/pipelines/three_stages.lua"},
                        .environment = std::move(environment),
                        .binary = binary});
}

boost::json::value answer_of(uint16_t port) {
  HttpClient client(port, std::chrono::seconds(10));
  HttpAnswer answer;
  const std::string mistake = client.exchange(http_request("POST", kTarget, kBody), answer);
  if (!mistake.empty() || answer.status != 200)
    throw std::runtime_error(fmt::format("{} {} {}", mistake, answer.status, answer.body));
  return boost::json::parse(answer.body);
}

void compare_answers(uint16_t ours, uint16_t peer) {
  const boost::json::value a = answer_of(ours), b = answer_of(peer);
  if (a != b)
    throw std::runtime_error("the answers differ: " + boost::json::serialize(a) + " " + boost::json::serialize(b));
  std::cout << "both answer " << boost::json::serialize(a) << "\n";
}

struct Side {
  Series rate;
  Series p99;
  Series cpu;  // of the server alone: what a machine with other work to do does not blur
  void measure(const RunningServer& server, uint16_t port) {
    const double before = cpu_seconds(server.pid());
    const LoadResult result = run_wrk(port, kTarget, kBody, {});
    rate.add(result.requests_per_second);
    p99.add(result.p99_ms);
    cpu.add((cpu_seconds(server.pid()) - before) * 1e6 / result.requests);
  }
};

void measure_http() {
  const ServerPlan our_plan = plan("http-dormouse", {}), peer_plan = plan_nginx("nginx-lua");
  const RunningServer ours(our_plan), peer(peer_plan);
  compare_answers(our_plan.port, peer_plan.port);
  for (const ServerPlan* warm_up : {&our_plan, &peer_plan}) run_wrk(warm_up->port, kTarget, kBody, {.seconds = 2});
  Side dormouse{{"dormouse, three components", "requests/s", {}},
                {"dormouse, p99", "ms", {}},
                {"dormouse, CPU", "us/request", {}}};
  Side nginx{{"nginx + Lua", "requests/s", {}}, {"nginx + Lua, p99", "ms", {}}, {"nginx + Lua, CPU", "us/request", {}}};
  for (int i = 0; i < kRounds; ++i) {
    dormouse.measure(ours, our_plan.port);
    nginx.measure(peer, peer_plan.port);
  }
  Report report("http");
  report.series(dormouse.rate);
  report.series(nginx.rate);
  report.series(dormouse.p99);
  report.series(nginx.p99);
  report.series(dormouse.cpu);
  report.series(nginx.cpu);
  report.figure("CPU of a request, against nginx + Lua", dormouse.cpu.median() / nginx.cpu.median(), "x");
  report.judge("three stages over HTTP, against nginx + Lua", dormouse.rate.median() / nginx.rate.median(), "x",
               Bar::at_least, 1);
}

// Of each round: `of` against `against`.
Series ratios(const std::string& name, const Series& of, const Series& against) {
  Series series{name, "x", {}};
  for (size_t i = 0; i < of.samples.size(); ++i) series.add(of.samples[i] / against.samples[i]);
  return series;
}

// Both builds of the host and the peer, in turn: what one build gains is a ratio of neighbours in time.
void measure_beside(const std::string& name, const std::string& binary, int rounds) {
  const ServerPlan plain_plan = plan("http-dormouse", {}), other_plan = plan("http-beside", {}, binary),
                   peer_plan = plan_nginx("nginx-lua");
  const RunningServer plain(plain_plan), other(other_plan), peer(peer_plan);
  compare_answers(plain_plan.port, other_plan.port);
  compare_answers(other_plan.port, peer_plan.port);
  for (const ServerPlan* warm_up : {&plain_plan, &other_plan, &peer_plan})
    run_wrk(warm_up->port, kTarget, kBody, {.seconds = 2});
  Side release{{"this build", "requests/s", {}}, {"this build, p99", "ms", {}}, {"this build, CPU", "us/request", {}}};
  Side beside{{name, "requests/s", {}}, {name + ", p99", "ms", {}}, {name + ", CPU", "us/request", {}}};
  Side nginx{{"nginx + Lua", "requests/s", {}}, {"nginx + Lua, p99", "ms", {}}, {"nginx + Lua, CPU", "us/request", {}}};
  for (int i = 0; i < rounds; ++i) {
    release.measure(plain, plain_plan.port);
    beside.measure(other, other_plan.port);
    nginx.measure(peer, peer_plan.port);
  }
  Report report("http beside");
  for (const Side* side : {&release, &beside, &nginx}) {
    report.series(side->rate);
    report.series(side->p99);
    report.series(side->cpu);
  }
  report.ratio(ratios("rate, " + name + " against this build", beside.rate, release.rate));
  report.ratio(ratios("CPU of a request, " + name + " against this build", beside.cpu, release.cpu));
  report.ratio(ratios("rate, this build against nginx + Lua", release.rate, nginx.rate));
  report.ratio(ratios("CPU of a request, this build against nginx + Lua", release.cpu, nginx.cpu));
  report.ratio(ratios("rate, " + name + " against nginx + Lua", beside.rate, nginx.rate));
  report.ratio(ratios("CPU of a request, " + name + " against nginx + Lua", beside.cpu, nginx.cpu));
}

void measure_alone(std::vector<std::string> environment) {
  const std::string name = fmt::format("{}", fmt::join(environment, " "));
  const ServerPlan our_plan = plan("http-allocator", std::move(environment));
  const RunningServer ours(our_plan);
  run_wrk(our_plan.port, kTarget, kBody, {.seconds = 1});
  Side dormouse{{name, "requests/s", {}}, {"p99", "ms", {}}, {"CPU", "us/request", {}}};
  for (int i = 0; i < kRounds; ++i) dormouse.measure(ours, our_plan.port);
  Report report("allocator");
  report.series(dormouse.rate);
  report.series(dormouse.cpu);
  report.figure("resident after the load", static_cast<double>(resident_bytes(ours.pid())) / 1024, "KiB");
}

}  // namespace
}  // namespace dormouse::bench

int main(int argc, char** argv) {
  try {
    if (argc == 1) {
      dormouse::bench::measure_http();
    } else if ((argc == 4 || argc == 5) && std::string(argv[1]) == "--beside") {
      dormouse::bench::measure_beside(argv[2], argv[3], argc == 5 ? std::max(1, std::atoi(argv[4])) : 5);
    } else {
      dormouse::bench::measure_alone({argv + 1, argv + argc});
    }
    return 0;
  } catch (const std::exception& e) {
    std::cerr << argv[0] << ": " << e.what() << "\n";
    return 1;
  }
}
