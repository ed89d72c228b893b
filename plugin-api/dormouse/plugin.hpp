// The C++ side of the plugin ABI: write a component as a class, get the C table for it.
// Not a second ABI: everything here is inlined into the plugin, and only plugin.h crosses. Header-only, C++17 and up.
// Included by plugins; the host itself never does.
//
//   struct Echo {
//     static std::unique_ptr<Echo> open(dormouse::Open& open);                     // throws Failure
//     void echo(dormouse::Call&, dormouse::View in, dormouse::Writer out) const {
//       out.map().field("text", in["text"].as_string());
//     }
//   };
//   constexpr dormouse::Type<Echo> echo_type("echo", dormouse::method<&Echo::echo>("echo"));
//   constexpr dormouse::Plugin plugin("echo", "1.0.0", echo_type);
//   constexpr dm_plugin dormouse_plugin = plugin.table();
//
// The three objects are constants: nothing runs when the file is mapped. Beyond `open` a component class may have
//   std::unique_ptr<Scratch> create(Call&) const   instances; methods of Scratch then run one call at a time
//   void trim(Call&)                               capability dormouse.trim/1
//   std::string may_park(Call&)                    capability dormouse.veto/1: "" is yes, else the reason it must stay
//   const void* capability(std::string_view id)    any other capability
// A method of the component itself is called concurrently (thread rule "any"), so it must be const; a method of the
// instance class has the thread rule "instance".
//
// No exception leaves: Failure becomes its status, std::bad_alloc DM_RESOURCE_EXHAUSTED, any other DM_INTERNAL with its
// what(). Both parties are checked where that is cheap, and the message says who broke the contract.
// Nothing here is thread_local, a static of a template, or uses std::make_shared, std::async or std::regex: each of
// them can keep a library mapped for ever (CONTRACT.md, "What keeps a plugin in memory").
#ifndef DORMOUSE_PLUGIN_HPP
#define DORMOUSE_PLUGIN_HPP

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "dormouse/ext/trim.h"
#include "dormouse/ext/veto.h"
#include "dormouse/plugin.h"
#include "dormouse/service/buffer.h"
#include "dormouse/service/log.h"
#include "dormouse/service/metric.h"
#include "dormouse/service/thread.h"
#include "dormouse/service/timer.h"

