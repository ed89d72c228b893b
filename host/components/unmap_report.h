// The result of Library::unmap: the proof that the code is gone, or the reason why it is not. Data.
#pragma once

#include <string>
#include <vector>

namespace dormouse {

struct UnmapReport {
  bool unmapped = false;                         // proven: RTLD_NOLOAD finds nothing and the link map has no entry
  bool in_use = false;                           // another incarnation has the same file mapped: no failure
  std::string cause;                             // when both are false: the likely reason why the loader kept the code
  std::vector<std::string> pinned_dependencies;  // libraries that came with the plugin and stay mapped
};

}  // namespace dormouse
