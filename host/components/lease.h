// Lease: move-only proof that an incarnation of a component may be called; while one lives, nothing of it is closed.
// Gate: the counter behind leases. One word, so finding a component open and taking the lease are one step.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace dormouse {

class Component;
class Loaded;

// Open or closed, and how many are inside. Any thread.
class Gate {
 public:
  // Enters if open.
  bool try_enter() {
    uint64_t word = word_.load(std::memory_order_relaxed);
    while (word & kOpen)
      if (word_.compare_exchange_weak(word, word + 1, std::memory_order_acquire, std::memory_order_relaxed))
        return true;
    return false;
  }
  enum class Left : uint8_t { others_inside, last_open, last_closed };
  // Leaves. `last_closed`: the gate is shut and now empty; the one who gets this answer tells the owner.
  Left leave() {
    const uint64_t after = word_.fetch_sub(1, std::memory_order_acq_rel) - 1;
    if (after & kCount) return Left::others_inside;
    return after & kOpen ? Left::last_open : Left::last_closed;
  }
  // Opens a closed gate with `inside` already counted in. Owner only.
  void open(uint64_t inside) { word_.fetch_add(kOpen + inside, std::memory_order_acq_rel); }
  // Closes; returns how many are still inside. Owner only.
  uint64_t close() { return word_.fetch_and(~kOpen, std::memory_order_acq_rel) & kCount; }
  // Closes only when it is empty.
  bool close_if_empty() {
    uint64_t expected = kOpen;
    return word_.compare_exchange_strong(expected, 0, std::memory_order_acq_rel);
  }
  uint64_t inside() const { return word_.load(std::memory_order_acquire) & kCount; }
  bool is_open() const { return word_.load(std::memory_order_acquire) & kOpen; }

 private:
  static constexpr uint64_t kOpen = uint64_t{1} << 63;
  static constexpr uint64_t kCount = kOpen - 1;
  std::atomic<uint64_t> word_{0};
};

// Where one incarnation of a component is entered: the gate, and what is behind it. Belongs to its Component and lives
// as long; serves one incarnation after the other.
struct LeaseSlot {
  explicit LeaseSlot(Component& of) : component(of) {}
  Component& component;
  Gate gate;
  Loaded* loaded = nullptr;  // set before the gate opens, reset after it is shut and empty: registry's loop
};

class Lease {
 public:
  Lease() = default;  // of nothing
  Lease(Lease&& other) noexcept : slot_(std::exchange(other.slot_, nullptr)), is_use_(other.is_use_) {}
  Lease& operator=(Lease&& other) noexcept {
    std::swap(slot_, other.slot_);
    std::swap(is_use_, other.is_use_);
    return *this;
  }
  ~Lease() {
    if (slot_) release();
  }

  explicit operator bool() const { return slot_ != nullptr; }
  Component& component() const { return slot_->component; }
  // The incarnation that it holds, which stays that one also when the component is replaced meanwhile.
  Loaded& loaded() const { return *slot_->loaded; }
  // Ends it early. Any thread.
  void release();

 private:
  friend class Component;
  explicit Lease(LeaseSlot& slot, bool is_use = true) : slot_(&slot), is_use_(is_use) {}
  LeaseSlot* slot_ = nullptr;
  bool is_use_ = true;  // its end starts the idle clock anew; an operator's look does not
};

}  // namespace dormouse
