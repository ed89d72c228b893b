#include "components/memory_limit.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "support/temp_folder.h"

namespace dormouse {
namespace {

struct FakeRoot {
  TempFolder folder;
  void write(const std::string& path, const std::string& text) {
    const std::filesystem::path file = folder / path.substr(1);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  uint64_t limit() { return memory_limit(folder.path()); }
};

}  // namespace

TEST_CASE("without a control group the limit is the machine's memory") {
  FakeRoot root;
  const uint64_t physical = root.limit();
  CHECK(physical > 64 << 20);
  root.write("/proc/self/cgroup", "0::/user.slice\n");
  root.write("/sys/fs/cgroup/user.slice/memory.max", "max\n");
  CHECK(root.limit() == physical);
  root.write("/proc/self/cgroup", "no control group\n");
  CHECK(root.limit() == physical);
}

TEST_CASE("the smallest limit of the groups around a process counts") {
  FakeRoot root;
  root.write("/proc/self/cgroup", "0::/outer/inner\n");
  root.write("/sys/fs/cgroup/outer/inner/memory.max", "max\n");
  root.write("/sys/fs/cgroup/outer/memory.max", "33554432\n");
  CHECK(root.limit() == 33554432);
  root.write("/sys/fs/cgroup/outer/inner/memory.max", "16777216\n");
  CHECK(root.limit() == 16777216);
}

TEST_CASE("inside a container the limit stands at the root") {
  FakeRoot root;
  root.write("/proc/self/cgroup", "0::/\n");
  root.write("/sys/fs/cgroup/memory.max", "33554432\n");
  CHECK(root.limit() == 33554432);
}

TEST_CASE("limits of the first version of control groups count too") {
  FakeRoot root;
  root.write("/proc/self/cgroup", "12:cpu:/a\n7:memory:/docker/b\n");
  root.write("/sys/fs/cgroup/memory/docker/b/memory.limit_in_bytes", "33554432\n");
  CHECK(root.limit() == 33554432);
  const uint64_t physical = FakeRoot().limit();
  root.write("/sys/fs/cgroup/memory/docker/b/memory.limit_in_bytes", "9223372036854771712\n");
  CHECK(root.limit() == physical);
}

}  // namespace dormouse
