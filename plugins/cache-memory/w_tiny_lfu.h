// W-TinyLFU: new entries pass through a window, a short LRU list; who leaves it is kept only when a sketch of recent
// uses has seen it more often than the one that would have to go for it. The rest is a segmented LRU: probation, and
// protected for those that were hit there. How large the window is, is found by trying: a step, and another one in the
// same direction when the hit ratio rose.
#pragma once

#include "frequency_sketch.h"
#include "policy.h"

namespace dormouse::cache_memory {

class WTinyLfu final : public Policy {
 public:
  explicit WTinyLfu(const PolicyOptions& options) noexcept;

  void hit(Node& node) noexcept override;
  void insert(Node& node) override;
  void remove(Node& node) noexcept override;
  Node* evict(uint32_t incoming, int& steps) noexcept override;
  uint64_t bytes() const noexcept override { return sketch_.bytes(); }
  uint64_t growth() const noexcept override { return sketch_.growth(entries() + 1); }
  void trim() noexcept override;

  double window_share() const noexcept { return window_share_; }

 private:
  enum : uint8_t { kWindow, kProbation, kProtected };
  NodeList& list_of(const Node& node) noexcept;
  void move(Node& node, uint8_t segment) noexcept;
  void let_go(Node& node) noexcept;
  void drain_some() noexcept;
  void demote_some() noexcept;
  void climb() noexcept;
  void shift_some() noexcept;
  bool admits(const Node& candidate, const Node& victim) noexcept;
  double weight() const noexcept;
  size_t entries() const noexcept { return window_.size() + probation_.size() + protected_.size(); }

  const bool adaptive_;
  double window_share_;
  double protected_share_;
  NodeList window_, probation_, protected_;
  FrequencySketch sketch_;
  // In probation: it and the newer ones left the window (or, since it did, protected) and are still to be compared.
  Node* candidate_ = nullptr;
  uint64_t random_ = 0x9E3779B97F4A7C15u;

  bool full_ = false;  // somebody was evicted: before that there is nothing to learn
  uint64_t hits_ = 0, misses_ = 0;
  double last_ratio_ = 0, step_;
  double to_shift_ = 0;  // weight still to be moved: into the window, or out of it when negative
};

}  // namespace dormouse::cache_memory
