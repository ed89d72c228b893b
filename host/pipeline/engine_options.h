// The options of an engine (engine.h). Data, given once at its creation.
#pragma once

#include <string>
#include <vector>

#include "script/script_limits.h"

namespace dormouse {

struct EngineOptions {
  std::vector<std::string> pipelines;  // files, or folders whose *.lua are taken in order of name
  std::vector<std::string> policies;
  ScriptLimits limits;
};

}  // namespace dormouse
