// S3-FIFO: new entries wait in a small queue; those that are hit often enough there go on to the main one, the rest
// leave early, and their hashes are remembered: who comes back soon goes to the main queue at once. The main queue
// gives another round for each hit. Hits only count.
#pragma once

#include "ghost.h"
#include "policy.h"

namespace dormouse::cache_memory {

class S3Fifo final : public Policy {
 public:
  explicit S3Fifo(const PolicyOptions& options) noexcept;

  uint16_t mark_max() const noexcept override { return kFrequencyMax; }
  void hit(Node& node) noexcept override {
    if (node.frequency < kFrequencyMax) ++node.frequency;
  }
  void insert(Node& node) override;
  void remove(Node& node) noexcept override;
  Node* evict(uint32_t incoming, int& steps) noexcept override;
  uint64_t bytes() const noexcept override { return ghost_.bytes(); }
  uint64_t growth() const noexcept override { return ghost_.growth(ghosts_for(entries() + 1)); }
  void trim() noexcept override { ghost_.clear(); }

 private:
  enum : uint8_t { kSmall, kMain };
  static constexpr uint16_t kFrequencyMax = 3;
  size_t entries() const noexcept { return small_.size() + main_.size(); }
  uint32_t ghosts_for(size_t entries) const noexcept {
    return static_cast<uint32_t>(ghost_share_ * static_cast<double>(entries));
  }
  Node* look_at_small() noexcept;
  Node* look_at_main() noexcept;

  const double small_share_, ghost_share_;
  const uint32_t promote_hits_;
  NodeList small_, main_;
  Ghost ghost_;
};

}  // namespace dormouse::cache_memory
