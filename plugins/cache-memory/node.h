// What a policy sees of an entry, embedded in it, and the lists policies keep of them. Neither owns anything.
// Not synchronised: all of it belongs to the shard whose lock is held.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dormouse::cache_memory {

struct Node {
  static constexpr uint8_t kNoSegment = 255;

  Node* newer = nullptr;  // neighbours in the list that it is in
  Node* older = nullptr;
  uint64_t hash = 0;
  int64_t cost_ns = 0;           // what it took to make; 0: unknown
  uint32_t weight = 1;           // bytes; in measurements also 1 for each
  uint32_t position = 0;         // in a heap
  uint16_t frequency = 0;        // uses, up to what the policy looks at
  uint8_t segment = kNoSegment;  // the policy's own: which of its lists; kept when a key gets another value
};

// Newest first.
class NodeList {
 public:
  bool empty() const noexcept { return newest_ == nullptr; }
  Node* newest() const noexcept { return newest_; }
  Node* oldest() const noexcept { return oldest_; }
  uint64_t weight() const noexcept { return weight_; }
  size_t size() const noexcept { return size_; }

  void add_newest(Node& node) noexcept {
    node.newer = nullptr;
    node.older = newest_;
    (newest_ ? newest_->newer : oldest_) = &node;
    newest_ = &node;
    weight_ += node.weight;
    ++size_;
  }
  void remove(Node& node) noexcept {
    (node.newer ? node.newer->older : newest_) = node.older;
    (node.older ? node.older->newer : oldest_) = node.newer;
    node.newer = node.older = nullptr;
    weight_ -= node.weight;
    --size_;
  }
  void renew(Node& node) noexcept {
    if (newest_ == &node) return;
    remove(node);
    add_newest(node);
  }

 private:
  Node* newest_ = nullptr;
  Node* oldest_ = nullptr;
  uint64_t weight_ = 0;
  size_t size_ = 0;
};

}  // namespace dormouse::cache_memory
