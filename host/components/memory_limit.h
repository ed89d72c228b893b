// The memory limit of this process, in bytes: of its control group, else of the machine. Reads /proc and /sys; sets
// nothing. Any thread.
#pragma once

#include <cstdint>
#include <string>

namespace dormouse {

// The smallest limit of the process's control group and the groups above it (cgroup v1 and v2), else the physical
// memory. `root` is put before all paths, for tests.
uint64_t memory_limit(const std::string& root = {});

}  // namespace dormouse
