// The store cache-memory: hit ratios of its policies on traces of real programs, and what a hit, a miss and a put cost,
// beside an LRU of the standard library's parts behind one mutex.
//   dormouse_bench_cache [ratios|costs|threads] [TRACE_FOLDER]
// Calls go through the plugin's function table, as the host's do. The bars are those of ARCHITECTURE.md.
#include <dlfcn.h>
#include <fmt/format.h>
#include <malloc.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "dormouse/ext/cache.h"
#include "policy.h"
#include "support/report.h"

namespace dormouse::bench {
namespace {

using cache_memory::make_policy;
using cache_memory::Node;
using cache_memory::Policy;

constexpr const char* kPolicies[] = {"lru", "s3-fifo", "w-tinylfu", "sieve", "gdsf"};
constexpr int kRounds = 5;

// ---- the plugin, without a host ----

int never_cancelled(const dm_call*) {
  return 0;
}
int32_t fail(const dm_call*, int32_t, const char* message) {
  throw std::runtime_error(message);
}

class Plugin {
 public:
  Plugin() : library_(dlopen(DORMOUSE_PLUGINS "/cache-memory.so", RTLD_NOW | RTLD_LOCAL)) {
    if (library_ == nullptr) throw std::runtime_error(dlerror());
    type_ = static_cast<const dm_plugin*>(dlsym(library_, DM_PLUGIN_SYMBOL))->types[0];
    dm_host host{sizeof(dm_host), DM_ABI_MAJOR, DM_ABI_MINOR, nullptr,
                 [](const dm_host*, const char*) -> const void* { return nullptr; }};
    host_ = host;
    dm_open_args args{};
    args.size = sizeof args;
    args.name = "bench";
    args.settings = dm_value_none();
    if (type_->open(&host_, &call_, &args, &component_) != DM_OK) throw std::runtime_error("open failed");
    table = static_cast<const dm_cache*>(type_->capability(component_, DM_EXT_CACHE));
  }
  ~Plugin() {
    type_->close(component_);
    dlclose(library_);
  }
  void* space(const std::string& name, const char* policy, uint64_t max_bytes) {
    const dm_cache_limits limits{sizeof(dm_cache_limits), 0, max_bytes, policy};
    void* space = nullptr;
    if (table->open_space(component_, &call_, name.c_str(), &limits, &space) != DM_OK)
      throw std::runtime_error("open_space failed");
    return space;
  }
  const dm_cache* table = nullptr;

