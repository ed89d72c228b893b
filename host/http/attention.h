// What is not as it should be on a host, each with since when, by whom, and the command that shows or ends it: for
// `ctl status`, /v1/status, and a metric. A snapshot; any thread but a reactor of the data listener, since it looks at
// the files of the scripts.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "http/host_view.h"
#include "http/json_text.h"

namespace dormouse {

struct Attention {
  std::string kind;    // one of kAttentionKinds
  std::string object;  // "docs.ocr"
  std::string what;    // "failed: no such file"
  std::optional<std::chrono::system_clock::time_point> since;
  Actor by;             // who made it so with a verb
  std::string command;  // "dormouse ctl load docs.ocr"
};

// Each is a series of dormouse_attention, also while it is 0.
inline constexpr std::string_view kAttentionKinds[] = {"failed", "replacement", "overdue", "pinned", "files"};

std::vector<Attention> attention_of(const HostView& host);
void write(JsonText& out, const Attention& attention);

// dormouse_attention{kind}, in every snapshot while the registration lives.
Metrics::Registration count_attention(const HostView& host);

}  // namespace dormouse
