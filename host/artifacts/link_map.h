// The objects that the dynamic loader has mapped into this process. It only reads; it maps and unmaps nothing. Any
// thread.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace dormouse {

struct MappedObject {
  std::string path;    // the loader's path; "" for the program itself
  uint64_t bytes = 0;  // address space of its segments
};

// All mapped objects, in the order of loading. Takes the loader's lock, so it waits while another thread is in dlopen.
std::vector<MappedObject> mapped_objects();

// The file name at the end of a path: for a library, its soname.
std::string_view name_in_path(std::string_view path);

// File names of the objects that were mapped before the first plugin. They are never unloaded with a plugin. The list
// is made at the first call, so call it before the first Library::map.
const std::set<std::string, std::less<>>& host_objects();

}  // namespace dormouse
