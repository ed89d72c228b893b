// Events about plugin files, for operators: plugin.found, for a usable file that is new or was replaced; and
// plugin.refused, for an unusable file, with the reason. Each is published once, and again only when the file or the
// reason has changed. The replacement of a component by a new file has other events (component.replacing and later
// ones). Owner: the registry. Any thread; two scans at once wait for each other, so that the older one is not published
// last.
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
  // Most events of one scan. The last event counts further files in its field `untold`; GET /v1/plugins has all files.
  static constexpr size_t kEventsMax = 64;

  // `events` outlives it.
  explicit PluginNotices(EventLog& events) : events_(events) {}

  // Scans the folders, and publishes the differences to the last scan. The first scan publishes no usable file that the
  // index has read before: such a file was there when the host started. Blocks on the disk, so never from a reactor.
  PluginIndex::Snapshot scan(PluginIndex& index, const std::string& cause, const Actor& actor);

  // The two halves of scan(), for tests. know() marks the usable files as published, without an event.
  void know(const std::vector<PluginEntry>& files);
  void tell(const std::vector<PluginEntry>& files, const std::string& cause, const Actor& actor);

 private:
  EventLog& events_;
  std::mutex mutex_;  // held during a scan; guards what follows
  bool has_looked_ = false;
  // By path: the file's identity and its problem, as published. One entry for each file of the folders.
  std::map<std::string, std::string> told_;
};

}  // namespace dormouse