 private:
  void* library_;
  const dm_type* type_ = nullptr;
  dm_host host_{};
  const dm_call call_{sizeof(dm_call), 0, nullptr, 0, INT64_MAX, never_cancelled, fail, nullptr};
  void* component_ = nullptr;
};

// ---- hit ratios ----

struct Trace {
  std::string name;
  std::vector<uint32_t> keys;
  uint32_t distinct = 0;
};

Trace read_trace(const std::filesystem::path& path) {
  Trace trace{path.filename().stem().stem().string(), {}, 0};
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(("zstd -q -d -c '" + path.string() + "'").c_str(), "r"), pclose);
  char line[32];
  while (pipe && std::fgets(line, sizeof line, pipe.get()) != nullptr) {
    if (line[0] < '0' || line[0] > '9') continue;
    trace.keys.push_back(static_cast<uint32_t>(std::strtoul(line, nullptr, 10)));
    trace.distinct = std::max(trace.distinct, trace.keys.back() + 1);
  }
  if (trace.keys.empty()) throw std::runtime_error(path.string() + " could not be read");
  return trace;
}

// With room for so many entries, all of the same size: what papers tell.
double ratio_of_policy(const Trace& trace, const char* name, size_t room) {
  const std::unique_ptr<Policy> policy = make_policy(name, {});
  std::vector<Node> nodes(trace.distinct);
  std::vector<char> in(trace.distinct, 0);
  size_t used = 0, hits = 0;
  for (const uint32_t key : trace.keys) {
    Node& node = nodes[key];
    if (in[key] != 0) {
      ++hits;
      policy->hit(node);
      continue;
    }
    for (; used >= room; --used) {
      int steps = INT32_MAX;
      in[static_cast<size_t>(policy->evict(1, steps) - nodes.data())] = 0;
    }
    node = Node{};
    node.hash = (key + 1) * 0x9E3779B97F4A7C15u;
    node.hash ^= node.hash >> 32;
    policy->insert(node);
    in[key] = 1;
    ++used;
  }
  return 100.0 * static_cast<double>(hits) / static_cast<double>(trace.keys.size());
}

// Through the function table, in so many bytes, of which each policy takes what it needs for itself.
double ratio_of_store(Plugin& plugin, const Trace& trace, const char* name, uint64_t bytes) {
  void* space = plugin.space("ratio", name, bytes);
  plugin.table->purge(space, nullptr, &bytes);
  size_t hits = 0;
  char value[200] = {};
  for (const uint32_t key : trace.keys) {
    dm_cache_hit hit{};
    hit.size = sizeof hit;
    uint64_t epoch = 0;
    if (plugin.table->get(space, &key, sizeof key, 1, &hit, &epoch) == DM_OK) {
      ++hits;
      plugin.table->unpin(space, hit.pin);
      continue;
    }
    dm_cache_entry entry{};
    entry.size = sizeof entry;
    entry.key = &key;
    entry.key_size = sizeof key;
    entry.value = value;
    entry.value_size = sizeof value;
    entry.expires_ns = INT64_MAX;
    entry.epoch = epoch;
    plugin.table->put(space, &entry, 1);
  }
  return 100.0 * static_cast<double>(hits) / static_cast<double>(trace.keys.size());
}

void ratios(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& file : std::filesystem::directory_iterator(folder))
    if (file.path().string().ends_with(".txt.zst")) files.push_back(file.path());
  std::sort(files.begin(), files.end());
  Plugin plugin;
  fmt::print(
      "\nhit ratio in %: room for a part of the keys | the store with 320 bytes for each of these (values of 200)\n");
  fmt::print("{:<12}{:>6}", "trace", "keys");
  for (int side = 0; side < 2; ++side) {
    for (const char* policy : kPolicies) fmt::print("{:>11}", policy);
    fmt::print("{}", side == 0 ? "  |" : "\n");
  }
  for (const auto& file : files) {
    const Trace trace = read_trace(file);
    for (const double part : {0.01, 0.1}) {
      const auto room = static_cast<size_t>(part * trace.distinct);
      fmt::print("{:<12}{:>5.0f}%", trace.name, part * 100);
      for (const char* policy : kPolicies) fmt::print("{:>11.1f}", ratio_of_policy(trace, policy, room));
      fmt::print("  |");
      for (const char* policy : kPolicies)
        fmt::print("{:>11.1f}", ratio_of_store(plugin, trace, policy, std::max<uint64_t>(room * 320, 8192)));
      fmt::print("\n");
    }
  }
}

// ---- costs ----

// The peer: what one writes in an afternoon, with the parts of the standard library.
class StandardLru {
 public:
  explicit StandardLru(size_t room) : room_(room) { index_.reserve(room); }
  std::shared_ptr<const std::string> get(std::string_view key) {
    const std::lock_guard<std::mutex> guard(mutex_);
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second);
    return found->second->second;
  }
  void put(std::string_view key, std::string_view value) {
    auto made = std::make_shared<const std::string>(value);
    const std::lock_guard<std::mutex> guard(mutex_);
    if (const auto found = index_.find(key); found != index_.end()) {
      found->second->second = std::move(made);
      return;
    }
    order_.emplace_front(std::string(key), std::move(made));
    index_.emplace(order_.front().first, order_.begin());
    if (order_.size() <= room_) return;
    index_.erase(order_.back().first);
    order_.pop_back();
  }

 private:
  using Item = std::pair<std::string, std::shared_ptr<const std::string>>;
  const size_t room_;
  std::mutex mutex_;
  std::list<Item> order_;
  std::unordered_map<std::string_view, std::list<Item>::iterator> index_;
};

// What is measured of either side. Keys are 32 bytes, as long as a digest.
struct Key {
  char bytes[32];
};
Key key_of(uint64_t number) {
  Key key{};
  std::snprintf(key.bytes, sizeof key.bytes, "utterance/%020llu", static_cast<unsigned long long>(number));
  return key;
}

