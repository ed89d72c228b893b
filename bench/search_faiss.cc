// Vector search: the plugin in a host beside raw FAISS (Debian's, with OpenBLAS) and hnswlib (built for this machine),
// on the vectors that come with the project and, where DORMOUSE_DATA names a folder that has them, on more.
//   dormouse_bench_search          all of it
//   dormouse_bench_search TABLE    graphs, scans, clients or kinds; recall: of the kinds, how many they find and no
//   times
// Single calls are made twice: through the host as a request would be, and by the method's function pointer, which
// tells the index apart from the way to it.
#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <fmt/format.h>
#include <hnswlib/hnswlib.h>
#include <omp.h>

#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <functional>
#include <iostream>
#include <stdexcept>
#include <thread>

#include "components/component.h"
#include "components/in_process.h"
#include "components/lease.h"
#include "support/figures.h"
#include "support/live/live_registry.h"
#include "support/vector_sets.h"

extern "C" void openblas_set_num_threads(int);

namespace dormouse::bench {
namespace {

constexpr int kM = 16;
constexpr int kEfConstruction = 200;
constexpr size_t kClients = 16;
constexpr double kSlice = 0.3;  // seconds of CPU
constexpr int kRounds = 3;
constexpr int kTurns = 3;

// ---- measuring ----

using Ids = std::vector<int64_t>;

// Time of the processor spent by this process: what other work on the machine does not blur.
double cpu_now() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// Queries in a second of CPU; `several` answers that many queries from the i-th on.
double rate(size_t several, const std::function<void(size_t)>& search) {
  search(0);
  const double begin = cpu_now();
  size_t done = 0;
  double spent = 0;
  for (; spent < kSlice; spent = cpu_now() - begin) {
    for (size_t end = done + std::max<size_t>(several, 20); done < end; done += several) search(done);
  }
  return static_cast<double>(done) / spent;
}

double seconds(const std::function<void()>& work) {
  const double begin = cpu_now();
  work();
  return cpu_now() - begin;
}

// ---- the plugin ----

Value settings_value(const std::string& kind, int64_t threads) {
  ValueWriter writer;
  writer.map_begin();
  writer.key("kind");
  writer.string(kind);
  writer.key("threads");
  writer.integer(threads);
  writer.key("m");
  writer.integer(kM);
  writer.key("ef_construction");
  writer.integer(kEfConstruction);
  writer.key("sync");
  writer.boolean(true);
  writer.map_end();
  return *writer.finish();
}

// Arguments of a search beside its vector: ef, or nprobe and rerank.
using Effort = std::vector<std::pair<const char*, int64_t>>;

Value query_value(const float* vector, size_t dimension, const Effort& effort, size_t many = 0) {
  ValueWriter writer;
  writer.map_begin();
  writer.key(many ? "vectors" : "vector");
  const int64_t one[] = {static_cast<int64_t>(dimension)};
  const int64_t several[] = {static_cast<int64_t>(many), static_cast<int64_t>(dimension)};
  void* data = many ? writer.tensor(DM_F32, several) : writer.tensor(DM_F32, one);
  std::memcpy(data, vector, std::max<size_t>(many, 1) * dimension * sizeof(float));
  writer.key("k");
  writer.integer(kK);
  writer.key("metadata");
  writer.boolean(false);
  for (const auto& [name, value] : effort) {
    writer.key(name);
    writer.integer(value);
  }
  writer.map_end();
  return *writer.finish();
}

Ids ids_of(const Value& answer) {
  Ids ids;
  const dm_value hits = dm_map_get(answer.view(), "hits");
  for (uint32_t i = 0; i < dm_count(hits); ++i) {
    int64_t id = -1;
    dm_get_int(dm_map_get(dm_list_at(hits, i), "id"), &id);
    ids.push_back(id);
  }
  return ids;
}

int never_cancelled(const dm_call*) {
  return 0;
}
int32_t ignore_reason(const dm_call*, int32_t status, const char*) {
  return status;
}

PoolPolicy always_there() {
  PoolPolicy pool;
  pool.idle_unload.reset();
  return pool;
}

class Plugin {
 public:
  struct Rate {
    double per_cpu = 0, per_wall = 0;  // queries a second
  };
  Plugin(const std::string& kind, const VectorSet& set, int64_t threads = 1, const PoolPolicy& pool = always_there())
      : host_({DORMOUSE_PLUGINS}), set_(set) {
    component_ = &host_.add("vectors", "search-faiss", settings_value(kind, threads));
    host_.registry->set_pool_policies({{"*", pool}});
    host_.start();
    search_ = host_.method_index(*component_, "search");
    many_ = host_.method_index(*component_, "search_many");
    add_seconds = seconds([&] { add_all(); });
    if (kind.rfind("ivf", 0) == 0)
      train_seconds = seconds([&] { ask(host_.method_index(*component_, "train"), empty()); });
    save_seconds = seconds([&] { ask(host_.method_index(*component_, "save"), empty()); });
    unload();
    load_seconds = seconds([&] { hold(); });
  }
  ~Plugin() { lease_.reset(); }

