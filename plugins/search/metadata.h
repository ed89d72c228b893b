// What is kept beside a vector: a small map of scalars. In memory and in the store it is one string of bytes; filters
// compare single fields of it.
// Not a document store: no nesting, at most kFieldsMax fields.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dormouse/value.hpp"

namespace dormouse::search {

// The bytes of a map of bool, int, float and string. Numbers that are whole are equal whether written as int or float.
// Null fields are left out. Throws Failure(DM_INVALID_ARGUMENT) naming `where`.
std::string encode_metadata(View map, const std::string& where);
// One field, as it stands in those bytes.
std::string encode_field(std::string_view key, View value, const std::string& where);

// The fields in `encoded`, each as its bytes. False when they are damaged.
bool split_fields(std::string_view encoded, std::vector<std::string_view>& fields);
// Writes them as a map. Damaged bytes are written as far as they can be read.
void write_metadata(std::string_view encoded, Writer out);

// For each field that occurs, the rows that have it, in order.
class Postings {
 public:
  void add(uint32_t row, std::string_view encoded);
  // Rows with all of `fields`; empty fields match nothing. In order.
  std::vector<uint32_t> with_all(const std::vector<std::string>& fields) const;
  void clear() { rows_.clear(); }

 private:
  std::unordered_map<std::string, std::vector<uint32_t>> rows_;
};

}  // namespace dormouse::search