namespace dormouse {
// The inline namespace keeps these names apart from the host's own when a test links both.
inline namespace plugin_api_1 {

// ---- failing ----

// Ends a call, an open or a create with a status for the host and a sentence for people: name the object, what was
// needed, what was found and what to do.
class Failure : public std::exception {
 public:
  Failure(int32_t status, std::string message) : status_(status), message_(std::move(message)) {}
  int32_t status() const noexcept { return status_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  int32_t status_;
  std::string message_;
};

// ---- reading ----

// "string", "int" ...: the words of the type grammar.
inline const char* kind_word(int kind) noexcept {
  switch (kind) {
    case DM_NULL:
      return "null";
    case DM_BOOL:
      return "bool";
    case DM_INT:
      return "int";
    case DM_FLOAT:
      return "float";
    case DM_STRING:
      return "string";
    case DM_BYTES:
      return "bytes";
    case DM_TENSOR:
      return "tensor";
    case DM_LIST:
      return "list";
    case DM_MAP:
      return "map";
    default:
      return "unknown";
  }
}

// The dtype whose elements are `Element`. float16 has no C++ type yet: its bits are read as uint16_t.
template <class Element>
constexpr int dtype_of() noexcept {
  if constexpr (std::is_same_v<Element, float>) return DM_F32;
  if constexpr (std::is_same_v<Element, uint16_t>) return DM_F16;
  if constexpr (std::is_same_v<Element, int8_t>) return DM_I8;
  if constexpr (std::is_same_v<Element, int64_t>) return DM_I64;
  return 0;
}

// A borrowed tensor: elements in row-major order.
template <class Element>
struct Tensor {
  const Element* data = nullptr;
  size_t size = 0;  // elements
  const int64_t* shape = nullptr;
  uint16_t rank = 0;
  const Element* begin() const noexcept { return data; }
  const Element* end() const noexcept { return data + size; }
  const Element& operator[](size_t i) const noexcept { return data[i]; }
};

// A borrowed view of one value, valid as long as the buffer it came from: usually until the function returns.
// An absent field reads like null. The as_* readers throw Failure(DM_INVALID_ARGUMENT) when the kind is another one;
// with a default they return it for absent and null, and still throw for another kind.
class View {
 public:
  constexpr View() noexcept : value_{nullptr, nullptr} {}
  constexpr View(dm_value value) noexcept : value_(value) {}

  dm_value abi() const noexcept { return value_; }
  int kind() const noexcept { return dm_kind(value_); }
  bool is_null() const noexcept { return kind() == DM_NULL; }
  explicit operator bool() const noexcept { return !is_null(); }

  bool as_bool() const {
    int out = 0;
    if (!dm_get_bool(value_, &out)) mismatch("bool");
    return out != 0;
  }
  int64_t as_int() const {
    int64_t out = 0;
    if (!dm_get_int(value_, &out)) mismatch("int");
    return out;
  }
  // Accepts int as well.
  double as_float() const {
    double out = 0;
    if (!dm_get_float(value_, &out)) mismatch("float");
    return out;
  }
  // A NUL follows the last byte.
  std::string_view as_string() const {
    dm_string_view out = {nullptr, 0};
    if (!dm_get_string(value_, &out)) mismatch("string");
    return {out.data, out.size};
  }
  dm_bytes_view as_bytes() const {
    dm_bytes_view out = {nullptr, 0};
    if (!dm_get_bytes(value_, &out)) mismatch("bytes");
    return out;
  }
  template <class Element>
  Tensor<Element> as_tensor() const {
    static_assert(dtype_of<Element>() != 0, "tensors hold float, uint16_t (float16 bits), int8_t or int64_t");
    dm_tensor_view out = {nullptr, nullptr, 0, 0, 0};
    if (!dm_get_tensor(value_, &out)) mismatch("tensor");
    if (out.dtype != dtype_of<Element>()) throw Failure(DM_INVALID_ARGUMENT, "tensor of another element type");
    return {static_cast<const Element*>(out.data), static_cast<size_t>(out.elements), out.shape, out.rank};
  }

  bool as_bool(bool otherwise) const { return is_null() ? otherwise : as_bool(); }
  int64_t as_int(int64_t otherwise) const { return is_null() ? otherwise : as_int(); }
  double as_float(double otherwise) const { return is_null() ? otherwise : as_float(); }
  std::string_view as_string(std::string_view otherwise) const { return is_null() ? otherwise : as_string(); }

  // Elements of a list or entries of a map; 0 for every other kind.
  uint32_t size() const noexcept { return dm_count(value_); }
  bool empty() const noexcept { return size() == 0; }

  // The field of a map: no value when there is none, or when this is no map.
  View field(std::string_view name) const noexcept { return dm_map_find(value_, name.data(), name.size()); }
  View operator[](std::string_view name) const noexcept { return field(name); }
  // The element of a list: no value beyond its end.
  View at(uint32_t i) const noexcept { return dm_list_at(value_, i); }

  struct Entry;  // {key, value}
  class Items;
  class Entries;
  // for (View item : list.items()). Throws like the readers when this is no list; null is an empty one.
  Items items() const;
  // for (auto [key, value] : map.entries()), in insertion order. Throws likewise.
  Entries entries() const;

 private:
  [[noreturn]] void mismatch(const char* expected) const {
    throw Failure(DM_INVALID_ARGUMENT, std::string("expected ") + expected + ", found " + kind_word(kind()));
  }

  dm_value value_;
};

struct View::Entry {
  std::string_view key;
  View value;
};

namespace detail {

// A range over the positions of a list or a map.
template <class Element, Element (*Read)(dm_value, uint32_t) noexcept>
class Range {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Element;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = Element;
    Iterator() = default;
    Iterator(dm_value value, uint32_t i) noexcept : value_(value), i_(i) {}
    Element operator*() const noexcept { return Read(value_, i_); }
    Iterator& operator++() noexcept {
      ++i_;
      return *this;
    }
    Iterator operator++(int) noexcept { return {value_, i_++}; }
    friend bool operator==(const Iterator& a, const Iterator& b) noexcept { return a.i_ == b.i_; }
    friend bool operator!=(const Iterator& a, const Iterator& b) noexcept { return a.i_ != b.i_; }

   private:
    dm_value value_ = {nullptr, nullptr};
    uint32_t i_ = 0;
  };

  explicit Range(dm_value value) noexcept : value_(value) {}
  Iterator begin() const noexcept { return {value_, 0}; }
  Iterator end() const noexcept { return {value_, dm_count(value_)}; }

 private:
  dm_value value_;
};

inline View read_item(dm_value list, uint32_t i) noexcept {
  return dm_list_at(list, i);
}

inline View::Entry read_entry(dm_value map, uint32_t i) noexcept {
  dm_string_view key = {"", 0};
  dm_value value = dm_value_none();
  dm_map_at(map, i, &key, &value);
  return {std::string_view(key.data, key.size), View(value)};
}

}  // namespace detail

class View::Items : public detail::Range<View, detail::read_item> {
  using Range::Range;
};
class View::Entries : public detail::Range<View::Entry, detail::read_entry> {
  using Range::Range;
};

inline View::Items View::items() const {
  if (kind() != DM_LIST && !is_null()) mismatch("list");
  return Items(value_);
}

inline View::Entries View::entries() const {
  if (kind() != DM_MAP && !is_null()) mismatch("map");
  return Entries(value_);
}

// ---- writing ----

class Map;
class List;

// Where one value goes; cheap to copy, borrowed until the function it was passed to returns. Every function throws when
// the host refuses (too large, too deep, not UTF-8); the host keeps the reason and tells it.
//   out.map().field("code", "deu").field("confidence", 0.98);
//   auto hits = map.list("hits"); for (...) hits.add(id);      // the list ends with its scope
class Writer {
 public:
  explicit Writer(dm_writer* out) noexcept : out_(out) {}
  dm_writer* abi() const noexcept { return out_; }

  void null() { check(out_->null(out_)); }
  void boolean(bool value) { check(out_->boolean(out_, value ? 1 : 0)); }
  void integer(int64_t value) { check(out_->integer(out_, value)); }
  void number(double value) { check(out_->number(out_, value)); }
  void string(std::string_view utf8) { check(out_->string(out_, utf8.data(), utf8.size())); }
  void bytes(const void* data, size_t size) { check(out_->bytes(out_, data, size)); }
  void copy(View value) { check(out_->copy(out_, value.abi())); }

  // A tensor's elements, zeroed, to be filled before the next call on this writer.
  template <class Element>
  Element* tensor(const int64_t* shape, uint16_t rank) {
    static_assert(dtype_of<Element>() != 0, "tensors hold float, uint16_t (float16 bits), int8_t or int64_t");
    void* data = nullptr;
    check(out_->tensor(out_, dtype_of<Element>(), shape, rank, &data));
    return static_cast<Element*>(data);
  }
  template <class Element>
  Element* tensor(std::initializer_list<int64_t> shape) {
    return tensor<Element>(shape.begin(), static_cast<uint16_t>(shape.size()));
  }

  // Begins a map or list that ends when the returned object does: inner ones before outer ones.
  [[nodiscard]] Map map();
  [[nodiscard]] List list();

  // Any of: bool, integers, floating point, strings, nullptr, View, and ranges of these.
  template <class T>
  void write(const T& value);

 private:
  static void check(int32_t status) {
    if (status != DM_OK) throw Failure(status, std::string());
  }

  dm_writer* out_;
};

// A map being written. Not movable: its end is its scope's.
class Map {
 public:
  explicit Map(dm_writer* out) : out_(out) {
    if (const int32_t status = out->map_begin(out); status != DM_OK) throw Failure(status, std::string());
  }
  // A refused end is remembered by the host like every other mistake, so nothing is lost by not throwing here.
  ~Map() { out_->map_end(out_); }
  Map(const Map&) = delete;
  Map& operator=(const Map&) = delete;

  // Where the value of field `name` goes.
  Writer field(std::string_view name) {
    if (const int32_t status = out_->key(out_, name.data(), name.size()); status != DM_OK) {
      throw Failure(status, std::string());
    }
    return Writer(out_);
  }
  template <class T>
  Map& field(std::string_view name, const T& value) {
    field(name).write(value);
    return *this;
  }
  [[nodiscard]] Map map(std::string_view name) { return field(name).map(); }
  [[nodiscard]] List list(std::string_view name);

 private:
  dm_writer* out_;
};

// A list being written. Not movable: its end is its scope's.
class List {
 public:
  explicit List(dm_writer* out) : out_(out) {
    if (const int32_t status = out->list_begin(out); status != DM_OK) throw Failure(status, std::string());
  }
  ~List() { out_->list_end(out_); }
  List(const List&) = delete;
  List& operator=(const List&) = delete;

  // Where the next element goes.
  Writer item() { return Writer(out_); }
  template <class T>
  List& add(const T& value) {
    item().write(value);
    return *this;
  }
  [[nodiscard]] Map map() { return Map(out_); }
  [[nodiscard]] List list() { return List(out_); }

 private:
  dm_writer* out_;
};

inline Map Writer::map() {
  return Map(out_);
}
inline List Writer::list() {
  return List(out_);
}
inline List Map::list(std::string_view name) {
  return field(name).list();
}

template <class T>
void Writer::write(const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    boolean(value);
  } else if constexpr (std::is_same_v<T, std::nullptr_t>) {
    null();
  } else if constexpr (std::is_same_v<T, View> || std::is_same_v<T, dm_value>) {
    copy(value);
  } else if constexpr (std::is_integral_v<T>) {
    if constexpr (std::is_unsigned_v<T> && sizeof(T) >= sizeof(int64_t)) {
      if (value > static_cast<T>(std::numeric_limits<int64_t>::max())) {
        throw Failure(DM_INTERNAL, "an unsigned integer beyond int64 was written");
      }
    }
    integer(static_cast<int64_t>(value));
  } else if constexpr (std::is_floating_point_v<T>) {
    number(static_cast<double>(value));
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    string(value);
  } else {
    List items(out_);
    for (const auto& item : value) items.add(item);
  }
}

// ---- what the host gives ----

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

// ---- from classes to tables ----

namespace detail {

inline int32_t report(const dm_call* call, int32_t status, const char* message) noexcept {
  if (status == DM_OK) status = DM_INTERNAL;  // a Failure is one, whatever it says
  // Without a message the host already knows the reason: its writer refused.
  if (call != nullptr && call->fail != nullptr && *message != '\0') call->fail(call, status, message);
  return status;
}

// Runs body() at the boundary: what it throws becomes a status and a message.
template <class Body>
int32_t guard(const dm_call* call, Body&& body) noexcept {
  try {
    body();
    return DM_OK;
  } catch (const Failure& failure) {
    return report(call, failure.status(), failure.what());
  } catch (const std::bad_alloc&) {
    return report(call, DM_RESOURCE_EXHAUSTED, "out of memory");
  } catch (const std::exception& e) {
    return report(call, DM_INTERNAL, *e.what() ? e.what() : "an exception without a message");
  } catch (...) {
    return report(call, DM_INTERNAL, "an exception that is no std::exception");
  }
}

// Deletes at the boundary: a destructor that throws must not end the host.
template <class T>
void dispose(T* object) noexcept {
  try {
    delete object;
  } catch (...) {
  }
}

[[noreturn]] inline void host_broke(const char* rule) {
  throw Failure(DM_INTERNAL, std::string("the host broke the plugin contract: ") + rule);
}

inline void check_call(const void* self, const dm_call* call) {
  if (self == nullptr) host_broke("called without a component or instance");
  if (call == nullptr || call->size < sizeof(dm_call)) host_broke("dm_call is missing or too short");
}

template <class Class, class Member>
Class class_of(Member Class::*);

template <class C, class = void>
struct InstanceOf {
  using type = void;
};
template <class C>
struct InstanceOf<C, std::void_t<decltype(std::declval<const C&>().create(std::declval<Call&>()))>> {
  using type = typename decltype(std::declval<const C&>().create(std::declval<Call&>()))::element_type;
};

template <class C, class = void>
struct HasTrim : std::false_type {};
template <class C>
struct HasTrim<C, std::void_t<decltype(std::declval<C&>().trim(std::declval<Call&>()))>> : std::true_type {};

template <class C, class = void>
struct HasVeto : std::false_type {};
template <class C>
struct HasVeto<C, std::void_t<decltype(std::string(std::declval<C&>().may_park(std::declval<Call&>())))>>
    : std::true_type {};

template <class C, class = void>
struct HasCapability : std::false_type {};
template <class C>
struct HasCapability<C, std::void_t<decltype(std::declval<C&>().capability(std::string_view()))>> : std::true_type {};

// What the host holds as `void* component`. The tables of its capabilities are in here and not static, because a static
// of a template is a symbol that can be unique for the whole process.
template <class C>
struct OpenComponent {
  explicit OpenComponent(const dm_host* abi) : host(abi, &orphans) {}
  Orphans orphans;
  Host host;
  dm_trim trim{};
  dm_veto veto{};
  std::atomic<uint32_t> instances{0};
  std::unique_ptr<C> object;  // destroyed first
};

// What the host holds as `void* instance`.
template <class C, class I>
struct OpenInstance {
  std::unique_ptr<I> object;
  OpenComponent<C>* component;
  std::atomic<bool> busy{false};
};

// The functions of one component type, in the shape the table wants.
template <class C>
struct Thunks {
  using Instance = typename InstanceOf<C>::type;
  using Holder = OpenComponent<C>;
  using InstanceHolder = OpenInstance<C, Instance>;
  static constexpr bool kHasInstances = !std::is_void_v<Instance>;

