#include "components/watched_folders.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace dormouse {
namespace {

// A file that was written and closed, renamed, linked or removed; a folder that came; another mode or owner, which is
// the remedy for a file that others may write; and the watched folder itself, renamed or removed.
constexpr uint32_t kChanges = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB |
                              IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR;

Error no_watch(const std::string& what) {
  return {.code = Code::resource_exhausted,
          .message = std::string("cannot be watched: ") + std::strerror(errno),
          .object = what,
          .needed = "an inotify watch",
          .remedy = "raise fs.inotify.max_user_instances, or set plugins.watch: false"};
}

}  // namespace

Result<WatchedFolders> WatchedFolders::create(std::vector<std::string> plugin_folders, std::string model_folder) {
  UniqueFd changes(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!changes) return no_watch("the plugin folders");
  for (const std::string& folder : plugin_folders)
    if (inotify_add_watch(changes.get(), folder.c_str(), kChanges) < 0 && errno != ENOENT)
      return no_watch("plugin folder " + folder);
  WatchedFolders folders(std::move(plugin_folders), std::move(model_folder), std::move(changes));
  folders.look();
  return folders;
}

WatchedFolders::WatchedFolders(std::vector<std::string> plugin_folders, std::string model_folder, UniqueFd changes)
    : plugin_folders_(std::move(plugin_folders)),
      model_folder_(std::move(model_folder)),
      changes_(std::move(changes)) {}

bool WatchedFolders::heard() {
  alignas(inotify_event) std::array<char, 4096> events;
  bool something = false;
  for (ssize_t size; (size = ::read(changes_.get(), events.data(), events.size())) > 0;)
    for (const char* at = events.data(); at < events.data() + size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(at);
      // The end of a watch is no news: look() ended it, or the folder is gone, which has an event of its own.
      something = something || (event->mask & IN_IGNORED) == 0;
      at += sizeof *event + event->len;
    }
  return something;
}

// To watch a folder again gives the number of the watch there is; another folder at the path, even one that got the
// inode of a removed folder, gets a number that was never used.
bool WatchedFolders::look() {
  std::map<std::string, int> now;
  for (const std::string& path : paths())
    if (const int watch = inotify_add_watch(changes_.get(), path.c_str(), kChanges); watch >= 0) now[path] = watch;
  if (now == watches_) return false;
  // Several paths may lead to one folder.
  const auto is_in_use = [&](int watch) {
    return std::any_of(now.begin(), now.end(), [&](const auto& folder) { return folder.second == watch; });
  };
  for (const auto& [path, watch] : watches_)
    if (!is_in_use(watch)) inotify_rm_watch(changes_.get(), watch);
  watches_ = std::move(now);
  return true;
}

std::vector<std::string> WatchedFolders::paths() const {
  std::vector<std::string> paths = plugin_folders_;
  paths.push_back(model_folder_);
  std::error_code failed;
  for (std::filesystem::directory_iterator each(model_folder_, failed), end; !failed && each != end;
       each.increment(failed))
    if (each->is_directory(failed)) paths.push_back(each->path().string());
  return paths;
}

}  // namespace dormouse
