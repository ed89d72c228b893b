#include "components/ledger.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cctype>
#include <map>
#include <mutex>
#include <thread>

#include "base/crash_signals.h"
#include "base/log.h"
#include "base/object_names.h"
#include "base/units.h"
#include "components/call_frame.h"
#include "components/current_call.h"
#include "dormouse/service/buffer.h"
#include "dormouse/service/log.h"
#include "dormouse/service/metric.h"
#include "dormouse/service/thread.h"
#include "dormouse/service/timer.h"

// What a plugin gets is an opaque handle; behind it are these.
struct dm_thread_handle {
  std::string name;
  std::thread thread;
  std::atomic<int> tid{0};
  std::atomic<bool> ended{false};
};
struct dm_counter {
  dormouse::Counter counter;
};

namespace dormouse {
namespace {

constexpr size_t kCountersMax = 64;  // of a load; they go with it
constexpr std::string_view kCountersHelp = "Counted by components of its plugin since they were loaded.";
constexpr size_t kTimersMax = 1024;
constexpr size_t kLogBytesMax = 4096;

size_t round_to_pages(size_t bytes) {
  static const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

void plugin_error(std::string_view component, const std::string& text) {
  write_log({LogLevel::error, "plugin.fault", component, text});
}

}  // namespace

// Any thread of the plugin may be in here; the mutex guards the tables and is never held while plugin code runs.
struct Ledger::Impl : std::enable_shared_from_this<Ledger::Impl> {
  Impl(std::string component, LedgerServices services)
      : component(std::move(component)), services(std::move(services)) {
    host.size = sizeof host;
    host.abi_major = DM_ABI_MAJOR;
    host.abi_minor = DM_ABI_MINOR;
    host.self = this;
    host.service = &Impl::service;
  }

  static Impl& of(const dm_host* host) { return *static_cast<Impl*>(host->self); }
  static const void* service(const dm_host* host, const char* id);

  // dormouse.log/1
  static void log_write(const dm_host* host, int level, const char* utf8, size_t size);
  // dormouse.buffer/1
  static void* buffer_allocate(const dm_host* host, size_t bytes);
  static void buffer_release(const dm_host* host, void* memory);
  // dormouse.thread/1
  static int32_t thread_start(const dm_host* host, const char* name, void (*body)(void*), void* argument,
                              dm_thread_handle** handle);
  static void thread_join(const dm_host* host, dm_thread_handle* handle);
  // dormouse.timer/1
  static uint64_t timer_start(const dm_host* host, uint32_t delay_ms, void (*callback)(void*), void* argument);
  static int timer_cancel(const dm_host* host, uint64_t id);
  void timer_due(uint64_t id);
  void timer_run(uint64_t id);
  // dormouse.metric/1
  static dm_counter* metric_counter(const dm_host* host, const char* name);
  static void metric_add(dm_counter* counter, uint64_t n);
  void show_counters(MetricSink& sink) const;

  struct Timer {
    void (*callback)(void*);
    void* argument;
    uint64_t loop_id;
  };

  const std::string component;
  const LedgerServices services;
  dm_host host{};

  mutable std::mutex mutex;
  std::map<void*, size_t> buffers;
  std::vector<std::unique_ptr<dm_thread_handle>> threads;
  std::map<uint64_t, Timer> timers;
  uint64_t next_timer = 1;
  std::map<std::string, std::unique_ptr<dm_counter>> counters;

