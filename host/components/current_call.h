// The plugin call that the current thread is in, for the report of a crash or of exit() (crash_reporter.h). Not for
// other threads, and not the call itself (call_job.h). Owner: the stack of the thread; every entry into plugin code
// makes a CurrentCall there, at the cost of a few stores. Only that thread reads it, also from inside a signal handler.
#pragma once

#include <atomic>
#include <cstdint>

namespace dormouse {

// "": not known.
struct PluginNames {
  const char* component = "";
  const char* plugin = "";  // its id
  const char* version = "";
};

class CurrentCall {
 public:
  // The texts of `names` and `what` (a method, "open", "timer" ...) outlive this object. `request` 0: none.
  CurrentCall(PluginNames names, const char* what, uint64_t request = 0, uint32_t batch = 1)
      : names_(names), what_(what), request_(request), batch_(batch), outer_(innermost_) {
    innermost_ = this;
    std::atomic_signal_fence(std::memory_order_release);
  }
  ~CurrentCall() { innermost_ = outer_; }
  CurrentCall(const CurrentCall&) = delete;
  CurrentCall& operator=(const CurrentCall&) = delete;

  // The innermost call of this thread. Null: it is in no plugin that the host knows of. Async-signal-safe.
  static const CurrentCall* of_this_thread() { return innermost_; }

  const PluginNames& names() const { return names_; }
  const char* what() const { return what_; }
  uint64_t request() const { return request_; }
  uint32_t batch() const { return batch_; }  // how many calls the plugin answers at once; `request` is the first

 private:
  const PluginNames names_;
  const char* what_;
  uint64_t request_;
  uint32_t batch_;
  const CurrentCall* outer_;

  static thread_local constinit inline const CurrentCall* innermost_ = nullptr;
};

}  // namespace dormouse
