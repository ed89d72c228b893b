// The API description (OpenAPI 3.1), made from the route tables that the listeners route by, so it cannot lag behind.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/router.h"

namespace dormouse {

// `control` and `data` are the tables of the two listeners; paths of `data` name its own server.
std::string openapi_json(std::string_view version, const std::vector<Route>& control, const std::vector<Route>& data);

}  // namespace dormouse
