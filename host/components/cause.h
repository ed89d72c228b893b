// The cause of a change of state: a kind, for counters and decisions, and words, for operators. Data; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dormouse {

enum class CauseKind : uint8_t {
  none,           // no change yet
  demand,         // a request, a prefetch, a preload, a verb
  idle,           // no lease for long enough
  verb,           // an operator's trim, park, unload
  reload,         // an operator's reload
  changed_file,   // plugins.watch found another plugin file or model
  stop,           // the host stops
  load_given_up,  // an operator or the stop gave the load up
  load_failed,
  kept,       // the code stays mapped
  objection,  // a veto of the component
  use,        // a call
};

struct Cause {
  CauseKind kind = CauseKind::none;
  std::string words;  // "request", "idle for 2m", "asked to unload"
};

// Whether the component loads again at once, from the files on disk.
constexpr bool is_reload(CauseKind kind) {
  return kind == CauseKind::reload || kind == CauseKind::changed_file;
}

// The label of an unload in the metric, one word.
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
