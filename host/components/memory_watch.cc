#include "components/memory_watch.h"

#include <algorithm>
#include <atomic>
#include <mutex>

#include "base/units.h"
#include "components/memory_limit.h"

namespace dormouse {
namespace {

// Samples that follow events are at least so far apart: a thousand loads a second are not a thousand samples.
constexpr Duration kAfterEventMin = std::chrono::milliseconds(100);

constexpr MetricInfo kLimit{"dormouse_memory_limit_bytes", "What the process may have: host.memory.limit.",
                            MetricType::gauge};
constexpr MetricInfo kWarning{"dormouse_memory_warning",
                              "1 while resident memory is above host.memory.warn_at of the limit.", MetricType::gauge};
constexpr MetricInfo kWarnings{"dormouse_memory_warnings_total", "Times that resident memory rose above that line."};

bool changes_memory(const Event& event) {
  for (const char* kind : {"ready", "trimmed", "parked", "unloaded", "resident", "failed"})
    if (event.kind == std::string("component.") + kind) return true;
  return false;
}

}  // namespace

MemoryAlarm::Said MemoryAlarm::judge(uint64_t resident_bytes) {
  const double share = static_cast<double>(resident_bytes) / static_cast<double>(std::max<uint64_t>(limit_, 1));
  const bool now = on_ ? share >= warn_at_ - kGap : share > warn_at_;
  if (now == std::exchange(on_, now)) return Said::nothing;
  return now ? Said::warning : Said::relieved;
}

struct MemoryWatch::Impl : std::enable_shared_from_this<Impl> {
  Impl(const MemoryOptions& options, MemorySources sources, EventLoop& loop, EventLog& events, Metrics& metrics)
      : options(options),
        sources(std::move(sources)),
        loop(loop),
        events(events),
        warnings(metrics.counter(kWarnings)),
        history(options.samples_kept),
        alarm(options.limit_bytes, options.warn_at),
        seen(events.last_sequence()) {}

  // On the loop, from here on.
  void sample(std::string cause, std::string object) {
    MemorySample sample{sources.wall_clock(), std::move(cause), std::move(object), sources.process()};
    const uint64_t resident = sample.process.resident_bytes;
    history.add(std::move(sample), sources.components());
    tell(alarm.judge(resident), resident);
  }

  void tell(MemoryAlarm::Said said, uint64_t resident) {
    if (said == MemoryAlarm::Said::nothing) return;
    const bool on = said == MemoryAlarm::Said::warning;
    warning = on;
    if (on) warnings.add();
    const auto percent =
        static_cast<int>(100.0 * static_cast<double>(resident) / static_cast<double>(options.limit_bytes));
    events.publish(on ? "memory.warning" : "memory.relieved", "process",
                   {{"resident_bytes", resident}, {"limit_bytes", options.limit_bytes}, {"percent", percent}});
  }

  template <class Act>
  void at(Time when, Act act) {
    loop.at(when, [weak = weak_from_this(), act] {
      if (const auto impl = weak.lock()) {
        std::lock_guard lock(impl->running);
        if (!impl->stopped) act(*impl);
      }
    });
  }

  void arm() {
    at(loop.now() + options.sample_every, [](Impl& self) {
      self.sample("timer", "");
      self.arm();
    });
  }

  // Any thread: something was published. One look is on its way at most.
  void on_event() {
    if (looking.exchange(true)) return;
    loop.post([weak = weak_from_this()] {
      if (const auto impl = weak.lock()) impl->at(std::max(impl->loop.now(), impl->next_look), &Impl::look);
    });
  }

  static void look(Impl& self) {
    self.looking = false;  // first: what is published from here on is looked at again
    self.next_look = self.loop.now() + kAfterEventMin;
    std::string kind, object;
    size_t more = 0;
    for (const Event& event : self.events.since(self.seen)) {
      self.seen = event.sequence;
      if (!changes_memory(event)) continue;
      if (kind.empty())
        kind = event.kind, object = event.object;
      else
        ++more;
    }
    if (kind.empty()) return;
    if (more > 0) object += " and " + std::to_string(more) + " more";
    self.sample(std::move(kind), std::move(object));
  }

  const MemoryOptions options;
  const MemorySources sources;
  EventLoop& loop;
  EventLog& events;
  Counter& warnings;
  MemoryHistory history;
  std::atomic<bool> warning{false};
  std::atomic<bool> looking{false};

  std::mutex running;  // held while a sample is taken; guards what follows
  bool stopped = false;
  MemoryAlarm alarm;
  uint64_t seen;
  Time next_look{};
  uint64_t subscription = 0;
};

MemoryWatch::MemoryWatch(const MemoryOptions& options, MemorySources sources, EventLoop& loop, EventLog& events,
                         Metrics& metrics) {
  MemoryOptions filled = options;
  if (filled.limit_bytes == 0) filled.limit_bytes = memory_limit();
  impl_ = std::make_shared<Impl>(filled, std::move(sources), loop, events, metrics);
  loop.post([weak = impl_->weak_from_this()] {
    if (const auto impl = weak.lock()) {
      impl->at(impl->loop.now(), [](Impl& self) {
        self.sample("start", "");
        self.arm();
      });
    }
  });
  impl_->subscription = events.subscribe([weak = impl_->weak_from_this()] {
    if (const auto impl = weak.lock()) impl->on_event();
  });
  collector_ = metrics.collect([impl = impl_.get()](MetricSink& sink) {
    sink.value(kLimit, {}, static_cast<double>(impl->options.limit_bytes));
    sink.value(kWarning, {}, impl->warning ? 1 : 0);
  });
}

MemoryWatch::~MemoryWatch() {
  impl_->events.unsubscribe(impl_->subscription);
  std::lock_guard lock(impl_->running);
  impl_->stopped = true;
}

const MemoryOptions& MemoryWatch::options() const {
  return impl_->options;
}

bool MemoryWatch::is_warning() const {
  return impl_->warning;
}

const MemoryHistory& MemoryWatch::history() const {
  return impl_->history;
}

}  // namespace dormouse
