// How many pipeline requests run at once, and how many of them one pipeline may hold.
//
// A pipeline that waits, for a cold component or for a slow one, would fill every place while the others stand idle.
// So each may hold at most eight times as many places as are free at that moment: one alone gets to 8/9 of them, two to
// 8/17 each, and whatever they do a place is left for the next.
// Knows no HTTP and no engine. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace dormouse {

class Admission {
 public:
  explicit Admission(unsigned places) : places_(places) {}
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  enum class Refusal : uint8_t { none, full, share };

  // A place, held until it is destroyed. The admission outlives it.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept;
    ~Place();

    explicit operator bool() const { return admission_ != nullptr; }
    Refusal refusal() const { return refusal_; }  // why there is none

   private:
    friend class Admission;
    explicit Place(Refusal why) : refusal_(why) {}
    Place(Admission* admission, std::atomic<unsigned>* share) : admission_(admission), share_(share) {}

    Admission* admission_ = nullptr;
    std::atomic<unsigned>* share_ = nullptr;
    Refusal refusal_ = Refusal::none;
  };

  // `pipeline` is one that exists, so that what is remembered is bounded by what was ever configured.
  Place enter(const std::string& pipeline);

  unsigned running() const { return running_.load(std::memory_order_relaxed); }

 private:
  static constexpr unsigned kShareOfFree = 8;

  std::atomic<unsigned>& share_of(const std::string& pipeline);

  const unsigned places_;
  std::atomic<unsigned> running_{0};
  std::mutex mutex_;                                               // of shares_
  std::unordered_map<std::string, std::atomic<unsigned>> shares_;  // never erased from: places point into it
};

}  // namespace dormouse
