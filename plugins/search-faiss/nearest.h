// The words of a search inside the plugin: metric, candidate, the rows that may be found, the k best so far, and the
// exact answer by looking at every row.
// Distances here are "smaller is nearer": squared L2, or the negative inner product. What callers see is made of them
// at the very end.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "kernels.h"
#include "vector_rows.h"

namespace dormouse::search {

enum class Metric : uint8_t { l2 = 0, inner_product = 1, cosine = 2 };

struct Candidate {
  float distance;
  uint32_t row;
  // Equal distances are ordered by row, so that the same question has one answer.
  friend bool operator<(const Candidate& a, const Candidate& b) {
    return a.distance < b.distance || (a.distance == b.distance && a.row < b.row);
  }
};

// Distance of one kind with one version of the kernels.
class Distance {
 public:
  Distance(Metric metric, const Kernels& kernels) : kernels_(&kernels), l2_(metric == Metric::l2) {}
  const Kernels& kernels() const { return *kernels_; }
  bool is_l2() const { return l2_; }
  float operator()(const float* a, const float* b, size_t n) const {
    return l2_ ? kernels_->l2(a, b, n) : -kernels_->dot(a, b, n);
  }

 private:
  const Kernels* kernels_;
  bool l2_;
};

// A set of rows, as one bit each.
class RowSet {
 public:
  void resize(size_t rows) { words_.resize((rows + 63) / 64); }
  void set(uint32_t row) { words_[row >> 6] |= uint64_t{1} << (row & 63); }
  bool has(uint32_t row) const { return (words_[row >> 6] >> (row & 63)) & 1; }
  void clear() { words_.clear(); }
  std::vector<uint64_t>& words() { return words_; }
  const std::vector<uint64_t>& words() const { return words_; }

 private:
  std::vector<uint64_t> words_;
};

// Which rows may be found: those that are alive and, with a filter, among the ones it lets through.
struct Allowed {
  const RowSet* dead = nullptr;      // null: none is
  const RowSet* selected = nullptr;  // null: no filter
  bool operator()(uint32_t row) const { return (!dead || !dead->has(row)) && (!selected || selected->has(row)); }
};

// The k nearest so far.
class Nearest {
 public:
  explicit Nearest(size_t k) : k_(k) { heap_.reserve(std::min<size_t>(k, 1024)); }
  size_t size() const { return heap_.size(); }
  bool full() const { return heap_.size() >= k_; }
  // Candidates beyond this are not wanted. Infinite while there is room.
  float worst() const { return full() ? heap_.front().distance : __builtin_inff(); }
  bool wants(Candidate candidate) const { return !full() || candidate < heap_.front(); }
  void add(Candidate candidate) {
    if (!full()) {
      heap_.push_back(candidate);
      std::push_heap(heap_.begin(), heap_.end());
    } else if (candidate < heap_.front()) {
      replace_worst(candidate);
    }
  }
  // Nearest first; this is empty afterwards.
  std::vector<Candidate> take() {
    std::sort(heap_.begin(), heap_.end());
    return std::move(heap_);
  }

 private:
  // One walk down instead of pop_heap and push_heap, which walk twice.
  void replace_worst(Candidate candidate) {
    size_t i = 0;
    const size_t n = heap_.size();
    for (size_t child = 1; child < n; child = 2 * i + 1) {
      if (child + 1 < n && heap_[child] < heap_[child + 1]) ++child;
      if (!(candidate < heap_[child])) break;
      heap_[i] = heap_[child];
      i = child;
    }
    heap_[i] = candidate;
  }

  size_t k_;
  std::vector<Candidate> heap_;  // the worst in front
};

// One question. `vector` is padded, and normalised for cosine.
struct Query {
  const float* vector = nullptr;
  uint32_t k = 10;
  uint32_t ef = 0;      // HNSW: candidates kept while walking; at least k is used
  uint32_t nprobe = 0;  // IVF: lists looked into
};

// Called about every millisecond of work; throws Failure(DM_CANCELLED) when nobody waits any more.
using CheckCancelled = std::function<void()>;

// Fills best[i], which is empty, with what is nearest to queries[i] among all allowed rows. Several queries share each
// reading of a row.
void scan_all(const VectorRows& rows, const Distance& distance, Allowed allowed, std::span<const float* const> queries,
              std::span<Nearest> best, unsigned threads, const CheckCancelled& check_cancelled);

// The same among `some` rows.
void scan_some(const VectorRows& rows, const Distance& distance, Allowed allowed, const float* query,
               std::span<const uint32_t> some, Nearest& best);

}  // namespace dormouse::search
