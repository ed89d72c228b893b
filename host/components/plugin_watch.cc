#include "components/plugin_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "components/registry.h"
#include "exec/thread.h"

namespace dormouse {

Result<std::unique_ptr<PluginWatch>> PluginWatch::start(std::vector<std::string> plugin_folders,
                                                        std::string model_folder, Registry& registry) {
  Result<WatchedFolders> folders = WatchedFolders::create(std::move(plugin_folders), std::move(model_folder));
  if (!folders.ok()) return folders.status();
  UniqueFd stop(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!stop)
    return Error{.code = Code::resource_exhausted,
                 .message = std::string("cannot be watched: ") + std::strerror(errno),
                 .object = "the plugin folders",
                 .needed = "an eventfd",
                 .remedy = "raise the limit of open files, or set plugins.watch: false"};
  std::unique_ptr<PluginWatch> watch(new PluginWatch(std::move(*folders), registry, std::move(stop)));
  Result<std::thread> thread = start_thread(
      "dm-watch", [self = watch.get()] { self->run(); }, ThreadPriority::background);
  if (!thread.ok()) return thread.status();
  watch->thread_ = std::move(*thread);
  return watch;
}

PluginWatch::PluginWatch(WatchedFolders folders, Registry& registry, UniqueFd stop)
    : folders_(std::move(folders)), registry_(registry), stop_(std::move(stop)) {}

PluginWatch::~PluginWatch() {
  if (!thread_.joinable()) return;
  const uint64_t one = 1;
  while (::write(stop_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
  thread_.join();
}

void PluginWatch::take_changes() {
  registry_.scan_plugins("plugins.watch", {});
  registry_.take_changed_files();
}

void PluginWatch::run() {
  using std::chrono::steady_clock;
  take_changes();        // since the host read the folders
  bool changed = false;  // since `first`, and not taken yet
  steady_clock::time_point first{};
  while (true) {
    std::array<pollfd, 2> waits{{{stop_.get(), POLLIN, 0}, {folders_.fd(), POLLIN, 0}}};
    const auto timeout =
        std::chrono::duration_cast<std::chrono::milliseconds>(changed ? kQuiet : kLookForFolders).count();
    const int ready = ::poll(waits.data(), waits.size(), static_cast<int>(timeout));
    if (ready < 0 && errno != EINTR) return;
    if (waits[0].revents != 0) return;
    const bool heard = folders_.heard();
    // Before the scan, so that nothing that happens after it is missed. A folder that came may still be being filled.
    const bool is_quiet = !folders_.look() && !heard;
    if (!is_quiet && !std::exchange(changed, true)) first = steady_clock::now();
    if (!changed || (!is_quiet && steady_clock::now() - first < kQuietMax)) continue;
    changed = false;
    take_changes();
  }
}

}  // namespace dormouse
