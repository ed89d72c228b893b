// The host's metrics as a component shows them.
#pragma once

#include <string>

namespace dormouse {

struct Exposition {
  std::string content_type;
  std::string body;
};

}  // namespace dormouse