  static int32_t open(const dm_host* host, const dm_call* call, const dm_open_args* args, void** component) noexcept {
    return guard(call, [&] {
      check_call(component, call);
      if (host == nullptr || host->size < sizeof(dm_host) || host->abi_major != DM_ABI_MAJOR) {
        host_broke("dm_host is missing, too short, or of another ABI");
      }
      if (args == nullptr || args->size < sizeof(dm_open_args) || args->name == nullptr) {
        host_broke("dm_open_args is missing or too short");
      }
      auto holder = std::make_unique<Holder>(host);
      holder->trim = make_trim();
      holder->veto = make_veto();
      Open arguments(holder->host, call, args);
      holder->object = C::open(arguments);
      if (!holder->object) throw Failure(DM_INTERNAL, "open returned no component");
      *component = holder.release();
    });
  }

  static void close(void* component) noexcept {
    auto* holder = static_cast<Holder*>(component);
    if (holder == nullptr) return;
    if (holder->instances.load() != 0) {
      holder->host.log().error("the host broke the plugin contract: close while instances exist");
    }
    dispose(holder);
  }

  static int32_t create(void* component, const dm_call* call, void** instance) noexcept {
    return guard(call, [&] {
      check_call(component, call);
      auto* holder = static_cast<Holder*>(component);
      Call borrowed(call);
      std::unique_ptr<Instance> object = std::as_const(*holder->object).create(borrowed);
      if (!object) throw Failure(DM_INTERNAL, "create returned no instance");
      *instance = new InstanceHolder{std::move(object), holder, {}};
      holder->instances.fetch_add(1);
    });
  }

