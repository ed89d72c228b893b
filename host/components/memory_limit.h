// How much memory this process may have: of its control group, else of the machine. Reads /proc and /sys. Any thread.
#pragma once

#include <cstdint>
#include <string>

namespace dormouse {

// The smallest limit of the control group and those around it (both versions), else the physical memory. `root` stands
// before all paths, for tests.
uint64_t memory_limit(const std::string& root = {});

}  // namespace dormouse
