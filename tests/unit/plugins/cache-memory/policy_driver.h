// A policy with keys that are numbers, and room for a weight: what a shard does, without bytes, locks and time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "policy.h"

namespace dormouse::cache_memory {

class PolicyDriver {
 public:
  PolicyDriver(std::unique_ptr<Policy> policy, uint64_t room) : policy_(std::move(policy)), room_(room) {}

  // A use of the key; who had to go for it, in order.
  std::vector<int> use(int key, uint32_t weight = 1, int64_t cost_ns = 0) {
    std::vector<int> gone;
    if (const auto found = in_.find(key); found != in_.end()) {
      policy_->hit(*found->second);
      return gone;
    }
    while (used_ + weight > room_) gone.push_back(evict(weight));
    auto node = std::make_unique<Node>();
    node->hash = hash_of_number(key);
    node->weight = weight;
    node->cost_ns = cost_ns;
    node->position = 0;
    policy_->insert(*node);
    used_ += weight;
    in_.emplace(key, std::move(node));
    return gone;
  }
  void remove(int key) {
    const auto found = in_.find(key);
    if (found == in_.end()) return;
    policy_->remove(*found->second);
    used_ -= found->second->weight;
    in_.erase(found);
  }
  // One step at a time, so that a policy is seen to go on where it stopped.
  int evict(uint32_t incoming) {
    for (;;) {
      int steps = 1;
      Node* node = policy_->evict(incoming, steps);
      if (node == nullptr) continue;
      for (auto entry = in_.begin(); entry != in_.end(); ++entry) {
        if (entry->second.get() != node) continue;
        const int key = entry->first;
        used_ -= node->weight;
        in_.erase(entry);
        return key;
      }
      return -1;  // of nobody who was in
    }
  }
  bool has(int key) const { return in_.count(key) != 0; }
  uint64_t used() const { return used_; }
  const std::map<int, std::unique_ptr<Node>>& in() const { return in_; }
  Policy& policy() { return *policy_; }

  static uint64_t hash_of_number(int key) {
    uint64_t x = static_cast<uint64_t>(key) + 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
  }

 private:
  std::unique_ptr<Policy> policy_;
  uint64_t room_;
  uint64_t used_ = 0;
  std::map<int, std::unique_ptr<Node>> in_;
};

}  // namespace dormouse::cache_memory