  static void destroy(void* instance) noexcept {
    auto* holder = static_cast<InstanceHolder*>(instance);
    if (holder == nullptr) return;
    Holder* component = holder->component;
    dispose(holder);
    component->instances.fetch_sub(1);
  }

  static const void* capability(void* component, const char* id) noexcept {
    auto* holder = static_cast<Holder*>(component);
    if (holder == nullptr || id == nullptr) return nullptr;
    const std::string_view wanted(id);
    if (HasTrim<C>::value && wanted == DM_EXT_TRIM) return &holder->trim;
    if (HasVeto<C>::value && wanted == DM_EXT_VETO) return &holder->veto;
    if constexpr (HasCapability<C>::value) {
      const void* table = nullptr;
      guard(nullptr, [&] { table = holder->object->capability(wanted); });
      return table;
    }
    return nullptr;
  }

  template <auto Run>
  static int32_t run(void* self, const dm_call* call, dm_value in, dm_writer* out) noexcept {
    using Owner = decltype(class_of(Run));
    return guard(call, [&] {
      check_call(self, call);
      if (out == nullptr || out->size < sizeof(dm_writer)) host_broke("dm_writer is missing or too short");
      Call borrowed(call);
      if constexpr (std::is_base_of_v<Owner, C>) {
        static_assert(std::is_invocable_v<decltype(Run), const C&, Call&, View, Writer>,
                      "a method of the component is called concurrently: void method(Call&, View, Writer) const");
        (std::as_const(*static_cast<Holder*>(self)->object).*Run)(borrowed, View(in), Writer(out));
      } else {
        static_assert(std::is_base_of_v<Owner, Instance>, "a method belongs to the component or to its instance class");
        Exclusive exclusive(static_cast<InstanceHolder*>(self)->busy);
        (static_cast<InstanceHolder*>(self)->object.get()->*Run)(borrowed, View(in), Writer(out));
      }
    });
  }

