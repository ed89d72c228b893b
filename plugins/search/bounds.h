// What the search plugins accept at most. Beyond a bound the call is refused with invalid_argument or
// resource_exhausted, and nothing of it is done.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dormouse::search {

inline constexpr uint32_t kResultsMax = 10'000;  // hits of one query
inline constexpr size_t kIdBytesMax = 256;       // of an id that is a string
inline constexpr uint32_t kFieldsMax = 32;       // metadata of one row
inline constexpr size_t kKeyBytesMax = 64;
inline constexpr size_t kMetadataBytesMax = 4096;
inline constexpr size_t kCollectionsMax = 256;  // of one component
inline constexpr size_t kNameBytesMax = 64;     // of a collection; it may become the name of files

}  // namespace dormouse::search
