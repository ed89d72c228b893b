// What the host gives, in C++: services as objects that give back what they took, the call in flight, and what a
// component is opened with. Part of plugin.hpp. Log and counters do nothing where the host lacks them; buffers, threads
// and timers throw a Failure that names the service.
#ifndef DORMOUSE_HOST_HPP
#define DORMOUSE_HOST_HPP

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "dormouse/plugin.h"
#include "dormouse/service/buffer.h"
#include "dormouse/service/log.h"
#include "dormouse/service/metric.h"
#include "dormouse/service/thread.h"
#include "dormouse/service/timer.h"
#include "dormouse/value.hpp"

namespace dormouse {
inline namespace plugin_api_1 {

class Log;
class Counter;

namespace detail {

// What was given up but may still be looked at once by a thread of the host; deleted when the component is closed,
// because then no such thread is left.
class Orphans {
 public:
  struct Node {
    virtual ~Node() = default;
    Node* next = nullptr;
  };
  Orphans() = default;
  Orphans(const Orphans&) = delete;
  Orphans& operator=(const Orphans&) = delete;
  ~Orphans() {
    for (Node* node = first_.load(); node != nullptr;) delete std::exchange(node, node->next);
  }
  void adopt(Node* node) noexcept {
    node->next = first_.load();
    while (!first_.compare_exchange_weak(node->next, node)) {
    }
  }

 private:
  std::atomic<Node*> first_{nullptr};
};

}  // namespace detail

// The host as one component sees it; keep a copy in the component for later. Valid until the component is closed.
class Host {
 public:
  Host(const dm_host* host, detail::Orphans* orphans) noexcept : host_(host), orphans_(orphans) {}
  const dm_host* abi() const noexcept { return host_; }

  // The table of a service, or null: the host has none of this id, or a shorter one than this plugin was compiled for.
  template <class Table>
  const Table* service(const char* id) const noexcept {
    const auto* table = static_cast<const Table*>(host_->service ? host_->service(host_, id) : nullptr);
    return table != nullptr && table->size >= sizeof(Table) ? table : nullptr;
  }
  template <class Table>
  const Table& required_service(const char* id) const {
    if (const Table* table = service<Table>(id)) return *table;
    throw Failure(DM_FAILED_PRECONDITION, std::string("this host does not offer the service ") + id);
  }

  Log log() const noexcept;
  // Counts nothing when the host has no metrics.
  Counter counter(const char* name) const noexcept;

 private:
  friend class Timer;
  const dm_host* host_;
  detail::Orphans* orphans_;
};

// Lines in the host's log; writes nothing when there is none.
class Log {
 public:
  explicit Log(Host host) noexcept : host_(host.abi()), table_(host.service<dm_log>(DM_SERVICE_LOG)) {}
  void debug(std::string_view line) const noexcept { write(DM_LOG_DEBUG, line); }
  void info(std::string_view line) const noexcept { write(DM_LOG_INFO, line); }
  void warning(std::string_view line) const noexcept { write(DM_LOG_WARNING, line); }
  void error(std::string_view line) const noexcept { write(DM_LOG_ERROR, line); }

 private:
  void write(int level, std::string_view line) const noexcept {
    if (table_) table_->write(host_, level, line.data(), line.size());
  }
  const dm_host* host_;
  const dm_log* table_;
};

class Counter {
 public:
  Counter() = default;
  Counter(const dm_metric* table, dm_counter* counter) noexcept : table_(table), counter_(counter) {}
  void add(uint64_t n = 1) const noexcept {
    if (counter_) table_->add(counter_, n);
  }

 private:
  const dm_metric* table_ = nullptr;
  dm_counter* counter_ = nullptr;
};

inline Log Host::log() const noexcept {
  return Log(*this);
}

inline Counter Host::counter(const char* name) const noexcept {
  const dm_metric* table = service<dm_metric>(DM_SERVICE_METRIC);
  return table ? Counter(table, table->counter(host_, name)) : Counter();
}

// Large memory that the host accounts to the component: zeroed, on a page boundary, given back at once when freed.
class Buffer {
 public:
  Buffer() = default;
  // Throws std::bad_alloc, or Failure when the host has no buffers.
  Buffer(Host host, size_t bytes)
      : host_(host.abi()), table_(&host.required_service<dm_buffer>(DM_SERVICE_BUFFER)), size_(bytes) {
    memory_ = table_->allocate(host_, bytes);
    if (memory_ == nullptr) throw std::bad_alloc();
  }
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer moved(std::move(other));
    swap(moved);
    return *this;
  }
  ~Buffer() {
    if (memory_) table_->release(host_, memory_);
  }
  void* data() const noexcept { return memory_; }
  size_t size() const noexcept { return size_; }
  explicit operator bool() const noexcept { return memory_ != nullptr; }

 private:
  void swap(Buffer& other) noexcept {
    std::swap(host_, other.host_);
    std::swap(table_, other.table_);
    std::swap(memory_, other.memory_);
    std::swap(size_, other.size_);
  }
  const dm_host* host_ = nullptr;
  const dm_buffer* table_ = nullptr;
  void* memory_ = nullptr;
  size_t size_ = 0;
};

// A thread the host knows of, joined by the destructor. The manifest says needs.threads.
class Thread {
 public:
  Thread() = default;
  // Runs body() once. What it throws ends the thread and is logged.
  template <class Body>
  Thread(Host host, const char* name, Body body)
      : host_(host.abi()), table_(&host.required_service<dm_thread>(DM_SERVICE_THREAD)) {
    auto start = std::make_unique<Start<Body>>(Start<Body>{std::move(body), host});
    const int32_t status = table_->start(host_, name, &Start<Body>::run, start.get(), &handle_);
    if (status != DM_OK) throw Failure(status, std::string("the thread '") + name + "' could not be started");
    start.release();
  }
  Thread(Thread&& other) noexcept { swap(other); }
  Thread& operator=(Thread&& other) noexcept {
    Thread moved(std::move(other));
    swap(moved);
    return *this;
  }
  ~Thread() { join(); }
  void join() noexcept {
    if (handle_) table_->join(host_, std::exchange(handle_, nullptr));
  }

