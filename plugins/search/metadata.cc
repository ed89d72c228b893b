#include "search/metadata.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "search/bounds.h"

namespace dormouse::search {
namespace {

// A field is: kind, length of the key (1 byte), key, then the value: 1 byte, 8 bytes, or 2 bytes of length and a text.
enum Kind : uint8_t { kBool = 1, kInt = 2, kFloat = 3, kText = 4 };
constexpr size_t kHead = 2;

[[noreturn]] void refuse(const std::string& where, const std::string& problem) {
  throw Failure(DM_INVALID_ARGUMENT, where + ": " + problem);
}

template <class Number>
void append(std::string& out, Number number) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  out.append(bytes, sizeof number);
}

template <class Number>
Number number_at(std::string_view bytes) {
  Number number;
  std::memcpy(&number, bytes.data(), sizeof number);
  return number;
}

// 2^63 as a double: whole numbers below it are ints.
constexpr double kIntEnd = 9223372036854775808.0;

void append_value(std::string& out, View value, const std::string& where) {
  switch (value.kind()) {
    case DM_BOOL:
      out[0] = kBool;
      out.push_back(value.as_bool() ? 1 : 0);
      return;
    case DM_INT:
      out[0] = kInt;
      return append(out, value.as_int());
    case DM_FLOAT: {
      const double number = value.as_float();
      if (!std::isfinite(number)) refuse(where, "a number that is not finite");
      const bool whole = number == std::trunc(number) && number >= -kIntEnd && number < kIntEnd;
      out[0] = whole ? kInt : kFloat;
      return whole ? append(out, static_cast<int64_t>(number)) : append(out, number);
    }
    case DM_STRING: {
      const std::string_view text = value.as_string();
      if (text.size() > kMetadataBytesMax) {
        refuse(where, "needed a text of at most " + std::to_string(kMetadataBytesMax) + " bytes, found " +
                          std::to_string(text.size()));
      }
      out[0] = kText;
      append(out, static_cast<uint16_t>(text.size()));
      out.append(text);
      return;
    }
    default:
      refuse(where, std::string("needed a bool, int, float or string, found ") + kind_word(value.kind()));
  }
}

// Length of the value of a field whose kind is known and whose bytes start at `rest`; none when damaged.
std::optional<size_t> value_size(uint8_t kind, std::string_view rest) {
  switch (kind) {
    case kBool:
      return 1;
    case kInt:
    case kFloat:
      return 8;
    case kText:
      if (rest.size() < sizeof(uint16_t)) return std::nullopt;
      return sizeof(uint16_t) + number_at<uint16_t>(rest);
    default:
      return std::nullopt;
  }
}

void write_field(std::string_view field, Map& map) {
  const auto key_size = static_cast<uint8_t>(field[1]);
  const std::string_view key = field.substr(kHead, key_size), value = field.substr(kHead + key_size);
  switch (static_cast<uint8_t>(field[0])) {
    case kBool:
      map.field(key, value[0] != 0);
      break;
    case kInt:
      map.field(key, number_at<int64_t>(value));
      break;
    case kFloat:
      map.field(key, number_at<double>(value));
      break;
    default:
      map.field(key, value.substr(sizeof(uint16_t)));
  }
}

}  // namespace

std::string encode_field(std::string_view key, View value, const std::string& where) {
  const std::string place = where + ", field '" + std::string(key.substr(0, kKeyBytesMax)) + "'";
  if (key.empty() || key.size() > kKeyBytesMax)
    refuse(place, "needed a name of 1 to " + std::to_string(kKeyBytesMax) + " bytes");
  std::string out;
  out.push_back(0);  // the kind, set with the value
  out.push_back(static_cast<char>(key.size()));
  out.append(key);
  append_value(out, value, place);
  return out;
}

std::string encode_metadata(View map, const std::string& where) {
  if (map.kind() != DM_MAP && !map.is_null())
    refuse(where, std::string("needed a map of scalars, found ") + kind_word(map.kind()));
  if (map.size() > kFieldsMax) {
    refuse(where, "needed at most " + std::to_string(kFieldsMax) + " fields, found " + std::to_string(map.size()));
  }
  std::string out;
  for (const auto& [key, value] : map.entries())
    if (!value.is_null()) out += encode_field(key, value, where);
  if (out.size() > kMetadataBytesMax) {
    refuse(where,
           "needed at most " + std::to_string(kMetadataBytesMax) + " bytes, found " + std::to_string(out.size()));
  }
  return out;
}

bool split_fields(std::string_view encoded, std::vector<std::string_view>& fields) {
  fields.clear();
  while (!encoded.empty()) {
    if (encoded.size() < kHead) return false;
    const size_t head = kHead + static_cast<uint8_t>(encoded[1]);
    if (encoded.size() < head) return false;
    const std::optional<size_t> value = value_size(static_cast<uint8_t>(encoded[0]), encoded.substr(head));
    if (!value || encoded.size() < head + *value) return false;
    fields.push_back(encoded.substr(0, head + *value));
    encoded.remove_prefix(head + *value);
  }
  return true;
}

void write_metadata(std::string_view encoded, Writer out) {
  std::vector<std::string_view> fields;
  split_fields(encoded, fields);
  Map map = out.map();
  for (const std::string_view field : fields) write_field(field, map);
}

void Postings::add(uint32_t row, std::string_view encoded) {
  std::vector<std::string_view> fields;
  split_fields(encoded, fields);
  for (const std::string_view field : fields) rows_[std::string(field)].push_back(row);
}

std::vector<uint32_t> Postings::with_all(const std::vector<std::string>& fields) const {
  std::vector<const std::vector<uint32_t>*> lists;
  for (const std::string& field : fields) {
    const auto found = rows_.find(field);
    if (found == rows_.end()) return {};
    lists.push_back(&found->second);
  }
  if (lists.empty()) return {};
  std::sort(lists.begin(), lists.end(), [](const auto* a, const auto* b) { return a->size() < b->size(); });
  std::vector<uint32_t> rows = *lists.front(), both;
  for (size_t i = 1; i < lists.size(); ++i) {
    both.clear();
    std::set_intersection(rows.begin(), rows.end(), lists[i]->begin(), lists[i]->end(), std::back_inserter(both));
    rows.swap(both);
  }
  return rows;
}

}  // namespace dormouse::search
