// Lease: move-only proof that an incarnation of a component may be called. While the lease lives, nothing of that
// incarnation is closed; a lease does not keep the component from being replaced.
// Gate: the counter behind leases. It is one word, so finding a component open and taking the lease are one step.
// Any thread, without a lock. Nothing here fails: a shut gate gives no lease.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace dormouse {

class Component;
class Loaded;

// Open or shut, and how many leases are inside.
class Gate {
 public:
  // Enters, if the gate is open; false: it is shut.
  bool try_enter() {
    uint64_t word = word_.load(std::memory_order_relaxed);
    while (word & kOpen)
      if (word_.compare_exchange_weak(word, word + 1, std::memory_order_acquire, std::memory_order_relaxed))
        return true;
    return false;
  }
  enum class Left : uint8_t { others_inside, last_open, last_closed };
  // Leaves. `last_closed`: the gate is shut and now empty, and the caller must report that to the owner: only this one
  // call of leave() gets the answer.
  Left leave() {
    const uint64_t after = word_.fetch_sub(1, std::memory_order_acq_rel) - 1;
    if (after & kCount) return Left::others_inside;
    return after & kOpen ? Left::last_open : Left::last_closed;
  }
  // Opens a shut gate and counts `inside` leases in, in one step. Owner only.
  void open(uint64_t inside) { word_.fetch_add(kOpen + inside, std::memory_order_acq_rel); }
  // Shuts the gate; returns how many are still inside. Owner only.
  uint64_t close() { return word_.fetch_and(~kOpen, std::memory_order_acq_rel) & kCount; }
  // Shuts an open gate if it is empty; false: nothing has changed. Owner only.
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

// The entrance to one incarnation of a component: the gate, and the loaded code behind it. Owner: the Component, which
// has three, and never frees them while it lives. A slot serves one incarnation after the other.
struct LeaseSlot {
  explicit LeaseSlot(Component& of) : component(of) {}
  Component& component;
  Gate gate;
  // Written on the registry's loop: set before the gate opens, reset when the gate is shut and empty.
  Loaded* loaded = nullptr;
};

class Lease {
 public:
  Lease() = default;  // holds nothing
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
  // The loaded code of the incarnation that the lease holds; the same one, also after the component was replaced.
  Loaded& loaded() const { return *slot_->loaded; }
  // Ends the lease before its destruction. Any thread.
  void release();

 private:
  friend class Component;
  explicit Lease(LeaseSlot& slot, bool is_use = true) : slot_(&slot), is_use_(is_use) {}
  LeaseSlot* slot_ = nullptr;
  bool is_use_ = true;  // its end restarts the idle clock; false for an operator's read (try_observe)
};

}  // namespace dormouse
