// The place of a name among fields, for readers that walk a value beside its type. Any thread.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

namespace dormouse {

// Of the field `name`, looked for from `start` on and then from the beginning: values usually have their fields in the
// order of the type. fields.size() when there is none. `Field` has a `name`: Type::Field.
template <class Field>
size_t index_of(const std::vector<Field>& fields, std::string_view name, size_t start) {
  for (size_t i = start; i < fields.size(); ++i)
    if (fields[i].name == name) return i;
  for (size_t i = 0; i < std::min(start, fields.size()); ++i)
    if (fields[i].name == name) return i;
  return fields.size();
}

}  // namespace dormouse
