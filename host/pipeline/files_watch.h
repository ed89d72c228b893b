// Whether files on disk differ from what the host serves, since when and why: a mended script that nobody reloaded, a
// configuration that the next start will refuse. It changes nothing and reloads nothing.
// Looks on the loop it is given, which is the control thread's and never a reactor's: a look may block on the disk.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/events.h"
#include "base/metrics.h"
#include "exec/event_loop.h"

namespace dormouse {

struct FileDifference {
  std::string kind;    // "scripts", "config"
  std::string reason;  // "pipelines/a.lua changed (the last reload was refused with 1 error)"
  std::chrono::system_clock::time_point since;
};

class FilesWatch {
 public:
  // One set of files. `unlike_disk` says how they differ; empty: they do not; nothing: it cannot be said now.
  struct Source {
    std::string kind;
    std::function<std::optional<std::string>()> unlike_disk;
  };
  using WallClock = std::function<std::chrono::system_clock::time_point()>;

  // Looks at once, then every `every`, and after each event whose kind begins with "scripts.". Events KIND.differ, and
  // the metric dormouse_files_differ{kind}. All references outlive the watch.
  FilesWatch(std::vector<Source> sources, Duration every, WallClock wall_clock, EventLoop& loop, EventLog& events,
             Metrics& metrics);
  // Waits for a look that is being taken; none is after it. Any thread.
  ~FilesWatch();
  FilesWatch(const FilesWatch&) = delete;

  // Any thread.
  std::vector<FileDifference> differences() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with timers on their way
  Metrics::Registration collector_;
};

}  // namespace dormouse
