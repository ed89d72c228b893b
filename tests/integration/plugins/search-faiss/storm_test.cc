#include <atomic>
#include <catch2/catch.hpp>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "integration/plugins/search-faiss/vector_host.h"

namespace dormouse {
namespace {

constexpr int64_t kStable = 300;  // ids of each lasting collection that nobody touches
constexpr int64_t kAddedFrom = 10'000;
constexpr int kRounds = 60;

// Everything at once on one component. Each client counts what it did, and what it must not have seen.
class Storm {
 public:
  Storm() : vectors_("hnsw", 1) {
    std::vector<float> rows;
    for (int64_t id = 0; id < kStable; ++id)
      for (const float x : vector_of(id)) rows.push_back(x);
    must(create("coarse", "ivf_pq"));
    for (const char* collection : {"default", "coarse"}) must(vectors_.add(rows, kVectorSize, 0, collection));
    must(ask("train", [](ValueWriter& writer) { in(writer, "coarse"); }).status());
  }

  void run() {
    std::vector<std::thread> clients;
    for (int64_t seed = 0; seed < 3; ++seed) clients.emplace_back([this, seed] { search(seed); });
    clients.emplace_back([this] { add_and_remove(); });
    clients.emplace_back([this] { make_and_drop(); });
    clients.emplace_back([this] { save(); });
    std::thread verbs([this] { move_about(); });
    for (std::thread& client : clients) client.join();
    over_ = true;
    verbs.join();
  }

  // What must be there in the end, no more and no less.
  void check() {
    CHECK(wrong_ == 0);
    INFO(first_wrong_);
    CHECK(first_wrong_.empty());
    CHECK(searches_ == 3 * kRounds);
    CHECK(left_ > 0);
    for (int load = 0; load < 2; ++load) {
      CHECK(count("default") == kStable + static_cast<int64_t>(there_.size()));
      CHECK(count("coarse") == kStable);
      for (const int64_t id : there_) CHECK(nearest("default", id) == id);
      vectors_.unload();
    }
  }

 private:
  static void must(const Status& status) {
    if (!status.ok()) throw std::runtime_error(status.to_string());
  }
  static void in(ValueWriter& writer, const char* collection) {
    writer.key("collection");
    writer.string(collection);
  }

  void complain(const std::string& about) {
    ++wrong_;
    const std::lock_guard lock(mutex_);
    if (first_wrong_.empty()) first_wrong_ = about;
  }

  // Again while the component is on its way out or in, which a client of the host does not get to see either.
  template <class Fill>
  Result<Value> ask(const std::string& method, const Fill& fill) {
    const Value asked = value_with(fill);
    for (;;) {
      const Result<Lease> lease = vectors_.host.acquire(vectors_.component);
      if (!lease.ok() && lease.status().code() == Code::unavailable) continue;
      if (!lease.ok()) return lease.status();
      try {
        return vectors_.host.call(*lease, vectors_.host.method_index(vectors_.component, method), asked);
      } catch (const std::runtime_error&) {
        std::this_thread::yield();  // it began to leave between the two
      }
    }
  }

  Status create(const char* collection, const char* kind) {
    return ask("create",
               [&](ValueWriter& writer) {
                 in(writer, collection);
                 writer.key("kind");
                 writer.string(kind);
                 writer.key("dimension");
                 writer.integer(kVectorSize);
               })
        .status();
  }

  Status add(const char* collection, int64_t first, int64_t n) {
    std::vector<float> rows;
    for (int64_t id = first; id < first + n; ++id)
      for (const float x : vector_of(id)) rows.push_back(x);
    return ask("add",
               [&](ValueWriter& writer) {
                 write_floats(writer, "vectors", rows.data(), {n, kVectorSize});
                 writer.key("ids");
                 writer.list_begin();
                 for (int64_t id = first; id < first + n; ++id) writer.integer(id);
                 writer.list_end();
                 in(writer, collection);
               })
        .status();
  }

  int64_t nearest(const char* collection, int64_t id) {
    const std::vector<float> vector = vector_of(id);
    const Result<Value> answer = ask("search", [&](ValueWriter& writer) {
      write_floats(writer, "vector", vector.data(), {kVectorSize});
      in(writer, collection);
      writer.key("nprobe");
      writer.integer(1000);
      writer.key("k");
      writer.integer(3);
    });
    if (!answer.ok()) throw std::runtime_error(answer.status().to_string());
    int64_t found = -1;
    dm_get_int(dm_map_get(dm_list_at(dm_map_get(answer->view(), "hits"), 0), "id"), &found);
    return found;
  }

  int64_t count(const char* collection) {
    const Result<Value> answer = ask("stats", [&](ValueWriter& writer) {
      in(writer, collection);
      writer.key("verify");
      writer.boolean(true);
    });
    must(answer.status());
    int64_t count = -1;
    dm_get_int(dm_map_get(dm_list_at(dm_map_get(answer->view(), "collections"), 0), "count"), &count);
    return count;
  }

  void search(int64_t seed) {
    for (int64_t round = 0; round < kRounds; ++round, ++searches_) {
      const int64_t id = (seed * 101 + round * 7) % kStable;
      try {
        for (const char* collection : {"default", "coarse"})
          if (nearest(collection, id) != id) complain(std::string(collection) + ": another id first");
      } catch (const std::exception& e) {
        complain(e.what());
      }
    }
  }

  void add_and_remove() {
    for (int64_t round = 0; round < kRounds; ++round) {
      const int64_t first = kAddedFrom + round * 4;
      if (const Status added = add("default", first, 5); !added.ok()) complain(added.to_string());
      for (int64_t id = first; id < first + 5; ++id) there_.insert(id);
      const int64_t gone = kAddedFrom + round * 3;
      const Result<Value> removed = ask("remove", [&](ValueWriter& writer) {
        writer.key("ids");
        writer.integer(gone);
      });
      if (!removed.ok()) complain(removed.status().to_string());
      there_.erase(gone);
    }
  }

  void make_and_drop() {
    for (int round = 0; round < kRounds; ++round) {
      if (const Status added = add("passing", 0, 20); !added.ok()) complain(added.to_string());
      const Result<Value> dropped = ask("drop", [](ValueWriter& writer) { in(writer, "passing"); });
      if (!dropped.ok()) complain(dropped.status().to_string());
    }
  }

  void save() {
    for (int round = 0; round < kRounds; ++round) {
      const Result<Value> saved = ask("save", [&](ValueWriter& writer) {
        writer.key("compact");
        writer.boolean(round % 4 == 0);
      });
      // A collection may be dropped while it is its turn.
      if (!saved.ok() && saved.status().code() != Code::not_found) complain(saved.status().to_string());
    }
  }

  void move_about() {
    for (int round = 0; !over_; ++round) {
      constexpr Verb kVerbs[] = {Verb::trim, Verb::unload, Verb::reload, Verb::unload};
      const VerbAnswer answer = vectors_.host.request(vectors_.component, kVerbs[round % 4],
                                                      {std::chrono::milliseconds(round % 2 == 0 ? 0 : 200), false});
      left_ += answer.status.ok() && kVerbs[round % 4] != Verb::trim;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  VectorHost vectors_;
  std::set<int64_t> there_;  // acknowledged and not removed; of add_and_remove while it runs
  std::atomic<int> wrong_{0}, searches_{0}, left_{0};
  std::atomic<bool> over_{false};
  std::mutex mutex_;
  std::string first_wrong_;
};

}  // namespace

TEST_CASE("searches and changes and saves and unloads and drops at the same time lose nothing") {
  Storm storm;
  storm.run();
  storm.check();
}

}  // namespace dormouse
