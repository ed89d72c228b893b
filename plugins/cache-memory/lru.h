// Least recently used: one list, a hit moves to its front. For traffic where only recency tells, like conversations.
#pragma once

#include "policy.h"

namespace dormouse::cache_memory {

class Lru final : public Policy {
 public:
  void hit(Node& node) noexcept override { all_.renew(node); }
  void insert(Node& node) override { all_.add_newest(node); }
  void remove(Node& node) noexcept override { all_.remove(node); }
  Node* evict(uint32_t, int& steps) noexcept override {
    Node* node = all_.oldest();
    if (node == nullptr || steps-- <= 0) return nullptr;
    all_.remove(*node);
    return node;
  }

 private:
  NodeList all_;
};

}  // namespace dormouse::cache_memory
