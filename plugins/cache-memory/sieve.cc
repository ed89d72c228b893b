#include "sieve.h"

namespace dormouse::cache_memory {

void Sieve::remove(Node& node) noexcept {
  if (hand_ == &node) hand_ = node.newer;
  queue_.remove(node);
}

Node* Sieve::evict(uint32_t, int& steps) noexcept {
  while (!queue_.empty() && steps-- > 0) {
    Node* node = hand_ ? hand_ : queue_.oldest();
    hand_ = node->newer;
    if (node->frequency == 0) {
      queue_.remove(*node);
      return node;
    }
    node->frequency = 0;
  }
  return nullptr;
}

}  // namespace dormouse::cache_memory
