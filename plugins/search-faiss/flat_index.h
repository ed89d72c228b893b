// Every row is looked at: exact, and with batches of queries not slow.
#pragma once

#include "index.h"

namespace dormouse::search {

class FlatIndex final : public Index {
 public:
  FlatIndex(const Spec& spec, unsigned threads, const Kernels& kernels)
      : distance_(spec.metric, kernels), threads_(threads), rows_(spec.dimension) {}

  size_t size() const override { return rows_.size(); }
  size_t bytes() const override { return rows_.bytes(); }
  void reserve(size_t rows) override { rows_.reserve(rows); }
  void add(const float* vectors, size_t n) override { rows_.append(vectors, n); }
  std::vector<Found> search(std::span<const Query> queries, const Filter& filter,
                            const CheckCancelled& check_cancelled) const override;
  void save(SnapshotWriter& out) const override { out.section("vectors", rows_); }
  void load(SnapshotReader& in, size_t rows) override { in.section("vectors", rows_, rows); }

 private:
  Distance distance_;
  unsigned threads_;
  VectorRows rows_;
};

}  // namespace dormouse::search