struct Store {
  std::function<bool(const Key&)> get;  // and unpin
  std::function<void(const Key&, const std::string&)> put;
};

bool get_once(const dm_cache* table, void* space, const Key& key, uint64_t& epoch) {
  dm_cache_hit hit;
  hit.size = sizeof hit;
  if (table->get(space, &key, sizeof key, 1, &hit, &epoch) != DM_OK) return false;
  table->unpin(space, hit.pin);
  return true;
}

Store store_of(Plugin& plugin, void* space) {
  const dm_cache* table = plugin.table;
  return {[=](const Key& key) {
            uint64_t epoch = 0;
            return get_once(table, space, key, epoch);
          },
          [=](const Key& key, const std::string& value) {
            dm_cache_entry entry{};
            entry.size = sizeof entry;
            entry.key = &key;
            entry.key_size = sizeof key;
            entry.value = value.data();
            entry.value_size = value.size();
            entry.expires_ns = INT64_MAX;
            entry.epoch = 1;
            table->put(space, &entry, 1);
          }};
}

Store store_of(StandardLru& lru) {
  return {[&](const Key& key) {
            return lru.get({key.bytes, sizeof key.bytes}) != nullptr;
          },
          [&](const Key& key, const std::string& value) {
            lru.put({key.bytes, sizeof key.bytes}, value);
          }};
}

// Time of the processors spent by this process: what other work on the machine does not blur.
double seconds_now() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// Nanoseconds of one operation of `work(i)`, i going over `count` prepared keys in random order.
double time_of(size_t operations, const std::function<void(size_t)>& work) {
  const double begin = seconds_now();
  for (size_t i = 0; i < operations; ++i) work(i);
  return (seconds_now() - begin) * 1e9 / static_cast<double>(operations);
}

std::vector<Key> shuffled_keys(size_t count, uint64_t first) {
  std::vector<Key> keys;
  for (size_t i = 0; i < count; ++i) keys.push_back(key_of(first + i));
  std::shuffle(keys.begin(), keys.end(), std::mt19937_64(7));
  return keys;
}