 private:
  template <class Body>
  struct Start {
    Body body;
    Host host;
    static void run(void* argument) noexcept {
      const std::unique_ptr<Start> self(static_cast<Start*>(argument));
      try {
        self->body();
      } catch (const std::exception& e) {
        self->host.log().error(e.what());
      } catch (...) {
        self->host.log().error("a thread of the plugin ended with an exception");
      }
    }
  };
  void swap(Thread& other) noexcept {
    std::swap(host_, other.host_);
    std::swap(table_, other.table_);
    std::swap(handle_, other.handle_);
  }
  const dm_host* host_ = nullptr;
  const dm_thread* table_ = nullptr;
  dm_thread_handle* handle_ = nullptr;
};

// A callback after some time. The destructor cancels it, and waits for it when it is just running, so that what the
// callback refers to may be destroyed next. May be destroyed from inside its own callback.
class Timer {
 public:
  Timer() = default;
  // What callback() throws is logged.
  template <class Callback>
  Timer(Host host, uint32_t delay_ms, Callback callback)
      : host_(host.abi()), table_(&host.required_service<dm_timer>(DM_SERVICE_TIMER)) {
    auto pending = std::make_unique<PendingCallback<Callback>>(host, std::move(callback));
    id_ = table_->start(host_, delay_ms, &Pending::fire, static_cast<Pending*>(pending.get()));
    if (id_ == 0) throw Failure(DM_RESOURCE_EXHAUSTED, "too many timers are pending");
    pending_ = pending.release();
  }
  Timer(Timer&& other) noexcept { swap(other); }
  Timer& operator=(Timer&& other) noexcept {
    Timer moved(std::move(other));
    swap(moved);
    return *this;
  }
  ~Timer() { cancel(); }

  void cancel() noexcept {
    Pending* pending = std::exchange(pending_, nullptr);
    if (pending == nullptr) return;
    if (table_->cancel(host_, id_)) {
      delete pending;
    } else {
      pending->let_go();
    }
  }

