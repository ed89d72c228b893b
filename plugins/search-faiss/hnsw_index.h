// A graph of near neighbours (FAISS builds and keeps it) over vectors with distances of our own, and a walk of our own
// through it: FAISS's has no filter, no prefetching and, as Debian compiles it, no wide vectors.
#pragma once

#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/impl/DistanceComputer.h>
#include <faiss/impl/HNSW.h>

#include <memory>
#include <mutex>

#include "index.h"

namespace dormouse::search {

class HnswIndex final : public Index {
 public:
  HnswIndex(const Spec& spec, unsigned threads, const Kernels& kernels);
  ~HnswIndex() override;

  size_t size() const override { return rows_.size(); }
  size_t bytes() const override;
  size_t rows_at_once() const override { return 16 * threads_; }  // some milliseconds
  void reserve(size_t rows) override;
  void add(const float* vectors, size_t n) override;
  std::vector<Found> search(std::span<const Query> queries, const Filter& filter,
                            const CheckCancelled& check_cancelled) const override;
  void save(SnapshotWriter& out) const override;
  void load(SnapshotReader& in, size_t rows) override;
  void trim() override;

 private:
  // What one walk needs to remember. Kept for the next one.
  struct Walk {
    std::vector<uint16_t> seen;  // equal to `mark`: looked at in this walk
    uint16_t mark = 0;
    std::vector<Candidate> frontier;  // with a filter: to be looked around, the nearest in front
    std::vector<Candidate> pool;      // without: the nearest so far in order; kLookedAround marks rows
    void start(size_t rows);
    bool first_look(uint32_t row) {
      if (seen[row] == mark) return false;
      seen[row] = mark;
      return true;
    }
  };
  class Computer;

  std::unique_ptr<Walk> borrow_walk() const;
  void return_walk(std::unique_ptr<Walk> walk) const;
  // Rows around `row` that this walk has not seen, their memory on its way.
  size_t look_around(uint32_t row, Walk& walk, uint32_t* next) const;
  Found walk(const Query& query, Walk& walk) const;
  Found walk_filtered(const Query& query, Allowed allowed, Walk& walk) const;
  Candidate descend(const float* query) const;
  std::span<const int> neighbours(uint32_t row, int level) const;
  void link(uint32_t row);
  void lay_out_links(size_t rows);
  void check_links() const;

  Distance distance_;
  unsigned threads_;
  VectorRows rows_;
  faiss::HNSW graph_;
  // For building; as long as there is room for rows.
  struct Building;
  std::unique_ptr<Building> building_;
  mutable std::mutex walks_mutex_;
  mutable std::vector<std::unique_ptr<Walk>> walks_;
};

}  // namespace dormouse::search