void cost_of(const std::string& name, size_t entries, size_t value_size, Store store, bool judged) {
  const std::string value(value_size, 'v');
  std::vector<Key> keys = shuffled_keys(entries, 0);
  for (const Key& key : keys) store.put(key, value);
  keys = shuffled_keys(entries, 0);
  std::shuffle(keys.begin(), keys.end(), std::mt19937_64(11));
  const std::vector<Key> absent = shuffled_keys(std::min<size_t>(entries, 100'000), 1'000'000'000);
  const size_t operations = std::max<size_t>(entries, 200'000);
  Series hit{name + " hit", "ns", {}}, miss{name + " miss", "ns", {}}, put{name + " put, evicting", "ns", {}};
  uint64_t fresh = 2'000'000'000;
  for (int round = 0; round < kRounds; ++round) {
    size_t found = 0;
    hit.add(time_of(operations, [&](size_t i) { found += store.get(keys[i % keys.size()]); }));
    if (round == 0 && found != operations) fmt::print("  {}: only {} of {} were there\n", name, found, operations);
    miss.add(time_of(operations, [&](size_t i) { found += store.get(absent[i % absent.size()]); }));
  }
  for (int round = 0; round < kRounds; ++round)
    put.add(time_of(50'000, [&](size_t) { store.put(key_of(fresh++), value); }));
  Report report("cache");
  report.series(hit);
  if (judged && entries < 10'000) report.judge(name + " hit", hit.median(), "ns", Bar::at_most, 200);
  report.series(miss);
  report.series(put);
}

// Room for just these entries.
uint64_t bytes_for(size_t entries, size_t value_size) {
  return static_cast<uint64_t>(static_cast<double>(entries) * static_cast<double>(value_size + 190)) + (64 << 10);
}

void costs() {
  for (const size_t entries : {size_t{1'000}, size_t{1'000'000}}) {
    for (const size_t value_size : {size_t{100}, size_t{1024}}) {
      fmt::print("\n{} entries of {} bytes, key of 32 bytes, get and unpin\n", entries, value_size);
      {
        StandardLru lru(entries);
        cost_of("unordered_map + list + mutex", entries, value_size, store_of(lru), false);
      }
      malloc_trim(0);
      for (const char* policy : kPolicies) {
        {
          Plugin plugin;
          cost_of(policy, entries, value_size,
                  store_of(plugin, plugin.space("cost", policy, bytes_for(entries, value_size))), true);
        }
        malloc_trim(0);
      }
    }
  }
}

// ---- throughput ----

// Keys drawn by Zipf's law of exponent 1, as utterances and questions come.
std::vector<uint32_t> zipf(size_t distinct, size_t draws) {
  std::vector<double> sum(distinct);
  double all = 0;
  for (size_t i = 0; i < distinct; ++i) sum[i] = all += 1.0 / static_cast<double>(i + 1);
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> uniform(0, all);
  std::vector<uint32_t> drawn(draws);
  for (uint32_t& key : drawn)
    key = static_cast<uint32_t>(std::lower_bound(sum.begin(), sum.end(), uniform(random)) - sum.begin());
  return drawn;
}

// Get, and put on a miss, by so many threads; operations in a second of CPU, of which waiting for a lock takes its
// part.
double throughput(const Store& store, size_t threads, const std::vector<Key>& keys, const std::vector<uint32_t>& drawn,
                  double& ratio) {
  const std::string value(200, 'v');
  std::atomic<bool> go{false};
  std::atomic<uint64_t> hits{0};
  const size_t each = drawn.size() / threads;
  std::vector<std::thread> workers;
  for (size_t worker = 0; worker < threads; ++worker) {
    workers.emplace_back([&, worker] {
      while (!go) std::this_thread::yield();
      uint64_t mine = 0;
      for (size_t i = worker * each; i < (worker + 1) * each; ++i) {
        const Key& key = keys[drawn[i]];
        if (store.get(key)) {
          ++mine;
        } else {
          store.put(key, value);
        }
      }
      hits += mine;
    });
  }
  const double begin = seconds_now();
  go = true;
  for (std::thread& worker : workers) worker.join();
  ratio = static_cast<double>(hits) / static_cast<double>(each * threads);
  return static_cast<double>(each * threads) / (seconds_now() - begin);
}

void threads() {
  constexpr size_t kDistinct = 500'000, kRoom = 50'000, kDraws = 1'000'000;
  const std::vector<uint32_t> drawn = zipf(kDistinct, kDraws);
  std::vector<Key> keys;
  for (size_t i = 0; i < kDistinct; ++i) keys.push_back(key_of(i));
  fmt::print(
      "\nget, and put on a miss: Zipf 1.0 over {} keys, room for {}, values of 200 bytes; "
      "million operations in a second of CPU\n",
      kDistinct, kRoom);
  Report report("cache");
  for (const size_t count : {1, 2, 4}) {
    std::vector<Series> series;
    series.push_back({fmt::format("unordered_map + list + mutex, {} threads", count), "1/us", {}});
    for (const char* policy : kPolicies) series.push_back({fmt::format("{}, {} threads", policy, count), "1/us", {}});
    std::vector<double> ratio(series.size());
    for (int round = 0; round < 3; ++round) {
      StandardLru lru(kRoom);
      series[0].add(throughput(store_of(lru), count, keys, drawn, ratio[0]) / 1e6);
      for (size_t i = 1; i < series.size(); ++i) {
        Plugin plugin;
        void* space = plugin.space("threads", kPolicies[i - 1], bytes_for(kRoom, 200));
        series[i].add(throughput(store_of(plugin, space), count, keys, drawn, ratio[i]) / 1e6);
      }
    }
    for (size_t i = 0; i < series.size(); ++i) {
      report.series(series[i]);
      fmt::print("    hits {:.1f} %\n", 100 * ratio[i]);
    }
  }
}

}  // namespace
}  // namespace dormouse::bench

int main(int argc, char** argv) {
  using namespace dormouse::bench;
  const std::string what = argc > 1 ? argv[1] : "all";
  if (what == "ratios" || what == "all") ratios(argc > 2 ? argv[2] : DORMOUSE_TRACES);
  if (what == "costs" || what == "all") costs();
  if (what == "threads" || what == "all") threads();
}