  Value ask(uint32_t method, const Value& in) {
    Result<Value> answer = host_.ask(*component_, method, in);
    if (!answer.ok()) throw std::runtime_error(answer.status().to_string());
    return std::move(*answer);
  }

  void prepare(const Effort& effort) {
    asks_.clear();
    for (size_t q = 0; q < set_.asked(); ++q) asks_.push_back(query_value(set_.query(q), set_.dimension, effort));
    together_ = query_value(set_.queries.data(), set_.dimension, effort, set_.asked());
  }

  double found() {
    return recall(set_, [this](size_t q) { return ids_of(through_host(q)); });
  }

  Value through_host(size_t i) {
    Result<Value> answer = host_.call(*lease_, search_, asks_[i % asks_.size()]);
    if (!answer.ok()) throw std::runtime_error(answer.status().to_string());
    return std::move(*answer);
  }

  void direct(size_t i) {
    const LoadedPlugin& plugin = static_cast<const InProcess&>(lease_->loaded()).plugin();
    dm_call call{};
    call.size = sizeof call;
    call.deadline_ns = INT64_MAX;
    call.cancelled = never_cancelled;
    call.fail = ignore_reason;
    writer_.reset();
    const Value& in = asks_[i % asks_.size()];
    if (plugin.methods[search_]->run(plugin.component, &call, in.view(), writer_.abi()) != DM_OK ||
        !writer_.finish().ok())
      throw std::runtime_error("a direct call failed");
  }

  void many() { ask(many_, together_); }

  // Of so many clients that each wait for their answer.
  Rate clients(size_t count) {
    std::atomic<size_t> done{0};
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    const double begin = cpu_now();
    const auto started = std::chrono::steady_clock::now();
    for (size_t t = 0; t < count; ++t) {
      threads.emplace_back([&, t] {
        for (size_t i = t * 7; !stop; ++i, ++done) through_host(i);
      });
    }
    while (cpu_now() - begin < kSlice) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    stop = true;
    for (std::thread& thread : threads) thread.join();
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - started;
    const auto answered = static_cast<double>(done);
    return {answered / (cpu_now() - begin), answered / passed.count()};
  }

  double add_seconds = 0, train_seconds = 0, save_seconds = 0, load_seconds = 0;

 private:
  static Value empty() {
    ValueWriter writer;
    writer.map_begin();
    writer.map_end();
    return *writer.finish();
  }

  void add_all() {
    const uint32_t add = host_.method_index(*component_, "add");
    constexpr size_t kBatch = 2000;
    for (size_t first = 0; first < set_.rows(); first += kBatch) {
      const size_t n = std::min(kBatch, set_.rows() - first);
      ValueWriter writer;
      writer.map_begin();
      writer.key("vectors");
      const int64_t shape[] = {static_cast<int64_t>(n), static_cast<int64_t>(set_.dimension)};
      std::memcpy(writer.tensor(DM_F32, shape), set_.base.data() + first * set_.dimension,
                  n * set_.dimension * sizeof(float));
      writer.key("ids");
      const int64_t count[] = {static_cast<int64_t>(n)};
      auto* ids = static_cast<int64_t*>(writer.tensor(DM_I64, count));
      for (size_t i = 0; i < n; ++i) ids[i] = static_cast<int64_t>(first + i);
      writer.map_end();
      ask(add, *writer.finish());
    }
  }

  void unload() {
    const VerbAnswer answer = host_.request(*component_, Verb::unload, {std::chrono::seconds(60), false});
    if (!answer.status.ok()) throw std::runtime_error(answer.status.to_string());
  }

