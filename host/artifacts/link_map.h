// What the dynamic loader has mapped into this process. Looks only; maps and unmaps nothing. Any thread.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace dormouse {

struct MappedObject {
  std::string path;    // as the loader knows it; "" for the program itself
  uint64_t bytes = 0;  // address space of its segments
};

// In the order of loading. Takes the loader's lock for a moment, so it waits while another thread is inside dlopen.
std::vector<MappedObject> mapped_objects();

// The file name at the end of a path: for a library, its soname.
std::string_view name_in_path(std::string_view path);

// Names of the objects that were mapped before the first plugin was: they are never unloaded with one. Taken once, at
// the first call, which therefore comes before the first Library::map.
const std::set<std::string, std::less<>>& host_objects();

}  // namespace dormouse
