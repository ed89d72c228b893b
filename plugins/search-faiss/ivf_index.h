// Lists of rows around trained centres; a search looks into the nearest few. What stands in a list is the vector
// itself, one byte for each element (SQ8), or a product-quantised difference to the centre (PQ). Training is FAISS's
// (k-means, scalar and product quantiser); lists and scans are here.
#pragma once

#include <faiss/impl/ProductQuantizer.h>

#include "index.h"

namespace dormouse::search {

class IvfIndex final : public Index {
 public:
  IvfIndex(const Spec& spec, std::string_view trained, unsigned threads, const Kernels& kernels);

  size_t size() const override { return size_; }
  size_t bytes() const override;
  bool estimates() const override { return spec_.kind == Kind::ivf_pq; }
  size_t rows_at_once() const override { return 128; }  // each is compared with all centres
  void reserve(size_t rows) override;
  void add(const float* vectors, size_t n) override;
  std::vector<Found> search(std::span<const Query> queries, const Filter& filter,
                            const CheckCancelled& check_cancelled) const override;
  void save(SnapshotWriter& out) const override;
  void load(SnapshotReader& in, size_t rows) override;
  size_t lists() const { return centres_.size(); }

 private:
  struct List {
    std::vector<uint32_t> rows;
    std::vector<uint8_t> codes;  // code_size_ bytes a row
    std::vector<float> terms;    // PQ with L2: what of the distance does not depend on the query
  };
  // What is computed once for a query: see set_up.
  struct Scan;

  std::vector<Found> nearest_centres(std::span<const float* const> queries, size_t count) const;
  void encode(const float* vector, uint32_t row, uint32_t list);
  Scan set_up(const Query& query) const;
  void scan_list(const Scan& scan, Candidate centre, Allowed allowed, Nearest& best) const;
  Found search_one(const Query& query, const Filter& filter, const Found& centres) const;

  Spec spec_;
  Distance distance_;
  unsigned threads_;
  VectorRows centres_;
  std::vector<float> low_, step_;  // SQ8: an element is low + code * step
  faiss::ProductQuantizer pq_;
  size_t code_size_ = 0;
  size_t size_ = 0;
  std::vector<List> lists_;
};

}  // namespace dormouse::search
