// How the end of a mapping went.
#pragma once

#include <string>
#include <vector>

namespace dormouse {

struct UnmapReport {
  bool unmapped = false;                         // proven: RTLD_NOLOAD finds nothing and the link map has no entry
  bool in_use = false;                           // somebody else in this host has the same file mapped: no failure
  std::string cause;                             // neither: why the loader kept it, as far as it can be known
  std::vector<std::string> pinned_dependencies;  // came with the plugin and stayed
};

}  // namespace dormouse
