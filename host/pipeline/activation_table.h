// The activations of one request by number, and what is to be done for them: nodes that may begin, and activations that
// have ended. It orders work and does none of it (drive.h does), and owns no activation: the slot owns the first one,
// and each node those that it began.
//
// A number is used again once its activation is gone. What comes back late is refused all the same, because an attempt
// is unique within its request. Loop thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace dormouse {

class Activation;

// Alive at the same time in one request. At the bound a node that wants one more fails with resource_exhausted.
constexpr size_t kActivationsPerRequestMax = 4096;

class ActivationTable {
 public:
  // A request's first one has number 0.
  void add_first(Activation& activation) { by_number_.push_back(&activation); }
  // The number of a later one, or none at the bound.
  std::optional<uint16_t> add(Activation& activation);
  // Forgets it, with what was to be done for it. Its number is free.
  void remove(uint16_t number);
  // For the next request; keeps the room.
  void clear();

  // Null: there is none of that number.
  Activation* find(uint16_t number) const { return number < by_number_.size() ? by_number_[number] : nullptr; }
  size_t numbers() const { return by_number_.size(); }  // all activations have smaller ones

  // An attempt of a node that no other node of the request has, or had: never 0, which is none.
  uint32_t next_attempt() { return ++attempts_; }

  struct Ready {
    Activation* activation;
    uint16_t node;
  };
  // In order; once for each.
  void may_begin(Activation& activation, uint16_t node) { ready_.push_back({&activation, node}); }
  std::optional<Ready> next_ready() {
    if (ready_next_ < ready_.size()) return ready_[ready_next_++];
    ready_.clear();
    ready_next_ = 0;
    return std::nullopt;
  }
  // Of those that a node waits for.
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
