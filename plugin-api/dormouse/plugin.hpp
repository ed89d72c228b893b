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
//   Space& cache_space(Call&, std::string_view name, const dm_cache_limits&) const
//                                                  capability dormouse.cache/1; a Space has, all of them thread-safe,
//                                                    int32_t get(std::string_view key, int64_t now_ns, dm_cache_hit&,
//                                                                uint64_t& epoch) noexcept
//                                                    void unpin(void* pin) noexcept
//                                                    int32_t put(const dm_cache_entry&, int64_t now_ns)
//                                                    uint64_t purge(const dm_cache_tag* tag)
//                                                    void stats(dm_cache_stats&) const noexcept
//   void expose(Call&, View snapshot, Writer out) const
//                                                  capability dormouse.observe/1
//   method<&Echo::echo, &Echo::echo_batch>("echo") capability dormouse.batch/1: void echo_batch(Batch&),
//                                                  const as `echo` is
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

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "dormouse/ext/batch.h"
#include "dormouse/ext/cache.h"
#include "dormouse/ext/observe.h"
#include "dormouse/ext/trim.h"
#include "dormouse/ext/veto.h"
#include "dormouse/host.hpp"
#include "dormouse/plugin.h"
#include "dormouse/value.hpp"

namespace dormouse {
// The inline namespace keeps these names apart from the host's own when a test links both.
inline namespace plugin_api_1 {

namespace detail {

inline int32_t report(const dm_call* call, int32_t status, const char* message) noexcept {
  if (status == DM_OK) status = DM_INTERNAL;  // a Failure is one, whatever it says
  // Without a message the host already knows the reason: its writer refused.
  if (call != nullptr && call->fail != nullptr && *message != '\0') call->fail(call, status, message);
  return status;
}

// Runs body() at the boundary: what it throws becomes what tell(status, message) returns.
template <class Tell, class Body>
int32_t guard_and_tell(Tell&& tell, Body&& body) noexcept {
  try {
    body();
    return DM_OK;
  } catch (const Failure& failure) {
    return tell(failure.status(), failure.what());
  } catch (const std::bad_alloc&) {
    return tell(DM_RESOURCE_EXHAUSTED, "out of memory");
  } catch (const std::exception& e) {
    return tell(DM_INTERNAL, *e.what() ? e.what() : "an exception without a message");
  } catch (...) {
    return tell(DM_INTERNAL, "an exception that is no std::exception");
  }
}

// The same for one call: a status, and the message left with it.
template <class Body>
int32_t guard(const dm_call* call, Body&& body) noexcept {
  return guard_and_tell([call](int32_t status, const char* message) { return report(call, status, message); },
                        static_cast<Body&&>(body));
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

// The class of what cache_space() returns a reference to; void: there is no such function.
template <class C, class = void>
struct CacheSpaceOf {
  using type = void;
};
template <class C>
struct CacheSpaceOf<C, std::void_t<decltype(std::declval<const C&>().cache_space(
                           std::declval<Call&>(), std::string_view(), std::declval<const dm_cache_limits&>()))>> {
  using type = std::remove_reference_t<decltype(std::declval<const C&>().cache_space(
      std::declval<Call&>(), std::string_view(), std::declval<const dm_cache_limits&>()))>;
};

template <class S, class = void>
struct HasCount : std::false_type {};
template <class S>
struct HasCount<S, std::void_t<decltype(std::declval<const S&>().count(std::declval<const dm_cache_tag*>()))>>
    : std::true_type {};

template <class C, class = void>
struct HasObserve : std::false_type {};
template <class C>
struct HasObserve<C, std::void_t<decltype(std::declval<const C&>().expose(
                         std::declval<Call&>(), std::declval<View>(), std::declval<Writer>()))>> : std::true_type {};

template <class C, class = void>
struct HasCapability : std::false_type {};
template <class C>
struct HasCapability<C, std::void_t<decltype(std::declval<C&>().capability(std::string_view()))>> : std::true_type {};

}  // namespace detail

// Calls of one method, to be answered together. Each is answered or ends in a failure of its own.
class Batch {
 public:
  Batch(dm_batch_item* const* items, uint32_t size) noexcept : items_(items), size_(size) {}

  uint32_t size() const noexcept { return size_; }
  Call call(uint32_t i) const noexcept { return Call(items_[i]->call); }
  View in(uint32_t i) const noexcept { return View(items_[i]->in); }
  // Runs body() on behalf of item i; what it throws ends that item alone. Whether nothing was thrown.
  template <class Body>
  bool attempt(uint32_t i, Body&& body) const noexcept {
    dm_batch_item* item = items_[i];
    item->status = detail::guard(item->call, static_cast<Body&&>(body));
    return item->status == DM_OK;
  }
  // Answers item i: body(Writer).
  template <class Body>
  bool answer(uint32_t i, Body&& body) const noexcept {
    return attempt(i, [&] { body(Writer(items_[i]->out)); });
  }

 private:
  dm_batch_item* const* items_;
  uint32_t size_;
};

// A method of a component type: method<&Echo::echo>("echo"), with the name the manifest gives it. RunBatch, when there
// is one, answers several calls together: void echo_batch(Batch&).
template <auto Run, auto RunBatch = nullptr>
struct Method {
  static constexpr bool kHasBatch = !std::is_same_v<decltype(RunBatch), std::nullptr_t>;
  static constexpr auto kRunBatch = RunBatch;
  const char* name;
};
template <auto Run, auto RunBatch = nullptr>
constexpr Method<Run, RunBatch> method(const char* name) noexcept {
  return {name};
}

namespace detail {

// What the host holds as `void* component`. The tables of its capabilities are in here and not static, because a static
// of a template is a symbol that can be unique for the whole process.
template <class C>
struct OpenComponent {
  explicit OpenComponent(const dm_host* abi) : host(abi, &orphans) {}
  Orphans orphans;
  Host host;
  dm_trim trim{};
  dm_veto veto{};
  dm_batch batch{};
  dm_cache cache{};
  dm_observe observe{};
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

// The functions of one component type, in the shape the table wants. Methods are of the template Method.
template <class C, class... Methods>
struct Thunks {
  using Instance = typename InstanceOf<C>::type;
  using Holder = OpenComponent<C>;
  using InstanceHolder = OpenInstance<C, Instance>;
  static constexpr bool kHasInstances = !std::is_void_v<Instance>;
  static constexpr bool kHasBatch = (Methods::kHasBatch || ...);
  using CacheSpace = typename CacheSpaceOf<C>::type;
  static constexpr bool kHasCache = !std::is_void_v<CacheSpace>;
  static constexpr bool kServesTheHost =
      kHasCache || HasObserve<C>::value || HasCapability<C>::value;  // also without a method

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
      holder->batch = {sizeof(dm_batch), 0, &run_batch};
      if constexpr (kHasCache) holder->cache = make_cache();
      holder->observe = make_observe();
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
    if (kHasBatch && wanted == DM_EXT_BATCH) return &holder->batch;
    if (kHasCache && wanted == DM_EXT_CACHE) return &holder->cache;
    if (HasObserve<C>::value && wanted == DM_EXT_OBSERVE) return &holder->observe;
    if constexpr (HasCapability<C>::value) {
      const void* table = nullptr;
      guard(nullptr, [&] { table = holder->object->capability(wanted); });
      return table;
    }
    return nullptr;
  }

  template <auto Run>
  static int32_t run(void* self, const dm_call* call, dm_value in, dm_writer* out) noexcept {
    return guard(call, [&] {
      check_call(self, call);
      if (out == nullptr || out->size < sizeof(dm_writer)) host_broke("dm_writer is missing or too short");
      Call borrowed(call);
      enter<Run>(self, borrowed, View(in), Writer(out));
    });
  }

 private:
  // Run on the component or on its instance, whichever it is a member of.
  template <auto Run, class... Arguments>
  static void enter(void* self, Arguments&&... arguments) {
    using Owner = decltype(class_of(Run));
    if constexpr (std::is_base_of_v<Owner, C>) {
      static_assert(std::is_invocable_v<decltype(Run), const C&, Arguments...>,
                    "a method of the component is called concurrently: void method(Call&, View, Writer) const, or "
                    "void batch(Batch&) const");
      (std::as_const(*static_cast<Holder*>(self)->object).*Run)(static_cast<Arguments&&>(arguments)...);
    } else {
      static_assert(std::is_base_of_v<Owner, Instance>, "a method belongs to the component or to its instance class");
      Exclusive exclusive(static_cast<InstanceHolder*>(self)->busy);
      (static_cast<InstanceHolder*>(self)->object.get()->*Run)(static_cast<Arguments&&>(arguments)...);
    }
  }

  static int32_t run_batch(void* self, uint32_t method, dm_batch_item* const* items, uint32_t count) noexcept {
    const auto end_all = [&](int32_t status, const char* message) {
      for (uint32_t i = 0; items != nullptr && i < count; ++i) report(items[i]->call, status, message);
      return report(nullptr, status, message);
    };
    return guard_and_tell(end_all, [&] {
      if (self == nullptr || items == nullptr) host_broke("called without a component, instance or items");
      for (uint32_t i = 0; i < count; ++i) {
        if (items[i]->size < sizeof(dm_batch_item)) host_broke("dm_batch_item is too short");
        check_call(self, items[i]->call);
      }
      Batch batch(items, count);
      uint32_t index = 0;
      bool found = false;
      ((index++ == method ? (found = enter_batch<Methods>(self, batch)) : false), ...);
      if (!found) host_broke("no batch of that method");
    });
  }

  template <class M>
  static bool enter_batch(void* self, Batch& batch) {
    if constexpr (M::kHasBatch) enter<M::kRunBatch>(self, batch);
    return M::kHasBatch;
  }

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

  static dm_cache make_cache() noexcept {
    dm_cache table{};
    table.size = sizeof(dm_cache);
    table.open_space = [](void* component, const dm_call* call, const char* name, const dm_cache_limits* limits,
                          void** space) noexcept -> int32_t {
      return guard(call, [&] {
        check_call(component, call);
        if (name == nullptr || space == nullptr) host_broke("open_space without a name or a place for the space");
        if (limits == nullptr || limits->size < sizeof(dm_cache_limits)) host_broke("dm_cache_limits is too short");
        Call borrowed(call);
        *space = &std::as_const(*static_cast<Holder*>(component)->object).cache_space(borrowed, name, *limits);
      });
    };
    table.get = [](void* space, const void* key, size_t key_size, int64_t now_ns, dm_cache_hit* hit,
                   uint64_t* epoch) noexcept -> int32_t {
      return static_cast<CacheSpace*>(space)->get({static_cast<const char*>(key), key_size}, now_ns, *hit, *epoch);
    };
    table.unpin = [](void* space, void* pin) noexcept { static_cast<CacheSpace*>(space)->unpin(pin); };
    table.put = [](void* space, const dm_cache_entry* entry, int64_t now_ns) noexcept -> int32_t {
      int32_t status = DM_INTERNAL;
      const int32_t ended = guard(nullptr, [&] { status = static_cast<CacheSpace*>(space)->put(*entry, now_ns); });
      return ended == DM_OK ? status : ended;
    };
    table.purge = [](void* space, const dm_cache_tag* tag, uint64_t* purged) noexcept -> int32_t {
      return guard(nullptr, [&] { *purged = static_cast<CacheSpace*>(space)->purge(tag); });
    };
    table.stats = [](void* space, dm_cache_stats* stats) noexcept {
      static_cast<const CacheSpace*>(space)->stats(*stats);
    };
    if constexpr (HasCount<CacheSpace>::value) {
      table.count = [](void* space, const dm_cache_tag* tag, uint64_t* entries) noexcept -> int32_t {
        return guard(nullptr, [&] { *entries = static_cast<const CacheSpace*>(space)->count(tag); });
      };
    }
    return table;
  }

  static dm_observe make_observe() noexcept {
    dm_observe table = {sizeof(dm_observe), 0, nullptr};
    if constexpr (HasObserve<C>::value) {
      table.expose = [](void* component, const dm_call* call, dm_value snapshot, dm_writer* out) noexcept -> int32_t {
        return guard(call, [&] {
          check_call(component, call);
          if (out == nullptr || out->size < sizeof(dm_writer)) host_broke("dm_writer is missing or too short");
          Call borrowed(call);
          std::as_const(*static_cast<Holder*>(component)->object).expose(borrowed, View(snapshot), Writer(out));
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

// The table of one component type. Must be a constexpr variable of a namespace: it points into itself.
template <class Component, size_t MethodsMax = 16>
class Type {
 public:
  template <auto... Runs, auto... RunBatches>
  constexpr explicit Type(const char* name, Method<Runs, RunBatches>... methods) noexcept
      : methods_{dm_method{sizeof(dm_method), 0, methods.name,
                           &detail::Thunks<Component, Method<Runs, RunBatches>...>::template run<Runs>}...},
        pointers_{},
        table_{} {
    using Thunks = detail::Thunks<Component, Method<Runs, RunBatches>...>;
    static_assert(sizeof...(Runs) > 0 || Thunks::kServesTheHost, "a type without methods cannot be called");
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
