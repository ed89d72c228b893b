#include "cli/line_limit.h"

#include <algorithm>
#include <utility>

namespace dormouse {

bool LineLimit::admit(std::string_view message, LogLevel level, Time now) {
  if (lines_per_second_ == 0) return true;
  Window& window = window_of(message, now);
  if (window.lines < lines_per_second_) {
    ++window.lines;
    return true;
  }
  drop(window, level);
  return false;
}

void LineLimit::count(std::string_view reason, LogLevel level, Time now) {
  drop(window_of(reason, now), level);
}

void LineLimit::drop(Window& window, LogLevel level) {
  ++window.dropped;
  window.level = std::max(window.level, level);
  pending_ = true;
}

// Bounded also when nobody takes them.
void LineLimit::end(const std::string& message, const Window& window) {
  if (ended_.size() < kMessagesMax) return ended_.push_back({message, window.level, window.dropped});
  Dropped& last = ended_.back();
  last = {std::string(kOthers), std::max(last.level, window.level), last.lines + window.dropped};
}

LineLimit::Window& LineLimit::window_of(std::string_view message, Time now) {
  auto found = windows_.find(message);
  if (found == windows_.end()) {
    // One place is kept for the others.
    if (windows_.size() + 1 >= kMessagesMax) {
      std::erase_if(windows_,
                    [&](const auto& each) { return each.second.dropped == 0 && now - each.second.began >= kWindow; });
    }
    const std::string_view name = windows_.size() + 1 >= kMessagesMax ? kOthers : message;
    found = windows_.try_emplace(std::string(name), Window{.began = now}).first;
  }
  Window& window = found->second;
  if (now - window.began >= kWindow) {
    if (window.dropped) end(found->first, window);
    window = Window{.began = now};
  }
  return window;
}

std::vector<LineLimit::Dropped> LineLimit::take(Time now) {
  std::vector<Dropped> taken = std::exchange(ended_, {});
  pending_ = false;
  for (auto& [message, window] : windows_) {
    if (window.dropped == 0) continue;
    if (now != Time::max() && now - window.began < kWindow) {
      pending_ = true;
      continue;
    }
    taken.push_back({message, window.level, std::exchange(window.dropped, 0)});
  }
  return taken;
}

}  // namespace dormouse
