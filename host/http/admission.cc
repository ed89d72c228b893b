#include "http/admission.h"

#include <utility>

namespace dormouse {

Admission::Place::Place(Place&& other) noexcept
    : admission_(std::exchange(other.admission_, nullptr)), share_(other.share_), refusal_(other.refusal_) {}

Admission::Place::~Place() {
  if (!admission_) return;
  share_->fetch_sub(1, std::memory_order_relaxed);
  admission_->running_.fetch_sub(1, std::memory_order_relaxed);
}

std::atomic<unsigned>& Admission::share_of(const std::string& pipeline) {
  const std::lock_guard lock(mutex_);
  return shares_[pipeline];
}

Admission::Place Admission::enter(const std::string& pipeline) {
  const unsigned running = running_.fetch_add(1, std::memory_order_relaxed);
  if (running >= places_) {
    running_.fetch_sub(1, std::memory_order_relaxed);
    return Place(Refusal::full);
  }
  std::atomic<unsigned>& share = share_of(pipeline);
  // Two that enter at the same time may both see the last place of the share: it is a matter of fairness, not of
  // memory.
  if (share.load(std::memory_order_relaxed) >= uint64_t{kShareOfFree} * (places_ - running)) {
    running_.fetch_sub(1, std::memory_order_relaxed);
    return Place(Refusal::share);
  }
  share.fetch_add(1, std::memory_order_relaxed);
  return {this, &share};
}

}  // namespace dormouse
