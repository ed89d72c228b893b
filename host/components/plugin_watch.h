// Watches the folders of plugin files and of models, so that a replaced file is loaded without a command: the setting
// `plugins.watch`. The kernel reports changes (WatchedFolders); when the folders have been quiet for a moment, the
// watch scans them and calls the registry, which publishes what was found and decides what is replaced. It replaces
// nothing itself. Owner: the host. It has one thread, which sleeps in the kernel until something changes or a look at
// the folders is due. Any thread may make and destroy it.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "base/unique_fd.h"
#include "components/watched_folders.h"

namespace dormouse {

class Registry;

class PluginWatch {
 public:
  // A change counts once no further change has come for this time, so a file is not read while it is being copied.
  static constexpr Duration kQuiet = std::chrono::milliseconds(300);
  // Folders that are never quiet are scanned once in this time.
  static constexpr Duration kQuietMax = std::chrono::seconds(10);
  // Once in this time the watch looks whether a folder came, or was swapped by a link above it.
  static constexpr Duration kLookForFolders = std::chrono::seconds(2);

  // `model_folder` has a folder for each component. A folder that does not exist yet is watched once it is made.
  // `registry` outlives the watch. Errors: resource_exhausted, the kernel has no more watches or threads.
  static Result<std::unique_ptr<PluginWatch>> start(std::vector<std::string> plugin_folders, std::string model_folder,
                                                    Registry& registry);
  // Waits for the thread.
  ~PluginWatch();

 private:
  PluginWatch(WatchedFolders folders, Registry& registry, UniqueFd stop);
  void take_changes();
  void run();

  WatchedFolders folders_;  // of the thread
  Registry& registry_;
  const UniqueFd stop_;  // eventfd
  std::thread thread_;
};

}  // namespace dormouse
