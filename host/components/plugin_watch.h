// Watches the folders of plugin files and of models, so that a replaced file is taken without being asked for:
// `plugins.watch`. It hears of changes (inotify), scans the folders anew when they have been quiet for a moment, and
// tells the registry, which decides what is replaced and publishes what was found.
// Owns one thread, which blocks in the kernel until something changes. Any thread may make and destroy it.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "base/unique_fd.h"

namespace dormouse {

class Registry;

class PluginWatch {
 public:
  // How long nothing may have happened before a change counts: a file that is being copied is not looked at.
  static constexpr Duration kQuiet = std::chrono::milliseconds(300);
  // Folders in which something always happens are looked at this often all the same.
  static constexpr Duration kQuietMax = std::chrono::seconds(10);
  // How often a folder that is not there is looked for.
  static constexpr Duration kLookForFolders = std::chrono::seconds(2);

  // `model_folder` has a folder for each component. A folder that does not exist yet is found when it is made.
  // `registry` outlives the watch. Errors: resource_exhausted, the kernel gives no watch.
  static Result<std::unique_ptr<PluginWatch>> start(std::vector<std::string> plugin_folders, std::string model_folder,
                                                    Registry& registry);
  // Waits for the thread.
  ~PluginWatch();

 private:
  PluginWatch(std::vector<std::string> plugin_folders, std::string model_folder, Registry& registry, UniqueFd changes,
              UniqueFd stop);
  bool watch_folders();  // whether all are there
  void take_changes();
  void run();

  const std::vector<std::string> plugin_folders_;
  const std::string model_folder_;
  Registry& registry_;
  const UniqueFd changes_;  // inotify
  const UniqueFd stop_;     // eventfd
  std::thread thread_;
};

}  // namespace dormouse
