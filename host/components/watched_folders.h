// The folders of plugin files and of models, as the kernel watches them (inotify) for PluginWatch: whether something
// changed in one of them, and whether a folder came, went, or was swapped. Reads no file. No lock: one thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/unique_fd.h"

namespace dormouse {

class WatchedFolders {
 public:
  // `model_folder` has a folder for each component. A folder that does not exist yet is found by a later look().
  // Errors: resource_exhausted, the kernel gives no watch for a plugin folder that is there.
  static Result<WatchedFolders> create(std::vector<std::string> plugin_folders, std::string model_folder);

  int fd() const { return changes_.get(); }  // readable once something changed

  // Whether something changed in a watched folder, or happened to the folder itself, since the last call. Never waits.
  bool heard();

  // Looks at each path anew and watches the folder that is there. Returns whether at one of the paths a folder came,
  // went, or is another one than before. Only a look notices a switched link above a folder: the kernel does not tell.
  bool look();

 private:
  WatchedFolders(std::vector<std::string> plugin_folders, std::string model_folder, UniqueFd changes);
  std::vector<std::string> paths() const;

  std::vector<std::string> plugin_folders_;
  std::string model_folder_;
  UniqueFd changes_;                    // inotify
  std::map<std::string, int> watches_;  // by path; only of folders that are there
};

}  // namespace dormouse