 private:
  struct Pending : detail::Orphans::Node {
    explicit Pending(Host h) noexcept : host(h) {}
    virtual void call() = 0;

    static void fire(void* argument) noexcept {
      auto* self = static_cast<Pending*>(argument);
      self->runner = pthread_self();
      int seen = kWaiting;
      if (!self->state.compare_exchange_strong(seen, kRunning, std::memory_order_acq_rel)) return;  // given up
      try {
        self->call();
      } catch (const std::exception& e) {
        self->host.log().error(e.what());
      } catch (...) {
        self->host.log().error("a timer callback of the plugin ended with an exception");
      }
      if (self->state.exchange(kDone, std::memory_order_acq_rel) == kGivenUp) delete self;
    }

    // After the host said that it cannot cancel: the callback is on its way, runs, or ran, or the host cancelled it.
    // On its way, it must not be waited for: this may be the very thread it is going to run on.
    void let_go() noexcept {
      int seen = kWaiting;
      if (state.compare_exchange_strong(seen, kGivenUp, std::memory_order_acq_rel)) {
        host.orphans_->adopt(this);
        return;
      }
      if (seen == kRunning && pthread_equal(runner, pthread_self())) {
        state.store(kGivenUp, std::memory_order_release);  // inside the callback: it deletes itself
        return;
      }
      while (state.load(std::memory_order_acquire) != kDone) sched_yield();
      delete this;
    }

    enum : int { kWaiting, kRunning, kDone, kGivenUp };
    const Host host;
    pthread_t runner{};
    std::atomic<int> state{kWaiting};
  };
  template <class Callback>
  struct PendingCallback final : Pending {
    PendingCallback(Host h, Callback c) : Pending(h), callback(std::move(c)) {}
    void call() override { callback(); }
    Callback callback;
  };
  void swap(Timer& other) noexcept {
    std::swap(host_, other.host_);
    std::swap(table_, other.table_);
    std::swap(pending_, other.pending_);
    std::swap(id_, other.id_);
  }
  const dm_host* host_ = nullptr;
  const dm_timer* table_ = nullptr;
  Pending* pending_ = nullptr;
  uint64_t id_ = 0;
};

// One call in flight. Borrowed, and only for the thread it was passed on.
class Call {
 public:
  explicit Call(const dm_call* call) noexcept : call_(call) {}
  const dm_call* abi() const noexcept { return call_; }
  uint64_t request_id() const noexcept { return call_->request_id; }
  int64_t deadline_ns() const noexcept { return call_->deadline_ns; }  // CLOCK_MONOTONIC; INT64_MAX: none
  bool cancelled() const noexcept { return call_->cancelled(call_) != 0; }
  // Throws when nobody waits for the result any more. Call it in loops that take longer than about a millisecond.
  void check_cancelled() const {
    if (cancelled()) throw Failure(DM_CANCELLED, "cancelled by the host");
  }
  void progress(double done, double total, const char* what) const noexcept {
    if (call_->progress) call_->progress(call_, done, total, what);
  }

 private:
  const dm_call* call_;
};

// What a component is opened with. Borrowed until open returns: copy what you keep (Host may be kept as it is).
class Open {
 public:
  Open(Host host, const dm_call* call, const dm_open_args* args) noexcept : host_(host), call_(call), args_(args) {}
  Host host() const noexcept { return host_; }
  Call& call() noexcept { return call_; }
  bool training() const noexcept { return args_->purpose == DM_OPEN_TRAIN; }
  std::string_view name() const noexcept { return args_->name; }
  View settings() const noexcept { return args_->settings; }
  // NUL-terminated like every string here; empty when there is none.
  std::string_view model_path() const noexcept { return args_->model_path ? args_->model_path : ""; }
  std::string_view data_dir() const noexcept { return args_->data_dir ? args_->data_dir : ""; }

 private:
  Host host_;
  Call call_;
  const dm_open_args* args_;
};

}  // namespace plugin_api_1
}  // namespace dormouse

#endif  // DORMOUSE_HOST_HPP
