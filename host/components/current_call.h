// Which plugin code the calling thread is in: what a crash report, and a call of exit(), can name.
// Every way into plugin code makes one on its stack; it costs some stores. Read by the same thread alone, also from
// inside a signal handler.
#pragma once

#include <atomic>
#include <cstdint>

namespace dormouse {

// "" for what is not known.
struct PluginNames {
  const char* component = "";
  const char* plugin = "";  // its id
  const char* version = "";
};

class CurrentCall {
 public:
  // What `names` and `what` (a method, "open", "timer" ...) point to outlives this. `request` 0: none.
  CurrentCall(PluginNames names, const char* what, uint64_t request = 0, uint32_t batch = 1)
      : names_(names), what_(what), request_(request), batch_(batch), outer_(innermost_) {
    innermost_ = this;
    std::atomic_signal_fence(std::memory_order_release);
  }
  ~CurrentCall() { innermost_ = outer_; }
  CurrentCall(const CurrentCall&) = delete;
  CurrentCall& operator=(const CurrentCall&) = delete;

  // Null: this thread is in no plugin that the host knows of. Async-signal-safe.
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
