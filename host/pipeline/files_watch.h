// Watches whether files on disk differ from those that the host serves, since when and why: a script that was corrected
// but not reloaded, a configuration that the next start will refuse. It reports and never reloads.
// Owner: the host. It compares the files on the loop that it is given: the control thread's, never a reactor's, because
// a comparison may block on the disk. It fails with nothing: a difference that cannot be found out now is left out.
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
  // One set of files. `unlike_disk` returns how they differ; empty text: they do not; nullopt: unknown at this moment.
  struct Source {
    std::string kind;
    std::function<std::optional<std::string>()> unlike_disk;
  };
  using WallClock = std::function<std::chrono::system_clock::time_point()>;

  // Compares at once, then each `every`, and after each event whose kind begins with "scripts.". Publishes the event
  // KIND.differ and the metric dormouse_files_differ{kind}. All references outlive the watch.
  FilesWatch(std::vector<Source> sources, Duration every, WallClock wall_clock, EventLoop& loop, EventLog& events,
             Metrics& metrics);
  // Waits for a comparison that is under way; none begins after that. Any thread.
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
