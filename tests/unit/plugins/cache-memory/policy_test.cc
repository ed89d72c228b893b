// Every policy against a model of it that is slow and obvious, with random uses and removals: the same ones go, in the
// same order. The models use the real ghost and sketch, which have tests of their own.
#include "policy.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <list>
#include <random>

#include "frequency_sketch.h"
#include "ghost.h"
#include "policy_driver.h"

namespace dormouse::cache_memory {
namespace {

struct Known {
  int key;
  uint32_t weight;
  int64_t cost;
  uint32_t frequency = 0;
  double priority = 0;
};
using Queue = std::list<Known>;  // newest first

Queue::iterator in(Queue& queue, int key) {
  return std::find_if(queue.begin(), queue.end(), [&](const Known& known) { return known.key == key; });
}
double weight_of(const Queue& queue) {
  double sum = 0;
  for (const Known& known : queue) sum += known.weight;
  return sum;
}
void move_to_front(Queue& to, Queue& from, Queue::iterator it) {
  to.splice(to.begin(), from, it);
}

struct Model {
  virtual ~Model() = default;
  virtual void hit(int key) = 0;
  virtual void insert(Known known) = 0;
  virtual void remove(int key) = 0;
  virtual int evict(uint32_t incoming) = 0;
};

struct LruModel : Model {
  Queue all;
  void hit(int key) override { move_to_front(all, all, in(all, key)); }
  void insert(Known known) override { all.push_front(known); }
  void remove(int key) override { all.erase(in(all, key)); }
  int evict(uint32_t) override {
    const int key = all.back().key;
    all.pop_back();
    return key;
  }
};

struct SieveModel : Model {
  Queue all;
  int hand = -1;  // a key; -1: the oldest
  void hit(int key) override { in(all, key)->frequency = 1; }
  void insert(Known known) override { all.push_front(known); }
  int after(Queue::iterator it) { return it == all.begin() ? -1 : std::prev(it)->key; }
  void remove(int key) override {
    const auto it = in(all, key);
    if (hand == key) hand = after(it);
    all.erase(it);
  }
  int evict(uint32_t) override {
    for (;;) {
      const auto it = hand == -1 ? std::prev(all.end()) : in(all, hand);
      hand = after(it);
      if (it->frequency == 0) {
        const int key = it->key;
        all.erase(it);
        return key;
      }
      it->frequency = 0;
    }
  }
};

struct S3Model : Model {
  Queue small, main;
  Ghost ghost;
  uint32_t ghosts(size_t entries) { return static_cast<uint32_t>(0.9 * static_cast<double>(entries)); }
  void hit(int key) override {
    auto it = in(small, key);
    if (it == small.end()) it = in(main, key);
    it->frequency = std::min(it->frequency + 1, 3u);
  }
  void insert(Known known) override {
    ghost.make_room_for(ghosts(small.size() + main.size() + 1));
    (ghost.take(PolicyDriver::hash_of_number(known.key)) ? main : small).push_front(known);
  }
  void remove(int key) override {
    const auto it = in(small, key);
    if (it != small.end()) {
      small.erase(it);
    } else {
      main.erase(in(main, key));
    }
  }
  int evict(uint32_t) override {
    for (;;) {
      const bool too_many = weight_of(small) >= 0.1 * (weight_of(small) + weight_of(main));
      if (main.empty() || (too_many && !small.empty())) {
        const Known known = small.back();
        small.pop_back();
        if (known.frequency < 2) {
          ghost.add(PolicyDriver::hash_of_number(known.key), ghosts(small.size() + main.size() + 1));
          return known.key;
        }
        main.push_front(known);
        main.front().frequency = 0;
      } else {
        Known known = main.back();
        main.pop_back();
        if (known.frequency == 0) return known.key;
        --known.frequency;
        main.push_front(known);
      }
    }
  }
};

struct GdsfModel : Model {
  Queue all;
  double level = 0;
  void weigh(Known& known) {
    ++known.frequency;
    known.priority = level + known.frequency * static_cast<double>(known.cost) / known.weight;
  }
  void hit(int key) override { weigh(*in(all, key)); }
  void insert(Known known) override {
    weigh(known);
    all.push_front(known);
  }
  void remove(int key) override { all.erase(in(all, key)); }
  int evict(uint32_t) override {
    const auto least = std::min_element(all.begin(), all.end(),
                                        [](const Known& a, const Known& b) { return a.priority < b.priority; });
    level = least->priority;
    const int key = least->key;
    all.erase(least);
    return key;
  }
};

// With weights of 1 and a window that does not move.
struct WTinyLfuModel : Model {
  Queue window, probation, protected_;
  FrequencySketch sketch;
  uint64_t random = 0x9E3779B97F4A7C15u;
  size_t entries() const { return window.size() + probation.size() + protected_.size(); }
  uint32_t seen(const Known& known) { return sketch.frequency(PolicyDriver::hash_of_number(known.key)); }
  Queue& of(int key) {
    return in(window, key) != window.end() ? window : in(probation, key) != probation.end() ? probation : protected_;
  }
  void hit(int key) override {
    sketch.count(PolicyDriver::hash_of_number(key));
    Queue& queue = of(key);
    Queue& to = &queue == &probation ? protected_ : queue;
    move_to_front(to, queue, in(queue, key));
    if (&queue == &probation && weight_of(protected_) > 0.8 * 0.9 * static_cast<double>(entries()))
      move_to_front(probation, protected_, std::prev(protected_.end()));
  }
  void insert(Known known) override {
    sketch.make_room_for(entries() + 1);
    sketch.count(PolicyDriver::hash_of_number(known.key));
    window.push_front(known);
    while (window.size() > 1 && weight_of(window) > 0.1 * static_cast<double>(entries()))
      move_to_front(probation, window, std::prev(window.end()));
  }
  void remove(int key) override {
    Queue& queue = of(key);
    queue.erase(in(queue, key));
  }
  bool lucky() {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    return (random & 127) == 0;
  }
  int evict(uint32_t) override {
    const double window_max = 0.1 * static_cast<double>(entries());
    int candidate = -1;
    if (!window.empty() && weight_of(window) + 1 > window_max) {
      candidate = window.back().key;
      move_to_front(probation, window, std::prev(window.end()));
    }
    Queue& from = probation.size() > (candidate >= 0 ? 1u : 0u) ? probation
                  : !protected_.empty()                         ? protected_
                                                                : probation;
    Known victim = from.back();
    if (candidate >= 0 && candidate != victim.key) {
      const uint32_t mine = seen(probation.front()), its = seen(victim);
      if (!(mine > its || (mine >= 6 && lucky()))) victim = probation.front();
    }
    remove(victim.key);
    return victim.key;
  }
};

// A few keys often, many seldom, some never again.
int draw(std::mt19937_64& random) {
  const uint64_t kind = random() % 10;
  if (kind < 5) return static_cast<int>(random() % 20);
  if (kind < 9) return static_cast<int>(20 + random() % 300);
  return static_cast<int>(1000 + random() % 1'000'000);
}

void compare(const char* name, Model& model, const PolicyOptions& options, bool weighted) {
  constexpr uint64_t kRoom = 100;
  std::mt19937_64 random(42);
  PolicyDriver driver(make_policy(name, options), kRoom);
  size_t evicted = 0;
  for (int i = 0; i < 60'000; ++i) {
    const int key = draw(random);
    if (random() % 50 == 0) {
      if (driver.has(key)) model.remove(key);
      driver.remove(key);
      continue;
    }
    const auto weight = static_cast<uint32_t>(weighted ? 1 + key % 7 : 1);
    // No two priorities alike, so that it is defined who goes.
    const auto cost = static_cast<int64_t>(1000 + PolicyDriver::hash_of_number(key) % 1'000'000'000);
    if (driver.has(key)) {
      model.hit(key);
      CHECK(driver.use(key).empty());
      continue;
    }
    for (const int gone : driver.use(key, weight, cost)) {
      ++evicted;
      if (model.evict(weight) != gone) FAIL(name << ": another one goes at operation " << i);
    }
    model.insert({key, weight, cost});
    if (driver.used() > kRoom) FAIL("the bound is exceeded at operation " << i);
  }
  CHECK(evicted > 10'000);
}

}  // namespace

TEST_CASE("lru evicts whom a plain list would") {
  LruModel one, two;
  compare("lru", one, {}, false);
  compare("lru", two, {}, true);
}

TEST_CASE("sieve evicts whom a plain list would") {
  SieveModel one, two;
  compare("sieve", one, {}, false);
  compare("sieve", two, {}, true);
}

TEST_CASE("s3-fifo evicts whom two plain lists would") {
  S3Model one, two;
  compare("s3-fifo", one, {}, false);
  compare("s3-fifo", two, {}, true);
}

TEST_CASE("gdsf evicts whom a search for the least would") {
  GdsfModel one, two;
  compare("gdsf", one, {}, false);
  compare("gdsf", two, {}, true);
}

TEST_CASE("w-tinylfu evicts whom three plain lists would") {
  PolicyOptions options;
  options.adaptive = false;
  options.window_share = 0.1;
  WTinyLfuModel model;
  compare("w-tinylfu", model, options, false);
}

TEST_CASE("every policy keeps all it was not asked to let go and can be emptied") {
  for (const char* name : {"s3-fifo", "w-tinylfu", "sieve", "lru", "gdsf"}) {
    PolicyDriver driver(make_policy(name, {}), 1000);
    std::mt19937_64 random(7);
    for (int i = 0; i < 20'000; ++i) driver.use(draw(random), static_cast<uint32_t>(1 + random() % 100));
    for (auto left = driver.in().size(); left > 0; --left) {
      REQUIRE(driver.in().size() == left);
      CHECK(driver.evict(1) >= 0);
    }
    int steps = 100;
    CHECK(driver.policy().evict(1, steps) == nullptr);
    driver.policy().trim();
    CHECK(driver.policy().bytes() == 0);
  }
}

TEST_CASE("a policy looks at no more nodes than it was allowed to") {
  for (const char* name : {"s3-fifo", "sieve"}) {
    PolicyDriver driver(make_policy(name, {}), 1000);
    for (int use = 0; use < 4; ++use)
      for (int key = 0; key < 1000; ++key) driver.use(key);
    int steps = 10;  // all are marked: nobody goes within ten
    CHECK(driver.policy().evict(1, steps) == nullptr);
    CHECK(steps <= 0);
  }
}

TEST_CASE("a name that is no policy makes none") {
  CHECK(make_policy("arc", {}) == nullptr);
  CHECK_FALSE(is_policy("arc"));
  CHECK(is_policy(""));
  CHECK(make_policy("", {}) != nullptr);
}

}  // namespace dormouse::cache_memory
