#include "cli/progress.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include "cli/table.h"

namespace dormouse {
namespace {

constexpr Duration kTerminalEvery = std::chrono::milliseconds(100);
constexpr Duration kLineEvery = std::chrono::seconds(5);
constexpr int kBarWidth = 30;

std::string percent(double share) {
  char text[16];
  std::snprintf(text, sizeof text, "%3.0f%%", share * 100);
  return text;
}

}  // namespace

std::string ProgressText::update(double done, double total, std::string_view what, Time now) {
  const Duration every = terminal_ ? kTerminalEvery : kLineEvery;
  // A new step is always told, so a log shows what was slow.
  const bool new_step = what != last_what_;
  if (shown_ && !new_step && now - last_ < every) return "";
  shown_ = true;
  last_ = now;
  last_what_ = what;
  const double share = total > 0 ? std::clamp(done / total, 0.0, 1.0) : -1;
  if (terminal_) return "\r\x1b[K" + bar(share, what, now);
  return (share < 0 ? std::string() : percent(share) + " ") + printable(what) + time_left(share, ", ", now, "") + "\n";
}

std::string ProgressText::finish() {
  return std::exchange(shown_, false) && terminal_ ? "\r\x1b[K" : "";
}

std::string ProgressText::bar(double share, std::string_view what, Time now) const {
  if (share < 0) return printable(what);
  const int filled = static_cast<int>(share * kBarWidth);
  std::string text = "[" + std::string(static_cast<size_t>(filled), '#') +
                     std::string(static_cast<size_t>(kBarWidth - filled), '.') + "] " + percent(share) + "  ";
  return text + time_left(share, "", now, "  ") + printable(what);
}

// An estimate from one percent of the work would jump about.
std::string ProgressText::time_left(double share, std::string_view before, Time now, std::string_view behind) const {
  if (share <= 0.05 || share >= 1) return "";
  const double spent_ms = std::chrono::duration<double, std::milli>(now - started_).count();
  return std::string(before) + show_ms(spent_ms * (1 - share) / share) + " left" + std::string(behind);
}

}  // namespace dormouse
