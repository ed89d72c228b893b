// Greedy dual size frequency: who goes is the node with the smallest uses * cost / weight, where what it had when it
// was last used counts less the more has been evicted since (the level rises). For values of very different sizes or
// costs. A hit moves the node in a heap.
#pragma once

#include "policy.h"

namespace dormouse::cache_memory {

class Gdsf final : public Policy {
 public:
  Gdsf() = default;
  ~Gdsf() override;
  Gdsf(const Gdsf&) = delete;
  Gdsf& operator=(const Gdsf&) = delete;

  void hit(Node& node) noexcept override;
  void insert(Node& node) override;
  void remove(Node& node) noexcept override;
  Node* evict(uint32_t incoming, int& steps) noexcept override;
  uint64_t bytes() const noexcept override { return room_ * sizeof(Item); }
  uint64_t growth() const noexcept override { return size_ < room_ ? 0 : (larger_room() - room_) * sizeof(Item); }
  void trim() noexcept override;

  // What an entry of unknown cost is taken for: a call of a usual stage.
  static constexpr int64_t kUnknownCostNs = 1'000'000;

 private:
  struct Item {
    double priority;
    Node* node;
  };
  size_t larger_room() const noexcept { return room_ < 16 ? 16 : room_ + room_ / 2; }
  double priority_of(const Node& node) const noexcept;
  void place(size_t at, Item item) noexcept;
  void sift_up(size_t at, Item item) noexcept;
  void sift_down(size_t at, Item item) noexcept;

  // Four children for each, in memory of realloc: a large block grows without being copied.
  Item* items_ = nullptr;
  size_t size_ = 0;
  size_t room_ = 0;
  double level_ = 0;
};

}  // namespace dormouse::cache_memory
