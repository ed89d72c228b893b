// The limits for the scripts of one host. Data; from the configuration.
#pragma once

#include <chrono>
#include <cstddef>

#include "base/clock.h"

namespace dormouse {

struct ScriptLimits {
  size_t memory_bytes_max = size_t{64} << 20;               // one Lua state
  Duration load_cpu_max = std::chrono::seconds(2);          // CPU time of loading one script
  Duration entry_cpu_max = std::chrono::milliseconds(100);  // CPU time of one entry into Lua while serving
  unsigned generations_max = 3;                             // alive at the same time, the serving one included
};

}  // namespace dormouse
