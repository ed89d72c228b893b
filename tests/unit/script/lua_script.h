// Runs one script in a state of its own, the way a policy is loaded, and says what stopped it.
#pragma once

#include <string>

#include "script/script_run.h"

namespace dormouse {

// "" when it ran to its end, else "line: message".
inline std::string run_lua(const std::string& text, ScriptLimits limits = {}) {
  ScriptHost host;
  auto state = make_script_state(limits, host);
  if (!state.ok()) return state.status().to_string();
  ScriptDescription description;
  ScriptErrors errors;
  const SourceText source("t.lua", text);
  run_script(**state, host, source, ScriptKind::policies, limits, description, errors);
  if (errors.empty()) return "";
  const ScriptError error = errors.take_errors().front();
  return std::to_string(error.line) + ": " + error.message;
}

}  // namespace dormouse
