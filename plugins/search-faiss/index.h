// What finds the nearest rows of one collection. Rows are numbers from 0 in the order of add; none is ever taken out,
// callers say with each search which are allowed. Vectors come normalised where the metric is cosine.
// Not aware of ids, metadata, files or threads of others: add excludes everything else on the same index, searches run
// side by side.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernels.h"
#include "nearest.h"
#include "snapshot.h"
#include "spec.h"
#include "vector_rows.h"

namespace dormouse::search {

// The rows a search may find.
struct Filter {
  Allowed allowed;
  // With a filter: the selected rows, in order. `allowed` says the same.
  bool selective = false;
  std::span<const uint32_t> selected;
  size_t available = 0;  // rows that may be found
};

// One answer, nearest first.
using Found = std::vector<Candidate>;

class Index {
 public:
  // `trained`: what train_lists made, for the kinds that are trained; empty before the first training.
  static std::unique_ptr<Index> create(const Spec& spec, std::string_view trained, unsigned threads,
                                       const Kernels& kernels = best_kernels());
  virtual ~Index() = default;

  virtual size_t size() const = 0;
  virtual size_t bytes() const = 0;
  // Whether distances are so coarse that the nearest are better chosen among more candidates, by their exact vectors.
  virtual bool estimates() const { return false; }
  // How many rows are added at once without keeping searches waiting for long.
  virtual size_t rows_at_once() const { return 1024; }
  // So that the adds up to that size fail for want of memory now or not at all, as far as that can be said.
  virtual void reserve(size_t rows) = 0;
  virtual void add(const float* vectors, size_t n) = 0;
  // Answers all queries: each with k rows, or with all that may be found when those are fewer. They need not be the
  // very nearest, but there is never one too few.
  virtual std::vector<Found> search(std::span<const Query> queries, const Filter& filter,
                                    const CheckCancelled& check_cancelled) const = 0;
  virtual void save(SnapshotWriter& out) const = 0;
  // Reads what save wrote, `rows` of them, into an empty index. Throws SnapshotDamaged when it does not fit together.
  virtual void load(SnapshotReader& in, size_t rows) = 0;
  // Gives back memory that only speed needs.
  virtual void trim() {}
};

// Trains the lists (and the codes) of an IVF kind on `sample`. What comes back goes into Index::create.
std::string train_lists(const Spec& spec, const VectorRows& sample, uint64_t rows, unsigned threads,
                        const CheckCancelled& check_cancelled);
// How many vectors are worth training on.
size_t training_rows_wanted(const Spec& spec, uint64_t rows);

}  // namespace dormouse::search