  void hold() {
    Result<Lease> lease = host_.acquire(*component_);
    if (!lease.ok()) throw std::runtime_error(lease.status().to_string());
    lease_.emplace(std::move(*lease));
  }

  LiveRegistry host_;
  const VectorSet& set_;
  Component* component_ = nullptr;
  std::optional<Lease> lease_;
  uint32_t search_ = 0, many_ = 0;
  std::vector<Value> asks_;
  Value together_;
  ValueWriter writer_;
};

// ---- the tables ----

double best_of(const std::function<double()>& measure) {
  double best = 0;
  for (int i = 0; i < kRounds; ++i) best = std::max(best, measure());
  return best;
}

const std::vector<Effort> kProbes = {{{"nprobe", 4}}, {{"nprobe", 16}}, {{"nprobe", 64}}};

void table_of_recall(const VectorSet& set) {
  fmt::print("\nrecall@{}, {}\n", kK, set.name);
  const auto line = [&](const char* kind, const std::vector<Effort>& efforts) {
    Plugin plugin(kind, set);
    for (const Effort& effort : efforts) {
      plugin.prepare(effort);
      std::string name = kind;
      for (const auto& [option, value] : effort) name += fmt::format(" {} {}", option, value);
      const double found = plugin.found();
      fmt::print("  {:<28} {:.3f}\n", name, found);
      figure("vectors", name, set.name.substr(0, set.name.find(' ')), found, 3, {set.name, "dev"});
      std::fflush(stdout);
    }
  };
  line("flat", {{}});
  line("hnsw", {{{"ef", 16}}, {{"ef", 64}}, {{"ef", 256}}});
  line("ivf_flat", kProbes);
  line("ivf_sq8", kProbes);
  line("ivf_pq", {{{"nprobe", 16}, {"rerank", 4}}, {{"nprobe", 64}, {"rerank", 1}}, {{"nprobe", 64}, {"rerank", 4}}});
}

void table_of_kinds(const VectorSet& set) {
  fmt::print(
      "\nkinds, {}, k = {}; queries and times in seconds of CPU\n  {:<9} {:>7} {:>7} {:>8} {:>10} {:>10} {:>7} {:>7} "
      "{:>8}\n",
      set.name, kK, "kind", "effort", "recall", "1 client", "16 clients", "together", "add s", "train s", "load ms");
  const auto line = [&](const char* kind, const std::vector<Effort>& efforts) {
    Plugin plugin(kind, set);
    for (const Effort& effort : efforts) {
      plugin.prepare(effort);
      std::string words;
      for (const auto& [name, value] : effort) words += fmt::format("{}{}", words.empty() ? "" : " / ", value);
      const double found = plugin.found();
      const double one = best_of([&] { return rate(1, [&](size_t i) { plugin.through_host(i); }); });
      const double sixteen = best_of([&] { return plugin.clients(kClients).per_cpu; });
      const double together = best_of([&] { return rate(set.asked(), [&](size_t) { plugin.many(); }); });
      fmt::print("  {:<9} {:>7} {:>7.4f} {:>8.0f} {:>10.0f} {:>10.0f} {:>7.2f} {:>7.2f} {:>8.1f}\n", kind, words, found,
                 one, sixteen, together, plugin.add_seconds, plugin.train_seconds, plugin.load_seconds * 1e3);
      std::fflush(stdout);
    }
  };
  line("flat", {{}});
  line("hnsw", {{{"ef", 16}}, {{"ef", 64}}, {{"ef", 256}}});
  line("ivf_flat", kProbes);
  line("ivf_sq8", kProbes);
  std::vector<Effort> reranked;
  for (const int64_t nprobe : {4, 16, 64})
    for (const int64_t rerank : {1, 2, 4, 10}) reranked.push_back({{"nprobe", nprobe}, {"rerank", rerank}});
  line("ivf_pq", reranked);
}

void table_of_graphs(const VectorSet& set) {
  const auto n = static_cast<int64_t>(set.rows()), d = static_cast<int64_t>(set.dimension);
  hnswlib::L2Space space(set.dimension);
  hnswlib::HierarchicalNSW<float> peer(&space, set.rows(), kM, kEfConstruction);
  const double peer_add = seconds([&] {
    for (size_t i = 0; i < set.rows(); ++i) peer.addPoint(set.base.data() + i * set.dimension, i);
  });
  omp_set_num_threads(1);
  faiss::IndexHNSWFlat raw(static_cast<int>(d), kM);
  raw.hnsw.efConstruction = kEfConstruction;
  const double raw_add = seconds([&] { raw.add(n, set.base.data()); });
  Plugin ours("hnsw", set);
  fmt::print("\ngraphs, {}, M = {}, ef_construction = {}; queries per second of CPU (recall)\n", set.name, kM,
             kEfConstruction);
  fmt::print("  built in: hnswlib {:.2f} s, FAISS {:.2f} s, this plugin with its store {:.2f} s\n", peer_add, raw_add,
             ours.add_seconds);
  fmt::print("  {:>4} {:>18} {:>18} {:>18} {:>12} {:>7}\n", "ef", "hnswlib", "FAISS", "plugin, direct", "through host",
             "ratio");
  for (const int64_t ef : {16, 32, 64, 128, 256}) {
    const auto ask_peer = [&](const float* query) {
      auto queue = peer.searchKnn(query, kK);
      Ids ids;
      for (; !queue.empty(); queue.pop()) ids.push_back(static_cast<int64_t>(queue.top().second));
      return ids;
    };
    const auto ask_raw = [&](const float* query) {
      Ids ids(kK);
      std::vector<float> distances(kK);
      raw.search(1, query, kK, distances.data(), ids.data());
      return ids;
    };
    peer.setEf(static_cast<size_t>(ef));
    raw.hnsw.efSearch = static_cast<int>(ef);
    ours.prepare({{"ef", ef}});
    const double peer_found = recall(set, [&](size_t q) { return ask_peer(set.query(q)); }),
                 raw_found = recall(set, [&](size_t q) { return ask_raw(set.query(q)); }), our_found = ours.found();
    double peer_rate = 0, raw_rate = 0, our_rate = 0, host_rate = 0;
    for (int i = 0; i < kRounds; ++i) {  // in turns, so that a machine that changes its mind does so for all
      peer_rate = std::max(peer_rate, rate(1, [&](size_t q) { ask_peer(set.query(q)); }));
      our_rate = std::max(our_rate, rate(1, [&](size_t q) { ours.direct(q); }));
      raw_rate = std::max(raw_rate, rate(1, [&](size_t q) { ask_raw(set.query(q)); }));
      host_rate = std::max(host_rate, rate(1, [&](size_t q) { ours.through_host(q); }));
    }
    fmt::print("  {:>4} {:>9.0f} ({:.4f}) {:>9.0f} ({:.4f}) {:>9.0f} ({:.4f}) {:>12.0f} {:>6.2f}x\n", ef, peer_rate,
               peer_found, raw_rate, raw_found, our_rate, our_found, host_rate, our_rate / peer_rate);
    std::fflush(stdout);
  }
}

void table_of_scans(const VectorSet& set) {
  const auto d = static_cast<int64_t>(set.dimension);
  const unsigned cores = std::thread::hardware_concurrency();
  faiss::IndexFlatL2 raw(d);
  raw.add(static_cast<int64_t>(set.rows()), set.base.data());
  std::vector<float> distances(set.asked() * kK);
  std::vector<int64_t> labels(set.asked() * kK);
  Plugin one("flat", set), all("flat", set, cores);
  one.prepare({});
  all.prepare({});
  fmt::print("\nevery vector looked at, {}; queries per second of CPU\n", set.name);
  const auto row = [](const char* name, const std::function<double()>& measure) {
    fmt::print("  {:<52} {:>9.0f}\n", name, best_of(measure));
    std::fflush(stdout);
  };
  for (const unsigned threads : {1u, cores}) {
    omp_set_num_threads(static_cast<int>(threads));
    openblas_set_num_threads(static_cast<int>(threads));
    row(fmt::format("FAISS, one by one, {} thread(s)", threads).c_str(),
        [&] { return rate(1, [&](size_t q) { raw.search(1, set.query(q), kK, distances.data(), labels.data()); }); });
    row(fmt::format("FAISS, {} together (OpenBLAS), {} thread(s)", set.asked(), threads).c_str(), [&] {
      return rate(set.asked(), [&](size_t) {
        raw.search(static_cast<int64_t>(set.asked()), set.queries.data(), kK, distances.data(), labels.data());
      });
    });
  }
  row("plugin, one client through the host", [&] { return rate(1, [&](size_t q) { one.through_host(q); }); });
  row("plugin, 16 clients through the host", [&] { return one.clients(kClients).per_cpu; });
  row("plugin, all together in one call, 1 thread", [&] { return rate(set.asked(), [&](size_t) { one.many(); }); });
  row(fmt::format("plugin, all together in one call, {} threads", cores).c_str(),
      [&] { return rate(set.asked(), [&](size_t) { all.many(); }); });
}

// Clients of a flat collection that each wait for their answer: what it brings to answer together those that are there
// at the same time.
void table_of_clients(const VectorSet& set) {
  struct Way {
    const char* name;
    unsigned instances, batch;
    std::chrono::microseconds delay;
  };
  constexpr Way kWays[] = {{"one by one (max_batch 1)", 2, 1, {}},
                           {"together (as it is)", 2, 32, {}},
                           {"max_instances 1", 1, 32, {}},
                           {"max_delay 500us", 2, 32, std::chrono::microseconds(500)},
                           {"max_delay 2ms", 2, 32, std::chrono::microseconds(2000)},
                           {"max_instances 1, max_delay 500us", 1, 32, std::chrono::microseconds(500)}};
  std::vector<std::unique_ptr<Plugin>> plugins;
  for (const Way& way : kWays) {
    PoolPolicy pool = always_there();
    pool.max_instances = way.instances;
    pool.max_batch = way.batch;
    pool.max_delay = way.delay;
    plugins.push_back(std::make_unique<Plugin>("flat", set, 1, pool));
    plugins.back()->prepare({});
  }
  constexpr size_t kCounts[] = {1, 2, 4, 8, 16, 32};
  fmt::print("\nclients, flat, {}; queries per second (per second of CPU), medians of {} turns\n  {:<34}", set.name,
             kTurns, "");
  for (const size_t count : kCounts) fmt::print(" {:>14}", fmt::format("{} client(s)", count));
  fmt::print("\n");
  std::vector<std::vector<std::vector<Plugin::Rate>>> rates(plugins.size(),
                                                            std::vector<std::vector<Plugin::Rate>>(std::size(kCounts)));
  for (int turn = 0; turn < kTurns; ++turn)
    for (size_t c = 0; c < std::size(kCounts); ++c)
      for (size_t p = 0; p < plugins.size(); ++p) rates[p][c].push_back(plugins[p]->clients(kCounts[c]));
  for (size_t p = 0; p < plugins.size(); ++p) {
    fmt::print("  {:<34}", kWays[p].name);
    for (std::vector<Plugin::Rate>& turns : rates[p]) {
      const auto median = [&](double Plugin::Rate::*field) {
        std::sort(turns.begin(), turns.end(), [&](const auto& a, const auto& b) { return a.*field < b.*field; });
        return turns[turns.size() / 2].*field;
      };
      fmt::print(" {:>6.0f} ({:>5.0f})", median(&Plugin::Rate::per_wall), median(&Plugin::Rate::per_cpu));
    }
    fmt::print("\n");
  }
}

}  // namespace
}  // namespace dormouse::bench

int main(int argc, char** argv) {
  using namespace dormouse::bench;
  try {
    const std::string folder = data_folder();
    const std::string only = argc > 1 ? argv[1] : "all";
    const auto wanted = [&](const char* table) {
      return (only == "all" && std::strcmp(table, "recall") != 0) || only == table;
    };
    if (wanted("graphs")) {
      with_set([&] { return sift(folder); }, table_of_graphs);
      with_set([&] { return text(folder); }, table_of_graphs);
      with_set([] { return drawn(50'000); }, table_of_graphs);
    }
    if (wanted("scans")) with_set([] { return drawn(50'000); }, table_of_scans);
    if (wanted("clients")) with_set([] { return drawn(50'000); }, table_of_clients);
    if (wanted("kinds")) {
      with_set([&] { return sift(folder); }, table_of_kinds);
      with_set([&] { return text(folder); }, table_of_kinds);
    }
    if (wanted("recall")) {
      with_set([&] { return sift(folder); }, table_of_recall);
      with_set([&] { return text(folder); }, table_of_recall);
    }
    return 0;
  } catch (const std::exception& e) {
    std::cerr << argv[0] << ": " << e.what() << "\n";
    return 1;
  }
}
