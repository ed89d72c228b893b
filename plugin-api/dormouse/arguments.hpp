// Reading the arguments of a call or the settings of an open: numbers within bounds, words of a short list, lists of
// strings. The manifest says which fields there are and of which kind; what it cannot say is checked here.
// Stands on value.hpp alone. Any thread.
// Errors: Failure with invalid_argument: "field 'k': needed 1 to 100, found 0".
#pragma once

#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dormouse/value.hpp"

namespace dormouse {

// "0.5", "100": the shortest text that reads back as the same number.
inline std::string number_text(double number) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, number);
  return error == std::errc() ? std::string(text, end) : std::string("a number");
}

// The number in the field `name`, or `otherwise` when the field is absent or null. `low` and `high` are allowed; NaN is
// not. `otherwise` must be within the bounds too, so a field without a default has one outside of them.
inline double number_in(View in, const char* name, double otherwise, double low, double high) {
  const double value = in[name].as_float(otherwise);
  if (value >= low && value <= high) return value;
  throw Failure(DM_INVALID_ARGUMENT, std::string("field '") + name + "': needed " + number_text(low) + " to " +
                                         number_text(high) + ", found " + number_text(value));
}

// The same for whole numbers; a number with a fraction is refused. The bounds must fit into uint32_t.
inline uint32_t count_in(View in, const char* name, int64_t otherwise, int64_t low, int64_t high) {
  const int64_t value = in[name].as_int(otherwise);
  if (value >= low && value <= high) return static_cast<uint32_t>(value);
  throw Failure(DM_INVALID_ARGUMENT, std::string("field '") + name + "': needed " + std::to_string(low) + " to " +
                                         std::to_string(high) + ", found " + std::to_string(value));
}

// What the word in the field `name` stands for; the first of `words` when the field is absent or null.
template <class T>
T choice_in(View in, const char* name, std::initializer_list<std::pair<std::string_view, T>> words) {
  const std::string_view found = in[name].as_string(words.begin()->first);
  std::string needed;
  size_t left = words.size();
  for (const auto& [word, value] : words) {
    if (word == found) return value;
    needed += std::string(needed.empty() ? "" : left == 1 ? " or " : ", ") + "'" + std::string(word) + "'";
    --left;
  }
  throw Failure(DM_INVALID_ARGUMENT, std::string("field '") + name + "': needed " + needed + ", found '" +
                                         std::string(found.substr(0, 64)) + "'");
}

// The strings of a list, copied; none when the field is absent or null. Throws when one is no string.
inline std::vector<std::string> strings_of(View list) {
  std::vector<std::string> out;
  out.reserve(list.size());
  for (View item : list.items()) out.emplace_back(item.as_string());
  return out;
}

}  // namespace dormouse
