#include "components/plugin_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <utility>

#include "components/registry.h"
#include "exec/thread.h"

namespace dormouse {
namespace {

// A file that was written and closed, renamed, linked or removed; and a folder that came.
constexpr uint32_t kChanges = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ONLYDIR;

Error no_watch(const std::string& what) {
  return {.code = Code::resource_exhausted,
          .message = std::string("cannot be watched: ") + std::strerror(errno),
          .object = what,
          .needed = "an inotify watch",
          .remedy = "raise fs.inotify.max_user_instances, or set plugins.watch: false"};
}

}  // namespace

Result<std::unique_ptr<PluginWatch>> PluginWatch::start(std::vector<std::string> plugin_folders,
                                                        std::string model_folder, Registry& registry) {
  UniqueFd changes(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!changes) return no_watch("the plugin folders");
  UniqueFd stop(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!stop) return no_watch("the plugin folders");
  std::unique_ptr<PluginWatch> watch(new PluginWatch(std::move(plugin_folders), std::move(model_folder), registry,
                                                     std::move(changes), std::move(stop)));
  for (const std::string& folder : watch->plugin_folders_)
    if (inotify_add_watch(watch->changes_.get(), folder.c_str(), kChanges) < 0 && errno != ENOENT)
      return no_watch("plugin folder " + folder);
  Result<std::thread> thread = start_thread(
      "dm-watch", [self = watch.get()] { self->run(); }, ThreadPriority::background);
  if (!thread.ok()) return thread.status();
  watch->thread_ = std::move(*thread);
  return watch;
}

PluginWatch::PluginWatch(std::vector<std::string> plugin_folders, std::string model_folder, Registry& registry,
                         UniqueFd changes, UniqueFd stop)
    : plugin_folders_(std::move(plugin_folders)),
      model_folder_(std::move(model_folder)),
      registry_(registry),
      changes_(std::move(changes)),
      stop_(std::move(stop)) {}

PluginWatch::~PluginWatch() {
  if (!thread_.joinable()) return;
  const uint64_t one = 1;
  while (::write(stop_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
  thread_.join();
}

// Folders come and go; to watch one again is nothing.
bool PluginWatch::watch_folders() {
  const auto watch = [&](const std::string& folder) {
    return inotify_add_watch(changes_.get(), folder.c_str(), kChanges) >= 0;
  };
  bool all = watch(model_folder_);
  for (const std::string& folder : plugin_folders_) all = watch(folder) && all;
  std::error_code failed;
  for (std::filesystem::directory_iterator each(model_folder_, failed), end; !failed && each != end;
       each.increment(failed))
    if (each->is_directory(failed)) watch(each->path().string());
  return all;
}

void PluginWatch::take_changes() {
  registry_.scan_plugins("plugins.watch", {});
  registry_.take_changed_files();
}

void PluginWatch::run() {
  using std::chrono::steady_clock;
  const auto milliseconds = [](auto duration) {
    return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
  };
  bool all_there = watch_folders();
  take_changes();        // since the host read the folders
  bool changed = false;  // since `first`, and not taken yet
  steady_clock::time_point first{};
  while (true) {
    std::array<pollfd, 2> waits{{{stop_.get(), POLLIN, 0}, {changes_.get(), POLLIN, 0}}};
    const int timeout = changed ? milliseconds(kQuiet) : all_there ? -1 : milliseconds(kLookForFolders);
    const int ready = ::poll(waits.data(), waits.size(), timeout);
    if (ready < 0 && errno != EINTR) return;
    if (waits[0].revents != 0) return;
    alignas(inotify_event) std::array<char, 4096> heard;
    bool is_quiet = true;
    while (::read(changes_.get(), heard.data(), heard.size()) > 0) is_quiet = false;
    if (!is_quiet && !std::exchange(changed, true)) first = steady_clock::now();
    if (!is_quiet && steady_clock::now() - first < kQuietMax) continue;
    // Before the look, so that nothing that happens after it is missed.
    const bool was_there = std::exchange(all_there, watch_folders());
    if (std::exchange(changed, false) || was_there != all_there) take_changes();
  }
}

}  // namespace dormouse
