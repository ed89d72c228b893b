// A pipeline of a checked script, described for operators. Data; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "values/type.h"

namespace dormouse {

// One pipeline as operators see it.
struct PipelineInfo {
  std::string name;
  std::string file;
  uint64_t generation = 0;
  Type input, output;
  Duration deadline{};
  struct Stage {
    std::string path;  // "understand/intent"
    std::string kind;  // component, function, parallel
    std::string component, method;
    std::string cache;
  };
  std::vector<Stage> stages;
  std::vector<std::string> components;  // that the pipeline may call, in order of first use
  Status problem;                       // not ok: a component cannot be described now; calls fail with this cause
};

}  // namespace dormouse
