// SIEVE: one queue in the order of coming, a mark for each hit, and a hand that goes from the oldest to the newest,
// takes marks away and evicts the first node without one. Nothing moves on a hit or when it is spared.
#pragma once

#include "policy.h"

namespace dormouse::cache_memory {

class Sieve final : public Policy {
 public:
  uint16_t mark_max() const noexcept override { return 1; }
  void hit(Node& node) noexcept override { node.frequency = 1; }
  void insert(Node& node) override { queue_.add_newest(node); }
  void remove(Node& node) noexcept override;
  Node* evict(uint32_t incoming, int& steps) noexcept override;

 private:
  NodeList queue_;
  Node* hand_ = nullptr;  // the next to look at; null: the oldest
};

}  // namespace dormouse::cache_memory
