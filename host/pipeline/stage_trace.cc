#include "pipeline/stage_trace.h"

namespace dormouse {

std::string_view to_string(Outcome outcome) {
  constexpr std::string_view kNames[kOutcomes] = {"ok", "skipped", "fallback", "error", "timeout", "cancelled"};
  return kNames[static_cast<size_t>(outcome)];
}

}  // namespace dormouse
