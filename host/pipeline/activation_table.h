// The activations of one request by number, and the work that is due: nodes that may begin, and activations that have
// ended. It orders the work and does none of it (drive.h does). It owns no activation: the slot owns the first one, and
// each node owns the activations that it began.
//
// A number is used again once its activation is gone. A late result is refused all the same, because an attempt is
// unique within its request. Owner: the RequestRun. Thread: the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace dormouse {

class Activation;

// Most activations of one request at a time. At the bound a node that wants one more fails with resource_exhausted.
constexpr size_t kActivationsPerRequestMax = 4096;

class ActivationTable {
 public:
  // Adds the first activation of a request. Its number is 0.
  void add_first(Activation& activation) { by_number_.push_back(&activation); }
  // Adds a later activation and returns its number; none at the bound.
  std::optional<uint16_t> add(Activation& activation);
  // Removes an activation and the work due for it. Its number becomes free.
  void remove(uint16_t number);
  // Empties the table for the next request; keeps its memory.
  void clear();

  // Null: no activation has that number.
  Activation* find(uint16_t number) const { return number < by_number_.size() ? by_number_[number] : nullptr; }
  size_t numbers() const { return by_number_.size(); }  // all activations have smaller ones

  // A number for an attempt of a node; no other attempt of the request has or had it. Never 0, which means none.
  uint32_t next_attempt() { return ++attempts_; }

  struct Ready {
    Activation* activation;
    uint16_t node;
  };
  // Adds a node that may begin, once for each; next_ready() takes them in order.
  void may_begin(Activation& activation, uint16_t node) { ready_.push_back({&activation, node}); }
  std::optional<Ready> next_ready() {
    if (ready_next_ < ready_.size()) return ready_[ready_next_++];
    ready_.clear();
    ready_next_ = 0;
    return std::nullopt;
  }
  // Adds an activation that a node waits for and that has ended; next_ended() takes them.
  void has_ended(Activation& activation) { ended_.push_back(&activation); }
  Activation* next_ended() { return ended_.empty() ? nullptr : take_ended(); }  // null: none

 private:
  Activation* take_ended();

  std::vector<Activation*> by_number_;  // null: free
  std::vector<Ready> ready_;            // from ready_next_ on
  size_t ready_next_ = 0;
  std::vector<Activation*> ended_;
  uint32_t attempts_ = 0;
};

}  // namespace dormouse
