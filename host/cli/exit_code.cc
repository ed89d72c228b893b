#include "cli/exit_code.h"

#include <algorithm>

namespace dormouse {

ExitCode exit_code_of(std::string_view code, bool has_faults) {
  // draining ... generation_changed are words that hosts of later versions send.
  static constexpr std::string_view kLater[] = {"busy",         "failed_precondition", "queue_full", "overloaded",
                                                "unavailable",  "resource_exhausted",  "draining",   "disabled",
                                                "rate_limited", "generation_changed"};
  if (has_faults) return ExitCode::config;
  if (code == "unauthenticated" || code == "forbidden") return ExitCode::not_allowed;
  return std::find(std::begin(kLater), std::end(kLater), code) == std::end(kLater) ? ExitCode::failed
                                                                                   : ExitCode::refused;
}

}  // namespace dormouse
