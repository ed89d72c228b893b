// Names an operator knows, from a file: tab-separated columns type, text and perhaps value; the longest match wins,
// upper and lower case are the same. Immutable once read; any thread. Time of a look-up is linear in the text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tokens.h"

namespace dormouse::entities {

inline constexpr size_t kGazetteerEntriesMax = 100'000;
inline constexpr size_t kGazetteerTokensMax = 16;  // of one entry

struct GazetteerSpan {
  size_t begin = 0, end = 0;     // bytes
  std::string_view type, value;  // value: "" when the entry has none; both live as long as the Gazetteer
};

class Gazetteer {
 public:
  Gazetteer() = default;
  // Throws Failure: DM_NOT_FOUND, DM_INVALID_ARGUMENT with "FILE:LINE: ...", DM_DATA_LOSS (a damaged archive).
  static Gazetteer read(const std::string& path);

  size_t size() const { return entries_.size(); }
  // In order, none overlapping.
  std::vector<GazetteerSpan> find(std::string_view text) const;

 private:
  struct Entry {
    uint32_t type = 0, value = 0;  // numbers in strings_
  };
  uint32_t string_of(std::string_view text);

  std::vector<std::string> strings_{std::string()};
  std::unordered_map<std::string, uint32_t> numbers_;  // only while reading
  std::vector<Entry> entries_;
  // By the hash of all words of an entry; the first words of entries and their longest length, to look no further.
  std::unordered_map<uint64_t, uint32_t> by_words_;
  std::unordered_map<uint64_t, uint32_t> longest_of_first_;
};

}  // namespace dormouse::entities
