#include "flat_index.h"

namespace dormouse::search {

std::vector<Found> FlatIndex::search(std::span<const Query> queries, const Filter& filter,
                                     const CheckCancelled& check_cancelled) const {
  std::vector<Nearest> best;
  std::vector<const float*> vectors;
  for (const Query& query : queries) {
    best.emplace_back(query.k);
    vectors.push_back(query.vector);
  }
  if (filter.selective) {
    for (size_t i = 0; i < queries.size(); ++i) {
      check_cancelled();
      scan_some(rows_, distance_, filter.allowed, vectors[i], filter.selected, best[i]);
    }
  } else {
    scan_all(rows_, distance_, filter.allowed, vectors, best, threads_, check_cancelled);
  }
  std::vector<Found> found;
  found.reserve(best.size());
  for (Nearest& nearest : best) found.push_back(nearest.take());
  return found;
}

}  // namespace dormouse::search
