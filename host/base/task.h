// A move-only callable: what queues, loops and lanes carry. std::function cannot hold a lease.
// Not synchronised: it is moved from thread to thread, and used by one at a time. Calling an empty one is our mistake.
#pragma once

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace dormouse {

template <class Signature>
class UniqueFunction;

// Callables of up to 48 bytes that move without throwing live inside; larger ones on the heap.
template <class R, class... Args>
class UniqueFunction<R(Args...)> {
  template <class F>
  static constexpr bool kCallableLikeThis =
      !std::is_same_v<std::remove_cvref_t<F>, UniqueFunction> && std::is_invocable_r_v<R, std::decay_t<F>&, Args...>;

 public:
  UniqueFunction() = default;
  template <class F>
  requires kCallableLikeThis<F> UniqueFunction(F&& f) {
    using T = std::decay_t<F>;
    if constexpr (sizeof(T) <= kInline && alignof(T) <= alignof(std::max_align_t) &&
                  std::is_nothrow_move_constructible_v<T>) {
      ::new (static_cast<void*>(&storage_)) T(std::forward<F>(f));
      ops_ = &kInlineOps<T>;
    } else {
      ::new (static_cast<void*>(&storage_)) T*(new T(std::forward<F>(f)));
      ops_ = &kHeapOps<T>;
    }
  }
  UniqueFunction(UniqueFunction&& other) noexcept { take(other); }
  UniqueFunction& operator=(UniqueFunction&& other) noexcept {
    if (this != &other) {
      reset();
      take(other);
    }
    return *this;
  }
  ~UniqueFunction() { reset(); }

  R operator()(Args... args) { return ops_->call(&storage_, std::forward<Args>(args)...); }
  explicit operator bool() const { return ops_ != nullptr; }

 private:
  static constexpr size_t kInline = 48;
  struct Ops {
    R (*call)(void* storage, Args&&...);
    void (*move)(void* from, void* to);  // leaves `from` destroyed
    void (*destroy)(void* storage);
  };

  template <class T>
  static R call(T& f, Args&&... args) {
    if constexpr (std::is_void_v<R>) {
      f(std::forward<Args>(args)...);  // what a callable returns to a void signature is dropped
    } else {
      return f(std::forward<Args>(args)...);
    }
  }
  template <class T>
  static constexpr Ops kInlineOps{
      [](void* p, Args&&... args) -> R { return call(*static_cast<T*>(p), std::forward<Args>(args)...); },
      [](void* from, void* to) {
        ::new (to) T(std::move(*static_cast<T*>(from)));
        static_cast<T*>(from)->~T();
      },
      [](void* p) { static_cast<T*>(p)->~T(); }};
  template <class T>
  static constexpr Ops kHeapOps{
      [](void* p, Args&&... args) -> R { return call(**static_cast<T**>(p), std::forward<Args>(args)...); },
      [](void* from, void* to) { ::new (to) T*(*static_cast<T**>(from)); },
      [](void* p) { delete *static_cast<T**>(p); }};

  void reset() {
    if (ops_) std::exchange(ops_, nullptr)->destroy(&storage_);
  }
  void take(UniqueFunction& other) {
    ops_ = std::exchange(other.ops_, nullptr);
    if (ops_) ops_->move(&other.storage_, &storage_);
  }

  const Ops* ops_ = nullptr;
  alignas(std::max_align_t) unsigned char storage_[kInline];
};

using Task = UniqueFunction<void()>;

}  // namespace dormouse