  // Shows the counters while this load lasts. Not under `mutex`: a snapshot that is being taken holds its own lock
  // while it asks for them.
  std::mutex showing_mutex;
  bool settled = false;
  Metrics::Registration showing;
};

const void* Ledger::Impl::service(const dm_host*, const char* id) {
  static constexpr dm_log kLog{sizeof(dm_log), 0, &Impl::log_write};
  static constexpr dm_buffer kBuffer{sizeof(dm_buffer), 0, &Impl::buffer_allocate, &Impl::buffer_release};
  static constexpr dm_thread kThread{sizeof(dm_thread), 0, &Impl::thread_start, &Impl::thread_join};
  static constexpr dm_timer kTimer{sizeof(dm_timer), 0, &Impl::timer_start, &Impl::timer_cancel};
  static constexpr dm_metric kMetric{sizeof(dm_metric), 0, &Impl::metric_counter, &Impl::metric_add};
  struct Entry {
    std::string_view id;
    const void* table;
  };
  static constexpr Entry kServices[] = {{DM_SERVICE_LOG, &kLog},
                                        {DM_SERVICE_BUFFER, &kBuffer},
                                        {DM_SERVICE_THREAD, &kThread},
                                        {DM_SERVICE_TIMER, &kTimer},
                                        {DM_SERVICE_METRIC, &kMetric}};
  if (!id) return nullptr;
  for (const Entry& entry : kServices)
    if (entry.id == id) return entry.table;
  return nullptr;
}

void Ledger::Impl::log_write(const dm_host* host, int level, const char* utf8, size_t size) {
  if (!utf8) return;
  std::string line(utf8, std::min(size, kLogBytesMax));
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  constexpr LogLevel kLevels[] = {LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error};
  const int index = std::clamp(level, int{DM_LOG_DEBUG}, int{DM_LOG_ERROR}) - DM_LOG_DEBUG;
  write_log({kLevels[index], "plugin.log", of(host).component, line});
}

void* Ledger::Impl::buffer_allocate(const dm_host* host, size_t bytes) {
  if (bytes == 0 || bytes > SIZE_MAX / 2) return nullptr;
  const size_t rounded = round_to_pages(bytes);
  void* memory = ::mmap(nullptr, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  Impl& self = of(host);
  std::lock_guard lock(self.mutex);
  self.buffers[memory] = rounded;
  return memory;
}

void Ledger::Impl::buffer_release(const dm_host* host, void* memory) {
  if (!memory) return;
  Impl& self = of(host);
  size_t bytes = 0;
  {
    std::lock_guard lock(self.mutex);
    const auto it = self.buffers.find(memory);
    if (it == self.buffers.end()) {
      plugin_error(self.component, "released a buffer that is not its own: ignored");
      return;
    }
    bytes = it->second;
    self.buffers.erase(it);
  }
  ::munmap(memory, bytes);
}

int32_t Ledger::Impl::thread_start(const dm_host* host, const char* name, void (*body)(void*), void* argument,
                                   dm_thread_handle** handle) {
  if (!body || !handle) return DM_INVALID_ARGUMENT;
  Impl& self = of(host);
  auto owned = std::make_unique<dm_thread_handle>();
  dm_thread_handle* raw = owned.get();
  raw->name = name ? name : "";
  try {
    raw->thread = std::thread([raw, body, argument, component = self.component] {
      const SignalStack crash_stack;
      const std::string what = "thread " + raw->name;
      const CurrentCall here({.component = component.c_str()}, what.c_str());
      raw->tid = ::gettid();
      ::pthread_setname_np(::pthread_self(), raw->name.substr(0, 15).c_str());
      const Status status = guarded(component_object(component) + ", thread '" + raw->name + "'", [&] {
        body(argument);
        return Status();
      });
      if (!status.ok()) plugin_error(component, status.to_string());
      raw->ended = true;
    });
  } catch (const std::system_error&) {
    return DM_RESOURCE_EXHAUSTED;
  }
  std::lock_guard lock(self.mutex);
  self.threads.push_back(std::move(owned));
  *handle = raw;
  return DM_OK;
}

void Ledger::Impl::thread_join(const dm_host* host, dm_thread_handle* handle) {
  Impl& self = of(host);
  std::unique_ptr<dm_thread_handle> owned;
  {
    std::lock_guard lock(self.mutex);
    const auto it = std::find_if(self.threads.begin(), self.threads.end(),
                                 [handle](const auto& thread) { return thread.get() == handle; });
    if (it == self.threads.end()) {
      plugin_error(self.component, "joined a thread that is not its own: ignored");
      return;
    }
    if (handle->thread.get_id() == std::this_thread::get_id()) {
      plugin_error(self.component, "thread '" + handle->name + "' joins itself: ignored");
      return;
    }
    owned = std::move(*it);
    self.threads.erase(it);
  }
  owned->thread.join();
}

uint64_t Ledger::Impl::timer_start(const dm_host* host, uint32_t delay_ms, void (*callback)(void*), void* argument) {
  if (!callback) return 0;
  Impl& self = of(host);
  std::lock_guard lock(self.mutex);
  if (self.timers.size() >= kTimersMax) return 0;
  const uint64_t id = self.next_timer++;
  const uint64_t loop_id = self.services.after(std::chrono::milliseconds(delay_ms), [weak = self.weak_from_this(), id] {
    if (const auto impl = weak.lock()) impl->timer_due(id);
  });
  self.timers[id] = {callback, argument, loop_id};
  return id;
}

int Ledger::Impl::timer_cancel(const dm_host* host, uint64_t id) {
  Impl& self = of(host);
  std::lock_guard lock(self.mutex);
  const auto it = self.timers.find(id);
  if (it == self.timers.end()) return 0;
  self.services.cancel_after(it->second.loop_id);
  self.timers.erase(it);
  return 1;
}

// On the host's loop. The lane may be gone by the time it would run; then the timer stays cancelled.
void Ledger::Impl::timer_due(uint64_t id) {
  services.on_lane([weak = weak_from_this(), id] {
    if (const auto impl = weak.lock()) impl->timer_run(id);
  });
}

// On the lane. Whoever takes the entry out of the table decides: a cancel that came first wins.
void Ledger::Impl::timer_run(uint64_t id) {
  Timer timer{};
  {
    std::lock_guard lock(mutex);
    const auto it = timers.find(id);
    if (it == timers.end()) return;
    timer = it->second;
    timers.erase(it);
  }
  const CurrentCall here({.component = component.c_str()}, "timer");
  const Status status = guarded(component_object(component) + ", timer", [&] {
    timer.callback(timer.argument);
    return Status();
  });
  if (!status.ok()) plugin_error(component, status.to_string());
}

dm_counter* Ledger::Impl::metric_counter(const dm_host* host, const char* name) {
  if (!name || !*name || std::isdigit(static_cast<unsigned char>(*name))) return nullptr;
  const std::string text(name, ::strnlen(name, 128));
  for (const char c : text)
    if (!(std::islower(static_cast<unsigned char>(c)) || std::isdigit(static_cast<unsigned char>(c)) || c == '_'))
      return nullptr;
  Impl& self = of(host);
  dm_counter* made = nullptr;
  {
    const std::lock_guard lock(self.mutex);
    if (const auto known = self.counters.find(text); known != self.counters.end()) return known->second.get();
    if (self.counters.size() >= kCountersMax) return nullptr;
    made = (self.counters[text] = std::make_unique<dm_counter>()).get();
    if (self.counters.size() > 1) return made;
  }
  const std::lock_guard lock(self.showing_mutex);
  if (!self.settled)
    self.showing = self.services.metrics->collect([&self](MetricSink& sink) { self.show_counters(sink); });
  return made;
}

void Ledger::Impl::metric_add(dm_counter* counter, uint64_t n) {
  if (counter) counter->counter.add(n);
}

void Ledger::Impl::show_counters(MetricSink& sink) const {
  const std::lock_guard lock(mutex);
  for (const auto& [name, counter] : counters)
    sink.value(MetricInfo{.name = "dormouse_plugin_" + name + "_total", .help = kCountersHelp},
               {{"component", component}}, static_cast<double>(counter->counter.value()));
}

Ledger::Ledger(std::string component, LedgerServices services)
    : impl_(std::make_shared<Impl>(std::move(component), std::move(services))) {}

Ledger::~Ledger() {
  stop_timers();
  // A ledger whose threads still run is kept by its owner; only ended ones are left here.
  (void)settle();
}

const dm_host* Ledger::host() const {
  return &impl_->host;
}

std::vector<std::string> Ledger::open_entries() const {
  std::lock_guard lock(impl_->mutex);
  std::vector<std::string> lines;
  for (const auto& thread : impl_->threads)
    if (!thread->ended) lines.push_back("thread '" + thread->name + "' (tid " + std::to_string(thread->tid) + ")");
  if (!impl_->timers.empty()) lines.push_back(std::to_string(impl_->timers.size()) + " timers");
  if (!impl_->buffers.empty()) {
    uint64_t bytes = 0;
    for (const auto& [memory, size] : impl_->buffers) bytes += size;
    lines.push_back(std::to_string(impl_->buffers.size()) + " buffers, " + format_bytes(bytes));
  }
  return lines;
}

void Ledger::stop_timers() {
  std::lock_guard lock(impl_->mutex);
  for (const auto& [id, timer] : impl_->timers) impl_->services.cancel_after(timer.loop_id);
  impl_->timers.clear();
}

std::vector<std::string> Ledger::settle() {
  stop_timers();
  {
    // What a plugin counts goes with the load that made it. Waits for a snapshot that is being taken.
    const std::lock_guard lock(impl_->showing_mutex);
    impl_->settled = true;
    impl_->showing = {};
  }
  std::vector<std::unique_ptr<dm_thread_handle>> ended;
  std::map<void*, size_t> buffers;
  std::vector<std::string> lines;
  {
    std::lock_guard lock(impl_->mutex);
    for (auto& thread : impl_->threads) {
      if (thread->ended) {
        ended.push_back(std::move(thread));
      } else {
        lines.push_back("thread '" + thread->name + "' (tid " + std::to_string(thread->tid) + ") still runs");
      }
    }
    std::erase(impl_->threads, nullptr);
    if (impl_->threads.empty()) buffers.swap(impl_->buffers);  // a living thread may still use them
  }
  for (const auto& thread : ended) thread->thread.join();
  for (const auto& [memory, size] : buffers) ::munmap(memory, size);
  return lines;
}

}  // namespace dormouse
