// A space that is a map: what a cache component does, without bounds, and with what can go wrong at the test's word.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cache/space.h"

namespace dormouse {

class FakeSpace final : public CacheSpace {
 public:
  struct Kept {
    Value value;
    std::vector<std::string> tags;
    Time expires;
    Duration cost;
  };
  // What the test sees; outlives the space that a cache owns.
  struct State {
    bool in_memory = true;
    uint64_t load = 1, epoch = 0;
    bool refuses = false;
    bool counts = true;
    CacheLimits limits;
    std::map<std::string, Kept, std::less<>> entries;
    std::function<void()> before_put;  // between a caller's last look and the put itself
    unsigned gets = 0;

    void unload() {
      entries.clear();
      in_memory = false;
    }
    void reload() {
      in_memory = true;
      ++load;
      epoch = 0;
    }
  };
  explicit FakeSpace(std::shared_ptr<State> state) : state_(std::move(state)) {}

  void set_limits(const CacheLimits& limits) override { state_->limits = limits; }
  Found get(std::string_view key, Time now) override {
    ++state_->gets;
    if (!state_->in_memory) return {};
    const auto found = state_->entries.find(key);
    const bool there = found != state_->entries.end() && now < found->second.expires;
    return {there ? found->second.value : Value(), {state_->load, state_->epoch}};
  }
  Put put(const Entry& entry, Epoch since, Time) override {
    if (state_->before_put) state_->before_put();
    if (!state_->in_memory || since.load != state_->load) return Put::other_load;
    if (state_->refuses || since.epoch != state_->epoch) return Put::refused;
    state_->entries[std::string(entry.key)] = {
        entry.value, {entry.tags.begin(), entry.tags.end()}, entry.expires, entry.cost};
    return Put::kept;
  }
  Result<uint64_t> purge(const std::string* tag) override {
    if (!state_->in_memory) return uint64_t{0};
    ++state_->epoch;
    return static_cast<uint64_t>(std::erase_if(state_->entries, [&](const auto& entry) {
      const auto& tags = entry.second.tags;
      return !tag || std::find(tags.begin(), tags.end(), *tag) != tags.end();
    }));
  }
  Result<std::optional<uint64_t>> count(const std::string* tag) const override {
    if (!state_->counts) return std::optional<uint64_t>();
    return std::optional<uint64_t>(
        std::count_if(state_->entries.begin(), state_->entries.end(), [&](const auto& entry) {
          const auto& tags = entry.second.tags;
          return !tag || std::find(tags.begin(), tags.end(), *tag) != tags.end();
        }));
  }
  bool is_in_memory() const override { return state_->in_memory; }
  std::optional<CacheNumbers> numbers() override {
    if (!state_->in_memory) return std::nullopt;
    CacheNumbers numbers;
    numbers.entries = state_->entries.size();
    return numbers;
  }
  Status problem() const override { return {}; }

 private:
  const std::shared_ptr<State> state_;
};

}  // namespace dormouse
