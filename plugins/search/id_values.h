// Ids as they come in requests and go out in answers. Errors: Failure DM_INVALID_ARGUMENT, with the position.
#pragma once

#include <vector>

#include "dormouse/value.hpp"
#include "search/ids.h"

namespace dormouse::search {

// One id: int or string.
Id id_of(View value, size_t position);
// A tensor<i64>, a list of ints or strings, or a single one.
std::vector<Id> ids_of(View value);
// As the field `id` of a map.
void write_id(const Id& id, Map& map);

}  // namespace dormouse::search
