// What operators hear of plugin files: the events plugin.found, for a file that may be used and is new or was replaced,
// and plugin.refused, for one that may not be used and why. Each is told once, and again only when the file or what is
// wrong with it has changed. Not what a component does with a file: that is component.replacing and what follows.
// Any thread; two looks at once wait for each other, so that the older one is not told last.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "artifacts/plugin_index.h"
#include "base/events.h"

namespace dormouse {

class PluginNotices {
 public:
  // How many files one look tells of, one by one. The last event counts the others in its field `untold`;
  // GET /v1/plugins has them all.
  static constexpr size_t kEventsMax = 64;

  // `events` outlives it.
  explicit PluginNotices(EventLog& events) : events_(events) {}

  // Scans the folders, and tells what is new since the last look. The first look knows usable files that the index has
  // read before: those were there when the host started. Blocks on the disk, so never from a reactor.
  PluginIndex::Snapshot scan(PluginIndex& index, const std::string& cause, const Actor& actor);

  // The two halves of scan(), for tests. `know` takes the usable files as told, without an event.
  void know(const std::vector<PluginEntry>& files);
  void tell(const std::vector<PluginEntry>& files, const std::string& cause, const Actor& actor);

 private:
  EventLog& events_;
  std::mutex mutex_;  // held during a scan; guards what follows
  bool has_looked_ = false;
  // By path: which file it was, and what was wrong with it. As many as the folders have files.
  std::map<std::string, std::string> told_;
};

}  // namespace dormouse
