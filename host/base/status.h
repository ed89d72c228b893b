// Status and Result<T>: how every function of the host says that it failed, and what to do about it.
// Not an exception hierarchy: exceptions stay inside the box that uses a throwing library.
// Usable from any thread; a Status is a value.
#pragma once

#include <cassert>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace dormouse {

// Sorted by what the caller does next. The first ten have the plugin ABI's numbers (dormouse/plugin.h).
enum class Code : int32_t {
  ok = 0,
  cancelled = 1,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  resource_exhausted = 8,
  failed_precondition = 9,
  internal = 13,
  unavailable = 14,
  data_loss = 15,
  // Of the host's own:
  busy = 101,             // in use; the same request works once the named holders are gone
  load_failed = 102,      // a component could not be loaded; `retry_after` says when it is tried again
  broken_contract = 103,  // a plugin did what plugin.h forbids
  overloaded = 104,       // a bound of the whole host was reached
  queue_full = 105,       // a bound of one component was reached
};

// "invalid_argument", "load_failed" ...: the word used in JSON, Lua and logs.
std::string_view to_string(Code code);

// What went wrong, in the parts a person needs. Only `code` and `message` are always set.
struct Error {
  Code code = Code::internal;
  std::string message = {};  // one sentence without the parts below: "the file is truncated"
  std::string object = {};   // what it is about: "plugin file /opt/p/echo.so", "/text"
  std::string needed = {};
  std::string found = {};
  std::string remedy = {};             // what to do, as an imperative: "run dormouse train nlu.language"
  std::vector<std::string> near = {};  // known names like the one that was not found, nearest first: near_names()
};

// What to do, near names first: "did you mean 'answers'? GET /v1/caches lists them". Empty when there is neither.
std::string remedy_text(const Error& error);

class [[nodiscard]] Status {
 public:
  Status() = default;  // ok
  Status(Code code, std::string message) : Status(Error{.code = code, .message = std::move(message)}) {}
  Status(Error error) : error_(std::make_shared<const Error>(std::move(error))) { assert(error_->code != Code::ok); }

  bool ok() const { return !error_; }
  Code code() const { return error_ ? error_->code : Code::ok; }
  const Error& error() const {
    assert(error_);
    return *error_;
  }
  // One line for people: "object: message (did you mean '...'?); needed ..., found ...; remedy".
  std::string to_string() const;
  // The same inside of a sentence that named `object` already: it is not said twice.
  std::string to_string_within(std::string_view object) const;

 private:
  std::shared_ptr<const Error> error_;  // shared: one load failure is told to every waiter
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Status status) : state_(std::in_place_index<1>, std::move(status)) { assert(!this->status().ok()); }
  Result(Error error) : Result(Status(std::move(error))) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  Status status() const { return ok() ? Status() : std::get<1>(state_); }
  T& value() {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  const T& value() const {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, Status> state_;
};

}  // namespace dormouse
