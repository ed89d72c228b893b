// The host's metrics as rendered by a component (dormouse.observe/1): the answer to a scrape. Data.
#pragma once

#include <string>

namespace dormouse {

struct Exposition {
  std::string content_type;
  std::string body;
};

}  // namespace dormouse
