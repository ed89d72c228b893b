// What is accepted of vectors at most, beside what "search/bounds.h" says of all searches. Beyond a bound the call is
// refused with invalid_argument or resource_exhausted, and nothing of it is done.
#pragma once

#include <cstddef>
#include <cstdint>

#include "search/bounds.h"

namespace dormouse::search {

inline constexpr uint32_t kDimensionMax = 4096;   // the widest embeddings in use have 4,096 elements
inline constexpr float kElementMax = 1e17f;       // 4,096 squares of twice that stay below what a float can hold
inline constexpr uint32_t kEffortMax = 10'000;    // candidates of a graph search
inline constexpr uint32_t kRerankMax = 1000;      // candidates for each hit
inline constexpr uint32_t kListsMax = 65'536;     // nlist
inline constexpr uint32_t kRowsMax = 0x7FFFFFF0;  // rows of a collection, dead ones too: FAISS counts them in int32
inline constexpr uint32_t kThreadsMax = 64;

}  // namespace dormouse::search
