#include "search/id_values.h"

#include "search/bounds.h"

namespace dormouse::search {

Id id_of(View value, size_t position) {
  if (value.kind() == DM_INT) return {false, value.as_int(), {}};
  if (value.kind() != DM_STRING) {
    throw Failure(DM_INVALID_ARGUMENT,
                  "ids, item " + std::to_string(position) + ": needed int or string, found " + kind_word(value.kind()));
  }
  const std::string_view text = value.as_string();
  if (text.empty() || text.size() > kIdBytesMax) {
    throw Failure(DM_INVALID_ARGUMENT, "ids, item " + std::to_string(position) + ": needed 1 to " +
                                           std::to_string(kIdBytesMax) + " bytes, found " +
                                           std::to_string(text.size()));
  }
  return {true, 0, std::string(text)};
}

std::vector<Id> ids_of(View value) {
  std::vector<Id> ids;
  if (value.kind() == DM_TENSOR) {
    for (const int64_t number : value.as_tensor<int64_t>()) ids.push_back({false, number, {}});
  } else if (value.kind() == DM_LIST) {
    for (const View item : value.items()) ids.push_back(id_of(item, ids.size()));
  } else if (value.kind() == DM_INT || value.kind() == DM_STRING) {
    ids.push_back(id_of(value, 0));
  } else {
    throw Failure(DM_INVALID_ARGUMENT, std::string("ids: needed a tensor<i64>, or a list of ints or strings, found ") +
                                           kind_word(value.kind()));
  }
  return ids;
}

void write_id(const Id& id, Map& map) {
  if (id.is_text) {
    map.field("id", id.text);
  } else {
    map.field("id", id.number);
  }
}

}  // namespace dormouse::search
