// What a collection is, from its creation on: kind of index, metric, dimension, kind of ids, and the parameters of its
// index. Pure data and its words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "nearest.h"

namespace dormouse::search {

enum class Kind : uint8_t { flat = 0, hnsw = 1, ivf_flat = 2, ivf_sq8 = 3, ivf_pq = 4 };

inline bool is_ivf(Kind kind) {
  return kind >= Kind::ivf_flat;
}

struct Spec {
  Kind kind = Kind::hnsw;
  Metric metric = Metric::l2;
  uint32_t dimension = 0;
  bool text_ids = false;
  uint32_t m = 16;                 // HNSW: links of a row; twice as many on the lowest level
  uint32_t ef_construction = 200;  // HNSW: candidates while linking
  uint32_t nlist = 0;              // IVF: lists; 0: by the number of rows when it is trained
  uint32_t pq_m = 0;               // IVF with PQ: parts of a vector; 0: about one for 8 elements
  uint32_t nbits = 8;              // IVF with PQ: bits of a part, 4 or 8
};

std::string_view word(Kind kind);
std::string_view word(Metric metric);
// Throw Failure(DM_INVALID_ARGUMENT) with the words there are.
Kind kind_of(std::string_view word);
Metric metric_of(std::string_view word);

// Fills in what 0 stands for and refuses what cannot be: Failure(DM_INVALID_ARGUMENT).
Spec checked(Spec spec);

}  // namespace dormouse::search
