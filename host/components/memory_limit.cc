#include "components/memory_limit.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>

#include "base/file.h"

namespace dormouse {
namespace {

constexpr size_t kFileMax = size_t{64} << 10;

// Nothing for "max", which is no number, and for no file.
std::optional<uint64_t> number_in(const std::string& path) {
  const Result<std::string> text = read_file(path, kFileMax);
  if (!text.ok()) return std::nullopt;
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end == text->data()) return std::nullopt;
  return number;
}

// Of `group` and every one around it, up to the root of the hierarchy: inside a container that is all there is to see.
uint64_t smallest_limit(const std::string& hierarchy, std::string group, const std::string& file) {
  uint64_t least = UINT64_MAX;
  while (true) {
    std::string path = hierarchy;
    path += group;
    path += '/';
    path += file;
    least = std::min(least, number_in(path).value_or(UINT64_MAX));
    if (group.empty()) return least;
    group.resize(std::min(group.rfind('/'), group.size() - 1));
  }
}

uint64_t group_limit(const std::string& root) {
  const Result<std::string> groups = read_file(root + "/proc/self/cgroup", kFileMax);
  if (!groups.ok()) return UINT64_MAX;
  uint64_t least = UINT64_MAX;
  std::istringstream lines(*groups);
  // "0::/user.slice/x" of version 2, "7:memory:/docker/y" of version 1.
  for (std::string line; std::getline(lines, line);) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    std::string group = line.substr(second + 1);
    if (group == "/") group.clear();
    if (controllers.empty())
      least = std::min(least, smallest_limit(root + "/sys/fs/cgroup", group, "memory.max"));
    else if (controllers == "memory")
      least = std::min(least, smallest_limit(root + "/sys/fs/cgroup/memory", group, "memory.limit_in_bytes"));
  }
  return least;
}

}  // namespace

uint64_t memory_limit(const std::string& root) {
  const auto physical =
      static_cast<uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  return std::min(physical, group_limit(root));  // version 1 says a number near 2^63 for "no limit"
}

}  // namespace dormouse
