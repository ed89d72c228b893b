#include "spec.h"

#include <array>

#include "bounds.h"
#include "dormouse/value.hpp"

namespace dormouse::search {
namespace {

constexpr std::array<std::string_view, 5> kKinds = {"flat", "hnsw", "ivf_flat", "ivf_sq8", "ivf_pq"};
constexpr std::array<std::string_view, 3> kMetrics = {"l2", "inner_product", "cosine"};
constexpr uint32_t kElementsPerPart = 8;

template <size_t N>
uint8_t position(const std::array<std::string_view, N>& words, std::string_view word, const char* what) {
  std::string all;
  for (size_t i = 0; i < N; ++i) {
    if (words[i] == word) return static_cast<uint8_t>(i);
    all += (i ? ", " : "") + std::string(words[i]);
  }
  throw Failure(DM_INVALID_ARGUMENT,
                std::string(what) + ": needed one of " + all + "; found '" + std::string(word.substr(0, 40)) + "'");
}

void need(const char* what, uint32_t value, uint32_t low, uint32_t high) {
  if (value >= low && value <= high) return;
  throw Failure(DM_INVALID_ARGUMENT, std::string(what) + ": needed " + std::to_string(low) + " to " +
                                         std::to_string(high) + ", found " + std::to_string(value));
}

// The most parts that divide the vector evenly with at least kElementsPerPart elements each.
uint32_t parts_for(uint32_t dimension) {
  for (uint32_t parts = dimension / kElementsPerPart; parts > 1; --parts)
    if (dimension % parts == 0) return parts;
  return 1;
}

}  // namespace

std::string_view word(Kind kind) {
  return kKinds[static_cast<size_t>(kind)];
}

std::string_view word(Metric metric) {
  return kMetrics[static_cast<size_t>(metric)];
}

Kind kind_of(std::string_view word) {
  return static_cast<Kind>(position(kKinds, word, "kind of a collection"));
}

Metric metric_of(std::string_view word) {
  return static_cast<Metric>(position(kMetrics, word, "metric of a collection"));
}

Spec checked(Spec spec) {
  need("dimension", spec.dimension, 1, kDimensionMax);
  need("m", spec.m, 2, 128);
  need("ef_construction", spec.ef_construction, 4, kEffortMax);
  need("nlist", spec.nlist, 0, kListsMax);
  if (spec.kind != Kind::ivf_pq) return spec;
  if (spec.pq_m == 0) spec.pq_m = parts_for(spec.dimension);
  need("pq_m", spec.pq_m, 1, spec.dimension);
  if (spec.dimension % spec.pq_m != 0) {
    throw Failure(DM_INVALID_ARGUMENT, "pq_m: needed a divisor of the dimension " + std::to_string(spec.dimension) +
                                           ", found " + std::to_string(spec.pq_m) + "; 0 chooses one");
  }
  if (spec.nbits != 4 && spec.nbits != 8)
    throw Failure(DM_INVALID_ARGUMENT, "nbits: needed 4 or 8, found " + std::to_string(spec.nbits));
  return spec;
}

}  // namespace dormouse::search
