// Finds a name among fields, for code that walks a value and its type together. Pure; any thread.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

namespace dormouse {

// The index of the field `name`; fields.size() when there is none. Searches from `start` on, then from the beginning:
// values usually have their fields in the order of the type. `Field` needs a member `name`, like Type::Field.
template <class Field>
size_t index_of(const std::vector<Field>& fields, std::string_view name, size_t start) {
  for (size_t i = start; i < fields.size(); ++i)
    if (fields[i].name == name) return i;
  for (size_t i = 0; i < std::min(start, fields.size()); ++i)
    if (fields[i].name == name) return i;
  return fields.size();
}

}  // namespace dormouse
