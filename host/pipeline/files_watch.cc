#include "pipeline/files_watch.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

namespace dormouse {
namespace {

constexpr MetricInfo kDiffer{"dormouse_files_differ",
                             "1 while files on disk differ from what serves: scripts or config (the YAML file).",
                             MetricType::gauge};

}  // namespace

struct FilesWatch::Impl : std::enable_shared_from_this<Impl> {
  Impl(std::vector<Source> sources, Duration every, WallClock wall_clock, EventLoop& loop, EventLog& events)
      : sources(std::move(sources)),
        every(every),
        wall_clock(std::move(wall_clock)),
        loop(loop),
        events(events),
        seen(events.last_sequence()) {}

  // On the loop, from here on.
  void look() {
    std::lock_guard lock(looking);
    if (stopped) return;
    for (const Source& source : sources)
      if (std::optional<std::string> found = source.unlike_disk()) note(source.kind, std::move(*found));
  }

  void note(const std::string& kind, std::string reason) {
    std::unique_lock lock(mutex);
    const auto known = std::find_if(differ.begin(), differ.end(), [&](const auto& each) { return each.kind == kind; });
    const bool is_known = known != differ.end();
    if (reason.empty()) {
      if (is_known) differ.erase(known);
      return;
    }
    if (is_known && known->reason == reason) return;
    if (is_known)
      known->reason = reason;
    else
      differ.push_back({kind, reason, wall_clock()});
    lock.unlock();
    events.publish(kind + ".differ", kind, {{"reason", std::move(reason)}});
  }

  void arm() {
    loop.at(loop.now() + every, [weak = weak_from_this()] {
      const auto impl = weak.lock();
      if (!impl) return;
      impl->look();
      impl->arm();
    });
  }

  // On any thread: many events are one look.
  void on_event() {
    if (asked.exchange(true)) return;
    loop.post([weak = weak_from_this()] {
      const auto impl = weak.lock();
      if (!impl) return;
      impl->asked = false;  // first: what is published from here on is looked at again
      bool of_scripts = false;
      for (const Event& event : impl->events.since(impl->seen)) {
        impl->seen = event.sequence;
        of_scripts = of_scripts || (event.kind.starts_with("scripts.") && event.kind != "scripts.differ");
      }
      if (of_scripts) impl->look();
    });
  }

  const std::vector<Source> sources;
  const Duration every;
  const WallClock wall_clock;
  EventLoop& loop;
  EventLog& events;
  std::atomic<bool> asked{false};
  uint64_t seen;  // the loop's
  uint64_t subscription = 0;

  std::mutex looking;  // held through a look; guards what follows
  bool stopped = false;

  mutable std::mutex mutex;  // over what follows
  std::vector<FileDifference> differ;
};

FilesWatch::FilesWatch(std::vector<Source> sources, Duration every, WallClock wall_clock, EventLoop& loop,
                       EventLog& events, Metrics& metrics)
    : impl_(std::make_shared<Impl>(std::move(sources), every, std::move(wall_clock), loop, events)) {
  loop.post([weak = impl_->weak_from_this()] {
    const auto impl = weak.lock();
    if (!impl) return;
    impl->look();
    impl->arm();
  });
  impl_->subscription = events.subscribe([weak = impl_->weak_from_this()] {
    if (const auto impl = weak.lock()) impl->on_event();
  });
  collector_ = metrics.collect([impl = impl_.get()](MetricSink& sink) {
    std::lock_guard lock(impl->mutex);
    for (const Source& source : impl->sources) {
      const bool differs = std::any_of(impl->differ.begin(), impl->differ.end(),
                                       [&](const FileDifference& each) { return each.kind == source.kind; });
      sink.value(kDiffer, {{"kind", source.kind}}, differs ? 1 : 0);
    }
  });
}

FilesWatch::~FilesWatch() {
  collector_ = {};
  impl_->events.unsubscribe(impl_->subscription);
  std::lock_guard lock(impl_->looking);
  impl_->stopped = true;
}

std::vector<FileDifference> FilesWatch::differences() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->differ;
}

}  // namespace dormouse
