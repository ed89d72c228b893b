// What is accepted at most. Beyond a bound the call is refused with invalid_argument or resource_exhausted, and nothing
// of it is done.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dormouse::search {

inline constexpr uint32_t kDimensionMax = 4096;   // the widest embeddings in use have 4,096 elements
inline constexpr uint32_t kResultsMax = 10'000;   // hits of one query
inline constexpr uint32_t kEffortMax = 10'000;    // candidates of a graph search
inline constexpr uint32_t kListsMax = 65'536;     // nlist
inline constexpr uint32_t kRowsMax = 0x7FFFFFF0;  // rows of a collection, dead ones too: FAISS counts them in int32
inline constexpr size_t kIdBytesMax = 256;        // of an id that is a string
inline constexpr uint32_t kFieldsMax = 32;        // metadata of one row
inline constexpr size_t kKeyBytesMax = 64;
inline constexpr size_t kMetadataBytesMax = 4096;
inline constexpr size_t kCollectionsMax = 256;  // of one component: each holds two descriptors
inline constexpr size_t kNameBytesMax = 64;     // of a collection; it becomes the name of two files
inline constexpr uint32_t kThreadsMax = 64;

}  // namespace dormouse::search
