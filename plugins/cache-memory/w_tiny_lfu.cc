#include "w_tiny_lfu.h"

#include <algorithm>
#include <cmath>

namespace dormouse::cache_memory {
namespace {

constexpr double kProtectedOfMain = 0.80;
constexpr double kFirstStep = 0.0625;   // of the weight
constexpr double kStepDecay = 0.98;     // while the hit ratio is steady
constexpr double kRestart = 0.05;       // a change of the hit ratio that makes steps large again
constexpr uint64_t kSampleFactor = 10;  // uses for each entry between two steps
constexpr int kMovesAtOnce = 8;         // nodes moved by one operation
constexpr uint32_t kWarm = 6;           // a candidate this frequent gets in now and then against better ones,
constexpr uint64_t kLuckMask = 127;     // so that nobody can fill the cache with victims that never leave

}  // namespace

WTinyLfu::WTinyLfu(const PolicyOptions& options) noexcept
    : adaptive_(options.adaptive),
      window_share_(options.window_share),
      protected_share_(kProtectedOfMain * (1 - options.window_share)),
      step_(kFirstStep) {}

double WTinyLfu::weight() const noexcept {
  return static_cast<double>(window_.weight() + probation_.weight() + protected_.weight());
}

NodeList& WTinyLfu::list_of(const Node& node) noexcept {
  return node.segment == kWindow ? window_ : node.segment == kProbation ? probation_ : protected_;
}

void WTinyLfu::let_go(Node& node) noexcept {
  if (candidate_ == &node) candidate_ = node.newer;
  list_of(node).remove(node);
}

void WTinyLfu::move(Node& node, uint8_t segment) noexcept {
  let_go(node);
  node.segment = segment;
  list_of(node).add_newest(node);
}

void WTinyLfu::hit(Node& node) noexcept {
  sketch_.count(node.hash);
  ++hits_;
  if (node.segment == kProbation) {
    move(node, kProtected);
    demote_some();
  } else {
    list_of(node).renew(node);
  }
  climb();
}

void WTinyLfu::insert(Node& node) {
  sketch_.make_room_for(entries() + 1);
  sketch_.count(node.hash);
  if (node.segment == Node::kNoSegment) {
    node.segment = kWindow;
    ++misses_;
  }
  list_of(node).add_newest(node);
  drain_some();
  climb();
}

void WTinyLfu::remove(Node& node) noexcept {
  let_go(node);
}

void WTinyLfu::trim() noexcept {
  sketch_.clear();
}

Node* WTinyLfu::evict(uint32_t incoming, int& steps) noexcept {
  full_ = true;
  const double window_max = window_share_ * weight();
  while (!window_.empty() && static_cast<double>(window_.weight() + incoming) > window_max) {
    if (steps-- <= 0) return nullptr;
    Node* node = window_.oldest();
    move(*node, kProbation);
    if (candidate_ == nullptr) candidate_ = node;
  }
  if (steps-- <= 0) return nullptr;
  Node* victim = !probation_.empty()   ? probation_.oldest()
                 : !protected_.empty() ? protected_.oldest()
                                       : window_.oldest();
  Node* candidate = candidate_;
  if (candidate == victim && !protected_.empty()) victim = protected_.oldest();  // nobody else is on probation
  if (candidate != nullptr && candidate != victim) {
    candidate_ = candidate->newer;
    if (!admits(*candidate, *victim)) victim = candidate;
  }
  if (victim != nullptr) let_go(*victim);
  return victim;
}

bool WTinyLfu::admits(const Node& candidate, const Node& victim) noexcept {
  const uint32_t mine = sketch_.frequency(candidate.hash), its = sketch_.frequency(victim.hash);
  if (mine > its) return true;
  if (mine < kWarm) return false;
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return (random_ & kLuckMask) == 0;
}

// Who is too much in the window while there is room goes on without a comparison.
void WTinyLfu::drain_some() noexcept {
  const double window_max = window_share_ * weight();
  for (int i = 0; i < kMovesAtOnce && window_.size() > 1 && static_cast<double>(window_.weight()) > window_max; ++i)
    move(*window_.oldest(), kProbation);
}

// Back to probation who is too much in protected.
void WTinyLfu::demote_some() noexcept {
  const double protected_max = protected_share_ * weight();
  for (int i = 0; i<kMovesAtOnce&& static_cast<double>(protected_.weight())> protected_max; ++i)
    move(*protected_.oldest(), kProbation);
}

// A step of the window after each sample of uses.
void WTinyLfu::climb() noexcept {
  if (!adaptive_ || !full_) {
    hits_ = misses_ = 0;
    return;
  }
  shift_some();
  if (hits_ + misses_ < kSampleFactor * entries()) return;
  const double ratio = static_cast<double>(hits_) / static_cast<double>(hits_ + misses_);
  const double change = ratio - last_ratio_;
  const double amount = change >= 0 ? step_ : -step_;
  step_ = std::abs(change) >= kRestart ? std::copysign(kFirstStep, amount) : kStepDecay * amount;
  last_ratio_ = ratio;
  hits_ = misses_ = 0;
  const double bounded = std::clamp(amount, -window_share_, protected_share_);
  window_share_ += bounded;
  protected_share_ -= bounded;
  to_shift_ = bounded * weight();
}

// The lists follow the shares, a few nodes at a time. Without a comparison: these were let in already.
void WTinyLfu::shift_some() noexcept {
  for (int i = 0; i < kMovesAtOnce && to_shift_ != 0; ++i) {
    const bool grows = to_shift_ > 0;
    Node* node = !grows ? window_.oldest() : !probation_.empty() ? probation_.oldest() : protected_.oldest();
    if (node == nullptr || node->weight > std::abs(to_shift_)) {
      to_shift_ = 0;
      return;
    }
    to_shift_ += grows ? -static_cast<double>(node->weight) : static_cast<double>(node->weight);
    move(*node, grows ? kWindow : kProbation);
  }
  if (to_shift_ >= 0) demote_some();
}

}  // namespace dormouse::cache_memory