 private:
  // One call at a time on one instance: the host's duty, checked for about 10 ns.
  class Exclusive {
   public:
    explicit Exclusive(std::atomic<bool>& busy) : busy_(busy) {
      if (busy.exchange(true, std::memory_order_acquire)) host_broke("two calls at a time on one instance");
    }
    ~Exclusive() { busy_.store(false, std::memory_order_release); }
    Exclusive(const Exclusive&) = delete;
    Exclusive& operator=(const Exclusive&) = delete;

   private:
    std::atomic<bool>& busy_;
  };

  static dm_trim make_trim() noexcept {
    dm_trim table = {sizeof(dm_trim), 0, nullptr};
    if constexpr (HasTrim<C>::value) {
      table.trim = [](void* component, const dm_call* call) noexcept -> int32_t {
        return guard(call, [&] {
          check_call(component, call);
          Call borrowed(call);
          static_cast<Holder*>(component)->object->trim(borrowed);
        });
      };
    }
    return table;
  }

  static dm_veto make_veto() noexcept {
    dm_veto table = {sizeof(dm_veto), 0, nullptr};
    if constexpr (HasVeto<C>::value) {
      table.may_park = [](void* component, const dm_call* call) noexcept -> int32_t {
        return guard(call, [&] {
          check_call(component, call);
          Call borrowed(call);
          std::string reason = static_cast<Holder*>(component)->object->may_park(borrowed);
          if (!reason.empty()) throw Failure(DM_FAILED_PRECONDITION, std::move(reason));
        });
      };
    }
    return table;
  }
};

}  // namespace detail

// A method of a component type: method<&Echo::echo>("echo"), with the name the manifest gives it.
template <auto Run>
struct Method {
  const char* name;
};
template <auto Run>
constexpr Method<Run> method(const char* name) noexcept {
  return {name};
}

// The table of one component type. Must be a constexpr variable of a namespace: it points into itself.
template <class Component, size_t MethodsMax = 16>
class Type {
 public:
  template <auto... Runs>
  constexpr explicit Type(const char* name, Method<Runs>... methods) noexcept
      : methods_{dm_method{sizeof(dm_method), 0, methods.name, &Thunks::template run<Runs>}...}, pointers_{}, table_{} {
    static_assert(sizeof...(Runs) > 0, "a type without methods cannot be called");
    static_assert(sizeof...(Runs) <= MethodsMax, "more methods than Type<Component, MethodsMax> has room for");
    for (size_t i = 0; i < sizeof...(Runs); ++i) pointers_[i] = &methods_[i];
    table_.size = sizeof(dm_type);
    table_.name = name;
    table_.open = &Thunks::open;
    table_.close = &Thunks::close;
    if constexpr (Thunks::kHasInstances) {
      table_.create = &Thunks::create;
      table_.destroy = &Thunks::destroy;
    }
    table_.methods = pointers_;
    table_.method_count = static_cast<uint32_t>(sizeof...(Runs));
    table_.capability = &Thunks::capability;
  }
  Type(const Type&) = delete;
  Type& operator=(const Type&) = delete;

  constexpr const dm_type* table() const noexcept { return &table_; }

 private:
  using Thunks = detail::Thunks<Component>;
  dm_method methods_[MethodsMax];
  const dm_method* pointers_[MethodsMax];
  dm_type table_;
};

// The types of one plugin, with the id and version its manifest gives. Must be a constexpr variable of a namespace.
template <size_t TypeCount>
class Plugin {
 public:
  template <class... Types>
  constexpr Plugin(const char* id, const char* version, const Types&... types) noexcept
      : types_{types.table()...}, id_(id), version_(version) {}
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;

  // What to export: constexpr dm_plugin dormouse_plugin = plugin.table();
  constexpr dm_plugin table() const noexcept {
    return {DM_PLUGIN_MAGIC, sizeof(dm_plugin), DM_ABI_MAJOR, DM_ABI_MINOR, TypeCount, id_, version_, types_};
  }

 private:
  const dm_type* types_[TypeCount];
  const char* id_;
  const char* version_;
};
template <class... Types>
Plugin(const char*, const char*, const Types&...) -> Plugin<sizeof...(Types)>;

}  // namespace plugin_api_1
}  // namespace dormouse

#endif  // DORMOUSE_PLUGIN_HPP
