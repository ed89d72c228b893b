// Searches over HTTP, through a pipeline with one stage, beside raw FAISS and hnswlib called as functions: rates and
// wall latencies of one client and of several, each engine with the smallest ef that reaches the same recall.
#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <fmt/format.h>
#include <hnswlib/hnswlib.h>
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <chrono>
#include <cstring>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <thread>

#include "support/live/http_client.h"
#include "support/live/live_registry.h"
#include "support/live/process_facts.h"
#include "support/report.h"
#include "support/servers.h"
#include "support/vector_sets.h"

namespace dormouse::bench {
namespace {

using Ids = std::vector<int64_t>;
using std::chrono::steady_clock;

constexpr int kM = 16;
constexpr int kEfConstruction = 200;
constexpr int kTurns = 3;
constexpr auto kSlice = std::chrono::milliseconds(700);
constexpr size_t kClients[] = {1, 16};

// ---- what is measured ----

// One way to ask. A client is a thread's own: it asks the i-th query with this ef.
struct Engine {
  std::string name;
  std::function<std::function<Ids(size_t i, int64_t ef)>()> client;
};

struct Load {
  double rate = 0, p50_ms = 0, p99_ms = 0;
};

Load run_clients(const Engine& engine, size_t count, int64_t ef) {
  std::atomic<bool> stop{false};
  std::vector<std::vector<double>> times(count);
  std::vector<std::thread> threads;
  std::atomic<bool> failed{false};
  const auto begin = steady_clock::now();
  for (size_t t = 0; t < count; ++t) {
    threads.emplace_back([&, t] {
      try {
        const auto ask = engine.client();
        for (size_t i = t * 7; !stop; ++i) {
          const auto asked = steady_clock::now();
          ask(i, ef);
          times[t].push_back(std::chrono::duration<double, std::milli>(steady_clock::now() - asked).count());
        }
      } catch (const std::exception&) {
        failed = true;
      }
    });
  }
  std::this_thread::sleep_for(kSlice);
  stop = true;
  for (std::thread& thread : threads) thread.join();
  if (failed) throw std::runtime_error("a client of " + engine.name + " got no answer");
  const std::chrono::duration<double> passed = steady_clock::now() - begin;
  std::vector<double> all;
  for (const auto& some : times) all.insert(all.end(), some.begin(), some.end());
  std::sort(all.begin(), all.end());
  return {static_cast<double>(all.size()) / passed.count(), all[all.size() / 2], all[all.size() * 99 / 100]};
}

// The smallest ef with at least this recall; 0 when none has.
int64_t effort_for(const VectorSet& set, const Engine& engine, double wanted, double& found) {
  const auto ask = engine.client();
  for (int64_t ef = kK; ef <= 1024; ef += std::max<int64_t>(1, ef / 16)) {
    found = recall(set, [&](size_t q) { return ask(q, ef); });
    if (found >= wanted) return ef;
  }
  return 0;
}

double median(std::vector<Load>& loads, double Load::*field) {
  std::sort(loads.begin(), loads.end(), [&](const Load& a, const Load& b) { return a.*field < b.*field; });
  return loads[loads.size() / 2].*field;
}

// The engines in turns, so that a machine that changes its mind does so for all.
void compare(const VectorSet& set, const std::vector<Engine>& engines, double wanted) {
  std::vector<int64_t> efforts;
  std::vector<double> found(engines.size());
  for (size_t e = 0; e < engines.size(); ++e) efforts.push_back(effort_for(set, engines[e], wanted, found[e]));
  std::vector<std::vector<std::vector<Load>>> loads(engines.size(),
                                                    std::vector<std::vector<Load>>(std::size(kClients)));
  for (int turn = 0; turn < kTurns; ++turn)
    for (size_t c = 0; c < std::size(kClients); ++c)
      for (size_t e = 0; e < engines.size(); ++e)
        if (efforts[e] != 0) loads[e][c].push_back(run_clients(engines[e], kClients[c], efforts[e]));
  for (size_t e = 0; e < engines.size(); ++e) {
    if (efforts[e] == 0) {
      fmt::print("  {:>6} {:<22} does not reach it with ef up to 1,024\n", wanted, engines[e].name);
      continue;
    }
    fmt::print("  {:>6} {:<22} {:>4} {:>7.4f}", wanted, engines[e].name, wanted == 1 ? 0 : efforts[e], found[e]);
    for (std::vector<Load>& of : loads[e])
      fmt::print("   {:>7.0f} {:>8.3f} {:>8.3f}", median(of, &Load::rate), median(of, &Load::p50_ms),
                 median(of, &Load::p99_ms));
    fmt::print("\n");
    std::fflush(stdout);
  }
}

// ---- the host ----

template <class Fill>
Value map_with(const Fill& fill) {
  ValueWriter writer;
  writer.map_begin();
  fill(writer);
  writer.map_end();
  return *writer.finish();
}

Value settings(const char* kind) {
  return map_with([&](ValueWriter& writer) {
    writer.key("kind");
    writer.string(kind);
  });
}

// Fills the data folder the server will serve from.
void fill(const std::string& state_dir, const VectorSet& set) {
  RegistryOptions options;
  options.state_dir = state_dir;
  LiveRegistry host({DORMOUSE_PLUGINS}, options);
  Component* components[] = {&host.add("graph", "search-faiss", settings("hnsw")),
                             &host.add("exact", "search-faiss", settings("flat"))};
  host.start();
  for (Component* component : components) {
    const uint32_t add = host.method_index(*component, "add");
    constexpr size_t kBatch = 2000;
    for (size_t first = 0; first < set.rows(); first += kBatch) {
      const auto n = static_cast<int64_t>(std::min(kBatch, set.rows() - first));
      const Value in = map_with([&](ValueWriter& writer) {
        writer.key("vectors");
        const int64_t shape[] = {n, static_cast<int64_t>(set.dimension)};
        std::memcpy(writer.tensor(DM_F32, shape), set.base.data() + first * set.dimension,
                    static_cast<size_t>(n) * set.dimension * sizeof(float));
        writer.key("ids");
        const int64_t count[] = {n};
        auto* ids = static_cast<int64_t*>(writer.tensor(DM_I64, count));
        for (int64_t i = 0; i < n; ++i) ids[i] = static_cast<int64_t>(first) + i;
      });
      const Result<Value> answer = host.ask(*component, add, in);
      if (!answer.ok()) throw std::runtime_error(answer.status().to_string());
    }
  }
  host.stop();
}

// A connection of its own for each client, kept open.
Engine over_http(const std::string& name, const VectorSet& set, uint16_t port, const std::string& pipeline) {
  auto bodies = std::make_shared<std::vector<std::string>>();
  for (size_t q = 0; q < set.asked(); ++q) {
    const float* x = set.query(q);
    bodies->push_back(fmt::format("{{\"vector\":[{}]", fmt::join(x, x + set.dimension, ",")));
  }
  return {name, [=] {
            auto client = std::make_shared<HttpClient>(port, std::chrono::seconds(20));
            return [=](size_t i, int64_t ef) {
              const std::string body = fmt::format("{},\"ef\":{}}}", (*bodies)[i % bodies->size()], ef);
              HttpAnswer answer;
              const std::string mistake =
                  client->exchange(http_request("POST", "/v1/pipelines/" + pipeline, body), answer);
              if (!mistake.empty() || answer.status != 200)
                throw std::runtime_error(fmt::format("{} {} {}", mistake, answer.status, answer.body));
              Ids ids;
              const boost::json::value parsed = boost::json::parse(answer.body);
              for (const auto& hit : parsed.at("hits").as_array()) ids.push_back(hit.at("id").as_int64());
              return ids;
            };
          }};
}

// ---- the peers ----

Engine raw_faiss(const std::string& name, const VectorSet& set, faiss::Index& index) {
  return {name, [&set, &index] {
            omp_set_num_threads(1);  // of the calling thread
            auto* graph = dynamic_cast<faiss::IndexHNSW*>(&index);
            return [&set, &index, graph](size_t i, int64_t ef) {
              if (graph) graph->hnsw.efSearch = static_cast<int>(ef);  // the same for all clients of one run
              Ids ids(kK);
              float distances[kK];
              index.search(1, set.query(i), kK, distances, ids.data());
              return ids;
            };
          }};
}

Engine raw_hnswlib(const VectorSet& set, hnswlib::HierarchicalNSW<float>& index) {
  return {"hnswlib, called", [&set, &index] {
            return [&set, &index](size_t i, int64_t ef) {
              index.ef_ = static_cast<size_t>(ef);  // the same for all clients of one run
              auto queue = index.searchKnn(set.query(i), kK);
              Ids ids;
              for (; !queue.empty(); queue.pop()) ids.push_back(static_cast<int64_t>(queue.top().second));
              return ids;
            };
          }};
}

void table_over_http(const VectorSet& set) {
  const std::string pipelines = std::string(DORMOUSE_BENCH_SOURCE) + "/pipelines/";
  const ServerPlan plan =
      plan_dormouse({.name = "search-http",
                     .components = "  graph: {plugin: search-faiss, settings: {kind: hnsw}}\n"
                                   "  exact: {plugin: search-faiss, settings: {kind: flat}}\n",
                     .plugins = {DORMOUSE_PLUGINS},
                     .pipelines = {pipelines + "nearest_by_graph.lua", pipelines + "nearest_exactly.lua"},
                     .environment = {}});
  fill(bench_folder() + "/search-http/state", set);
  const RunningServer server(plan);

  hnswlib::L2Space space(set.dimension);
  hnswlib::HierarchicalNSW<float> peer(&space, set.rows(), kM, kEfConstruction);
  for (size_t i = 0; i < set.rows(); ++i) peer.addPoint(set.base.data() + i * set.dimension, i);
  omp_set_num_threads(1);
  faiss::IndexHNSWFlat graph(static_cast<int>(set.dimension), kM);
  graph.hnsw.efConstruction = kEfConstruction;
  graph.add(static_cast<int64_t>(set.rows()), set.base.data());
  faiss::IndexFlatL2 flat(static_cast<int64_t>(set.dimension));
  flat.add(static_cast<int64_t>(set.rows()), set.base.data());

  fmt::print(
      "\nover HTTP, {}, k = {}; medians of {} turns, wall times, clients on the same cores as the server\n"
      "  {:>6} {:<22} {:>4} {:>7}   {:>7} {:>8} {:>8}   {:>7} {:>8} {:>8}\n",
      set.name, kK, kTurns, "wanted", "", "ef", "recall", "1: /s", "p50 ms", "p99 ms", "16: /s", "p50 ms", "p99 ms");
  const std::vector<Engine> graphs = {over_http("dormouse, over HTTP", set, plan.port, "nearest_by_graph"),
                                      raw_faiss("FAISS, called", set, graph), raw_hnswlib(set, peer)};
  compare(set, graphs, 0.95);
  compare(set, graphs, 0.99);
  compare(
      set,
      {over_http("dormouse, over HTTP", set, plan.port, "nearest_exactly"), raw_faiss("FAISS flat, called", set, flat)},
      1);
}

}  // namespace
}  // namespace dormouse::bench

int main(int, char** argv) {
  using namespace dormouse::bench;
  try {
    const std::string folder = data_folder();
    with_set([&] { return sift(folder); }, table_over_http);
    with_set([&] { return text(folder); }, table_over_http);
    with_set([] { return drawn(50'000); }, table_over_http);
    return 0;
  } catch (const std::exception& e) {
    std::cerr << argv[0] << ": " << e.what() << "\n";
    return 1;
  }
}
