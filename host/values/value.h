// Values on the host's side: a handle that owns its buffer, and the writer behind the ABI's dm_writer.
// The format, its readers and its validator are in plugin-api's dormouse/value.h. Nothing here knows JSON or Lua.
// A Value is read by any thread; a ValueWriter belongs to one thread at a time.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "dormouse/plugin.h"

namespace dormouse {

struct ValueLimits {
  size_t bytes_max = size_t{64} << 20;  // a request and its answers; bodies over HTTP are bounded earlier
  unsigned depth_max = DM_VALUE_DEPTH_MAX;
};

// A reference to one node of an immutable, reference-counted buffer. Copies share the buffer; any thread may read.
class Value {
 public:
  Value() = default;  // no value
  Value(const Value& other) noexcept;
  Value(Value&& other) noexcept;
  Value& operator=(Value other) noexcept;
  ~Value();

  // Copies untrusted bytes (of a plugin, cache or worker), then validates the copy. Errors: broken_contract,
  // resource_exhausted over a limit, overloaded when there is no memory.
  static Result<Value> from_foreign(std::span<const std::byte> bytes, const ValueLimits& limits = {});

  explicit operator bool() const { return node_ != nullptr; }
  dm_value view() const;
  // A reference to `node`, which must lie in this buffer (a result of the dm_* readers on view()).
  Value at(dm_value node) const;
  // The field `name` of a map, or no value.
  Value field(std::string_view name) const;
  // Whether this is the root of its buffer, not a part of a larger value.
  bool is_root() const;
  // The whole buffer, for a cache or a channel. Meaningful for a root only.
  std::span<const std::byte> bytes() const;

 private:
  friend class ValueWriter;
  struct Buffer;
  Value(Buffer* buffer, const dm_node* node) noexcept : buffer_(buffer), node_(node) {}

  Buffer* buffer_ = nullptr;
  const dm_node* node_ = nullptr;
};

// Builds one value, depth first. `abi()` is this writer in the form that plugins use.
// One thread at a time. Reusable after finish() or reset(); it keeps its memory then.
class ValueWriter {
 public:
  explicit ValueWriter(const ValueLimits& limits = {});
  ~ValueWriter();
  ValueWriter(const ValueWriter&) = delete;
  ValueWriter& operator=(const ValueWriter&) = delete;

  // Each returns false after the first mistake, which finish() then reports.
  bool null();
  bool boolean(bool value);
  bool integer(int64_t value);
  bool number(double value);
  bool string(std::string_view utf8);  // checked to be UTF-8
  bool bytes(std::span<const std::byte> data);
  bool bytes(const void* data, size_t size);
  void* tensor(int dtype, std::span<const int64_t> shape);  // where to put the elements, zeroed; null after a mistake
  bool list_begin();
  bool list_end();
  bool map_begin();
  bool key(std::string_view name);  // the same name twice in one map is a mistake
  bool map_end();
  bool copy(dm_value value);

  dm_writer* abi();
  // The finished value. Errors: broken_contract with the first mistake, resource_exhausted over a limit, overloaded
  // when there is no memory.
  Result<Value> finish();
  // The first mistake so far, as finish() would report it; ok: none.
  Status mistake() const;
  void reset();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Short text of a value for messages and tests: JSON-like, strings cut, at most `chars_max` characters.
std::string to_debug_string(dm_value value, size_t chars_max = 200);

}  // namespace dormouse
