// The other side of the ABI for tests of plugins: a call, a writer and a host that keep what they are told.
// Not the real host: nothing is checked against a manifest, and only the test's thread decides when a timer fires.
#pragma once

#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "dormouse/plugin.h"
#include "dormouse/service/buffer.h"
#include "dormouse/service/log.h"
#include "dormouse/service/metric.h"
#include "dormouse/service/thread.h"
#include "dormouse/service/timer.h"
#include "plugin-api/value_builder.h"

struct dm_counter {
  uint64_t value = 0;
};
struct dm_thread_handle {
  std::thread thread;
};

namespace dormouse_test {

class FakeCall {
 public:
  FakeCall() {
    abi_.size = sizeof abi_;
    abi_.self = this;
    abi_.request_id = 42;
    abi_.deadline_ns = INT64_MAX;
    abi_.cancelled = [](const dm_call* c) -> int { return of(c).cancel; };
    abi_.fail = [](const dm_call* c, int32_t status, const char* message) {
      of(c).message = message;
      return status;
    };
    abi_.progress = [](const dm_call* c, double done, double total, const char* what) {
      of(c).progress.push_back(std::to_string(int(done)) + "/" + std::to_string(int(total)) + " " + what);
    };
  }
  FakeCall(const FakeCall&) = delete;

  const dm_call* abi() const { return &abi_; }
  dm_call* change() { return &abi_; }

  bool cancel = false;
  std::string message;
  std::vector<std::string> progress;

 private:
  static FakeCall& of(const dm_call* call) { return *static_cast<FakeCall*>(call->self); }
  dm_call abi_{};
};

// Keeps what is written as trees. Refuses what the test asks it to refuse.
class FakeWriter {
 public:
  FakeWriter() {
    abi_.size = sizeof abi_;
    abi_.self = this;
    abi_.null = [](dm_writer* w) { return of(w).put(Tree{}); };
    abi_.boolean = [](dm_writer* w, int v) { return of(w).put(Tree::boolean(v != 0)); };
    abi_.integer = [](dm_writer* w, int64_t v) { return of(w).put(Tree::integer(v)); };
    abi_.number = [](dm_writer* w, double v) { return of(w).put(Tree::number(v)); };
    abi_.string = [](dm_writer* w, const char* text, size_t n) { return of(w).put(Tree::string({text, n})); };
    abi_.bytes = [](dm_writer* w, const void* data, size_t n) {
      return of(w).put(Tree::bytes({static_cast<const char*>(data), n}));
    };
    abi_.tensor = [](dm_writer* w, int dtype, const int64_t* shape, uint16_t rank, void** data) {
      size_t bytes = dm_dtype_size(dtype);
      for (uint16_t i = 0; i < rank; ++i) bytes *= static_cast<size_t>(shape[i]);
      const int32_t status = of(w).put(Tree::tensor(dtype, {shape, shape + rank}, std::string(bytes, '\0')));
      *data = of(w).last_->text.data();
      return status;
    };
    abi_.list_begin = [](dm_writer* w) { return of(w).open(Tree::list({})); };
    abi_.list_end = [](dm_writer* w) { return of(w).close(DM_LIST); };
    abi_.map_begin = [](dm_writer* w) { return of(w).open(Tree::map({})); };
    abi_.key = [](dm_writer* w, const char* text, size_t n) {
      if (of(w).open_.empty() || of(w).open_.back()->kind != DM_MAP) return of(w).refuse();
      of(w).open_.back()->keys.emplace_back(text, n);
      return of(w).status;
    };
    abi_.map_end = [](dm_writer* w) { return of(w).close(DM_MAP); };
    abi_.copy = [](dm_writer* w, dm_value v) { return of(w).put(tree_of(v)); };
  }
  FakeWriter(const FakeWriter&) = delete;

  dm_writer* abi() { return &abi_; }
  // What was written, as a buffer; whole only when every map and list was ended.
  AlignedBytes bytes() const { return Serialiser::bytes(root_); }
  bool whole() const { return roots_ == 1 && open_.empty() && status == DM_OK; }

  int32_t status = DM_OK;  // set to make every call fail

 private:
  static FakeWriter& of(dm_writer* w) { return *static_cast<FakeWriter*>(w->self); }

  static Tree tree_of(dm_value v) {
    Tree tree;
    tree.kind = static_cast<uint8_t>(dm_kind(v));
    dm_string_view string{};
    if (dm_get_string(v, &string)) tree.text.assign(string.data, string.size);
    if (v.node && (tree.kind == DM_BOOL || tree.kind == DM_INT || tree.kind == DM_FLOAT)) tree.bits = v.node->payload;
    for (uint32_t i = 0; i < dm_count(v); ++i) {
      dm_string_view key{};
      dm_value item = dm_list_at(v, i);
      if (dm_map_at(v, i, &key, &item)) tree.keys.emplace_back(key.data, key.size);
      tree.items.push_back(tree_of(item));
    }
    return tree;
  }

