#include "s3_fifo.h"

#include <algorithm>

namespace dormouse::cache_memory {

S3Fifo::S3Fifo(const PolicyOptions& options) noexcept
    : small_share_(options.small_share),
      ghost_share_(options.ghost_share),
      promote_hits_(std::min<uint32_t>(options.promote_hits, kFrequencyMax)) {}

void S3Fifo::insert(Node& node) {
  ghost_.make_room_for(ghosts_for(entries() + 1));
  const bool returning = node.segment == kMain || (node.segment == Node::kNoSegment && ghost_.take(node.hash));
  node.segment = returning ? kMain : kSmall;
  (returning ? main_ : small_).add_newest(node);
}

void S3Fifo::remove(Node& node) noexcept {
  (node.segment == kMain ? main_ : small_).remove(node);
}

Node* S3Fifo::evict(uint32_t, int& steps) noexcept {
  while (!(small_.empty() && main_.empty()) && steps-- > 0) {
    const double small_max = small_share_ * static_cast<double>(small_.weight() + main_.weight());
    const bool from_small = main_.empty() || (!small_.empty() && static_cast<double>(small_.weight()) >= small_max);
    if (Node* node = from_small ? look_at_small() : look_at_main()) return node;
  }
  return nullptr;
}

// The oldest of the small queue, when it goes.
Node* S3Fifo::look_at_small() noexcept {
  Node* node = small_.oldest();
  small_.remove(*node);
  if (node->frequency >= promote_hits_) {
    node->frequency = 0;
    node->segment = kMain;
    main_.add_newest(*node);
    return nullptr;
  }
  ghost_.add(node->hash, ghosts_for(entries() + 1));
  return node;
}

Node* S3Fifo::look_at_main() noexcept {
  Node* node = main_.oldest();
  main_.remove(*node);
  if (node->frequency == 0) return node;
  --node->frequency;
  main_.add_newest(*node);
  return nullptr;
}

}  // namespace dormouse::cache_memory
