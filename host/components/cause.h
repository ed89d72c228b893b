// Why a component changed its state: one of a few kinds, for counters and decisions, and the words that operators read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dormouse {

enum class CauseKind : uint8_t {
  none,           // nothing has happened yet
  demand,         // a request, a prefetch, a preload, a verb
  idle,           // it was not used for long enough
  verb,           // an operator's trim, park, unload
  reload,         // an operator's reload
  changed_file,   // plugins.watch found another plugin file or model
  stop,           // the host stops
  load_given_up,  // an operator's, or the stop's
  load_failed,
  kept,       // its code could not go
  objection,  // the component's own: a veto
  use,        // it was called
};

struct Cause {
  CauseKind kind = CauseKind::none;
  std::string words;  // "request", "idle for 2m", "asked to unload"
};

// Whether it is loaded again at once, with what is on disk.
constexpr bool is_reload(CauseKind kind) {
  return kind == CauseKind::reload || kind == CauseKind::changed_file;
}

// One word for why a component left, as the metric has it.
constexpr std::string_view unload_reason(CauseKind kind) {
  switch (kind) {
    case CauseKind::idle:
      return "idle";
    case CauseKind::reload:
    case CauseKind::changed_file:
      return "reload";
    case CauseKind::stop:
      return "stop";
    case CauseKind::load_given_up:
      return "load_given_up";
    default:
      return "operator";
  }
}

}  // namespace dormouse