  int32_t refuse() { return status = status == DM_OK ? DM_INVALID_ARGUMENT : status; }
  int32_t put(Tree tree) {
    if (status != DM_OK) return status;
    if (open_.empty()) {
      if (++roots_ > 1) return refuse();
      root_ = std::move(tree);
      last_ = &root_;
      return DM_OK;
    }
    Tree& parent = *open_.back();
    if (parent.kind == DM_MAP && parent.keys.size() != parent.items.size() + 1) return refuse();
    parent.items.push_back(std::move(tree));
    last_ = &parent.items.back();
    return DM_OK;
  }
  // A parent's children may move when it grows, but only once their own scope has ended.
  int32_t open(Tree tree) {
    if (put(std::move(tree)) != DM_OK) return status;
    open_.push_back(last_);
    return DM_OK;
  }
  int32_t close(uint8_t kind) {
    if (status != DM_OK) return status;
    if (open_.empty() || open_.back()->kind != kind) return refuse();
    open_.pop_back();
    return DM_OK;
  }

  dm_writer abi_{};
  Tree root_;
  int roots_ = 0;
  Tree* last_ = nullptr;
  std::vector<Tree*> open_;
};

class FakeHost {
 public:
  FakeHost() {
    abi_.size = sizeof abi_;
    abi_.abi_major = DM_ABI_MAJOR;
    abi_.abi_minor = DM_ABI_MINOR;
    abi_.self = this;
    abi_.service = [](const dm_host* h, const char* id) -> const void* {
      const auto& tables = of(h).services;
      const auto found = tables.find(id);
      return found == tables.end() ? nullptr : found->second;
    };
  }
  FakeHost(const FakeHost&) = delete;

  const dm_host* abi() const { return &abi_; }
  dm_host* change() { return &abi_; }

  // Fires a timer the way a lane would: taken out of the table, then called.
  void fire(uint64_t id) {
    const auto timer = timers.extract(id);
    if (timer) timer.mapped().first(timer.mapped().second);
  }

  std::vector<std::string> log;
  std::map<std::string, dm_counter> counters;
  std::map<uint64_t, std::pair<void (*)(void*), void*>> timers;
  int buffers = 0;  // alive
  int threads = 0;  // not joined
  int32_t thread_status = DM_OK;
  std::map<std::string, const void*> services{{DM_SERVICE_LOG, &kLog},
                                              {DM_SERVICE_METRIC, &kMetric},
                                              {DM_SERVICE_BUFFER, &kBuffer},
                                              {DM_SERVICE_THREAD, &kThread},
                                              {DM_SERVICE_TIMER, &kTimer}};

 private:
  static FakeHost& of(const dm_host* host) { return *static_cast<FakeHost*>(host->self); }

  static void log_write(const dm_host* host, int level, const char* text, size_t size) {
    of(host).log.push_back(std::to_string(level) + " " + std::string(text, size));
  }
  static dm_counter* metric_counter(const dm_host* host, const char* name) { return &of(host).counters[name]; }
  static void metric_add(dm_counter* counter, uint64_t n) { counter->value += n; }
  static void* buffer_allocate(const dm_host* host, size_t bytes) {
    if (bytes > (size_t{1} << 40)) return nullptr;
    ++of(host).buffers;
    return std::calloc(1, bytes);
  }
  static void buffer_release(const dm_host* host, void* memory) {
    --of(host).buffers;
    std::free(memory);
  }
  static int32_t thread_start(const dm_host* host, const char*, void (*body)(void*), void* argument,
                              dm_thread_handle** handle) {
    if (of(host).thread_status != DM_OK) return of(host).thread_status;
    ++of(host).threads;
    *handle = new dm_thread_handle{std::thread(body, argument)};
    return DM_OK;
  }
  static void thread_join(const dm_host* host, dm_thread_handle* handle) {
    handle->thread.join();
    delete handle;
    --of(host).threads;
  }
  static uint64_t timer_start(const dm_host* host, uint32_t, void (*callback)(void*), void* argument) {
    auto& timers = of(host).timers;
    const uint64_t id = ++of(host).last_timer_;
    timers[id] = {callback, argument};
    return id;
  }
  static int timer_cancel(const dm_host* host, uint64_t id) { return of(host).timers.erase(id) == 1; }

  static constexpr dm_log kLog{sizeof(dm_log), 0, &log_write};
  static constexpr dm_metric kMetric{sizeof(dm_metric), 0, &metric_counter, &metric_add};
  static constexpr dm_buffer kBuffer{sizeof(dm_buffer), 0, &buffer_allocate, &buffer_release};
  static constexpr dm_thread kThread{sizeof(dm_thread), 0, &thread_start, &thread_join};
  static constexpr dm_timer kTimer{sizeof(dm_timer), 0, &timer_start, &timer_cancel};

  dm_host abi_{};
  uint64_t last_timer_ = 0;
};

}  // namespace dormouse_test
