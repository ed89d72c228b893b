#include "artifacts/link_map.h"

#include <link.h>

#include <algorithm>

namespace dormouse {
namespace {

uint64_t address_space(const dl_phdr_info& info) {
  uint64_t first = UINT64_MAX;
  uint64_t end = 0;
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const auto& segment = info.dlpi_phdr[i];
    if (segment.p_type != PT_LOAD) continue;
    first = std::min<uint64_t>(first, segment.p_vaddr);
    end = std::max<uint64_t>(end, segment.p_vaddr + segment.p_memsz);
  }
  constexpr uint64_t kPage = 4096;
  return end > first ? (end - first + kPage - 1) / kPage * kPage : 0;
}

// The thread sanitizer does not see the lock of the loader; it forgives a name, but not the NUL behind it, which strlen
// reads. Volatile, or the compiler makes a strlen of it.
__attribute__((no_sanitize("thread"))) size_t length_of(const volatile char* name) {
  size_t length = 0;
  while (name[length] != '\0') ++length;
  return length;
}

}  // namespace

std::vector<MappedObject> mapped_objects() {
  std::vector<MappedObject> objects;
  const auto add = [](dl_phdr_info* info, size_t, void* list) {
    std::string path(info->dlpi_name, length_of(info->dlpi_name));
    static_cast<std::vector<MappedObject>*>(list)->push_back({std::move(path), address_space(*info)});
    return 0;
  };
  dl_iterate_phdr(add, &objects);
  return objects;
}

std::string_view name_in_path(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

const std::set<std::string, std::less<>>& host_objects() {
  static const std::set<std::string, std::less<>> names = [] {
    std::set<std::string, std::less<>> found;
    for (const MappedObject& object : mapped_objects()) found.emplace(name_in_path(object.path));
    return found;
  }();
  return names;
}

}  // namespace dormouse
