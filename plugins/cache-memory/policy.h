// Who goes when there is no room: the five policies behind one interface. A policy knows nodes and weights, neither
// keys nor bytes nor time; how much fits is the caller's business, and all shares are shares of what is in at the
// moment. Not synchronised: each shard has its own, used under its lock.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "node.h"

namespace dormouse::cache_memory {

// The settings of those that have some.
struct PolicyOptions {
  // s3-fifo
  double small_share = 0.10;  // of the weight: where new entries prove themselves
  double ghost_share = 0.90;  // of the number of entries: how many evicted ones are remembered
  uint32_t promote_hits = 2;  // hits in the small queue that lead to the main one
  // w-tinylfu
  double window_share = 0.01;  // of the weight: where new entries are safe from comparison
  bool adaptive = true;        // the window grows and shrinks with the hit ratio
};

class Policy {
 public:
  virtual ~Policy() = default;

  // A hit of a policy that only marks is a count up to this, which the caller does itself without a call: 0 for those
  // that want to be told.
  virtual uint16_t mark_max() const noexcept { return 0; }
  virtual void hit(Node& node) noexcept = 0;
  // A new one, or with segment and frequency of the node it takes the place of. May throw std::bad_alloc, and then has
  // done nothing.
  virtual void insert(Node& node) = 0;
  // Went for another reason than room: expired, purged, replaced.
  virtual void remove(Node& node) noexcept = 0;
  // Takes out who goes, to make room for one of the weight `incoming`. Null: nobody is in, or `steps` are used up, of
  // which each node looked at costs one; then the same call again goes on where this one stopped.
  virtual Node* evict(uint32_t incoming, int& steps) noexcept = 0;
  // Memory beyond the nodes, in bytes; and what the next insert() will add to it at the most. Nothing else adds.
  virtual uint64_t bytes() const noexcept { return 0; }
  virtual uint64_t growth() const noexcept { return 0; }
  // Forgets what is only for better guesses.
  virtual void trim() noexcept {}
};

// Null for a name that is none. `name` may be empty: s3-fifo.
std::unique_ptr<Policy> make_policy(std::string_view name, const PolicyOptions& options);
bool is_policy(std::string_view name) noexcept;
// "s3-fifo, w-tinylfu, sieve, lru, gdsf"
const char* policy_names() noexcept;

}  // namespace dormouse::cache_memory
