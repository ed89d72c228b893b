#include "values/value.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <numeric>
#include <optional>

namespace dormouse {

// ---- the buffer: a reference count, then the bytes of the value on the next 64-byte boundary ----

struct Value::Buffer {
  std::atomic<uint32_t> references{1};

  // malloc with padding and not aligned_alloc: glibc serves small blocks of the former from a per-thread cache.
  // Null when there is no memory.
  static Buffer* make(size_t size) noexcept {
    void* block = std::malloc(sizeof(Buffer) + DM_VALUE_ALIGNMENT + size);
    return block ? new (block) Buffer : nullptr;
  }
  unsigned char* data() noexcept {
    const auto after = reinterpret_cast<uintptr_t>(this + 1);
    return reinterpret_cast<unsigned char*>(dm_align_up(after, DM_VALUE_ALIGNMENT));
  }
  void share() noexcept { references.fetch_add(1, std::memory_order_relaxed); }
  void drop() noexcept {
    if (references.fetch_sub(1, std::memory_order_acq_rel) == 1) std::free(this);
  }
};

Value::Value(const Value& other) noexcept : buffer_(other.buffer_), node_(other.node_) {
  if (buffer_) buffer_->share();
}

Value::Value(Value&& other) noexcept
    : buffer_(std::exchange(other.buffer_, nullptr)), node_(std::exchange(other.node_, nullptr)) {}

Value& Value::operator=(Value other) noexcept {
  std::swap(buffer_, other.buffer_);
  std::swap(node_, other.node_);
  return *this;
}

Value::~Value() {
  if (buffer_) buffer_->drop();
}

dm_value Value::view() const {
  if (!node_) return dm_value_none();
  return dm_value{buffer_->data(), node_};
}

Value Value::at(dm_value node) const {
  if (!node.node) return Value();
  assert(buffer_ && node.base == buffer_->data());
  buffer_->share();
  return Value(buffer_, node.node);
}

Value Value::field(std::string_view name) const {
  return at(dm_map_find(view(), name.data(), name.size()));
}

bool Value::is_root() const {
  return node_ && node_ == dm_value_root(buffer_->data()).node;
}

std::span<const std::byte> Value::bytes() const {
  if (!node_) return {};
  const auto* header = reinterpret_cast<const dm_value_header*>(buffer_->data());
  return {reinterpret_cast<const std::byte*>(header), static_cast<size_t>(header->size)};
}

namespace {

// How deep lists and maps below a validated node are nested.
unsigned nesting(dm_value value) {
  unsigned deepest = 0;
  const uint32_t count = dm_count(value);
  for (uint32_t i = 0; i < count; ++i) {
    dm_string_view key{};
    dm_value child = dm_list_at(value, i);
    if (!child.node) dm_map_at(value, i, &key, &child);
    deepest = std::max(deepest, nesting(child));
  }
  const int kind = dm_kind(value);
  return kind == DM_LIST || kind == DM_MAP ? deepest + 1 : 0;
}

Error foreign_error(Code code, std::string message) {
  return Error{.code = code, .message = std::move(message), .object = "value"};
}

}  // namespace

Result<Value> Value::from_foreign(std::span<const std::byte> bytes, const ValueLimits& limits) {
  if (bytes.size() > limits.bytes_max) {
    Error error = foreign_error(Code::resource_exhausted, "larger than allowed");
    error.needed = "at most " + std::to_string(limits.bytes_max) + " bytes";
    error.found = std::to_string(bytes.size());
    return error;
  }
  if (bytes.size() < sizeof(dm_value_header)) return foreign_error(Code::broken_contract, "shorter than its header");
  Buffer* buffer = Buffer::make(bytes.size());
  if (!buffer) return foreign_error(Code::overloaded, "out of memory");
  Value value(buffer, nullptr);
  std::memcpy(buffer->data(), bytes.data(), bytes.size());
  if (const char* problem = dm_value_problem(buffer->data(), bytes.size()))
    return foreign_error(Code::broken_contract, problem);
  value.node_ = dm_value_root(buffer->data()).node;
  if (limits.depth_max < DM_VALUE_DEPTH_MAX && nesting(value.view()) > limits.depth_max)
    return foreign_error(Code::resource_exhausted, "nested deeper than allowed");
  return value;
}

// ---- the writer ----

// Payloads are laid out in `scratch` in post-order, where they stay: a finished value is scratch plus its header. Nodes
// wait on a stack until the list or map around them ends and takes them as its array.
struct ValueWriter::Impl {
  // Scratch above this is given back after a value, so one large request does not fatten every writer for good.
  static constexpr size_t kKeptBytes = size_t{256} << 10;
  // A finished value at least this large takes the scratch with it instead of being copied out of it.
  static constexpr size_t kHandedOverBytes = size_t{64} << 10;
  // Up to here a key is compared with each one before it; the keys of a larger map are sorted once, when it ends.
  static constexpr size_t kLinearKeys = 16;

  struct Frame {
    size_t first_node;
    bool map;
  };

  dm_writer abi;  // what plugins see; abi.self is this object
  const size_t bytes_max;
  const unsigned depth_max;
  Value::Buffer* scratch = nullptr;
  unsigned char* data = nullptr;  // of scratch
  size_t capacity = 0;
  size_t used = sizeof(dm_value_header);
  std::vector<dm_node> nodes;
  std::array<Frame, DM_VALUE_DEPTH_MAX> frames;
  unsigned depth = 0;
  std::vector<uint32_t> key_order;  // scratch of has_duplicate_keys
  Code error = Code::ok;            // the first mistake
  std::string mistake;

  explicit Impl(const ValueLimits& limits)
      : bytes_max(std::max(limits.bytes_max, sizeof(dm_value_header))),
        depth_max(std::min(limits.depth_max, unsigned{DM_VALUE_DEPTH_MAX})) {}
  ~Impl() { std::free(scratch); }

  // -- mistakes --

  // Remembers the first one. Out of line: it is never the hot path.
  [[gnu::cold, gnu::noinline]] bool fail(Code code, std::string_view what, std::string_view detail = {}) noexcept {
    if (error != Code::ok) return false;
    error = code;
    try {
      mistake.assign(what);
      if (!detail.empty()) mistake.append(" '").append(detail.substr(0, 64)).append("'");
    } catch (const std::bad_alloc&) {
      mistake.clear();
    }
    return false;
  }
  bool misuse(std::string_view what, std::string_view detail = {}) noexcept {
    return fail(Code::broken_contract, what, detail);
  }
  bool too_large() noexcept { return fail(Code::resource_exhausted, "the value is larger than allowed"); }
  // Not a limit of values: the same value may be written once others have gone.
  bool no_memory() noexcept { return fail(Code::overloaded, "out of memory"); }

  // -- room --

  [[gnu::noinline]] bool grow(size_t needed) noexcept {
    const size_t wanted = std::max({needed, std::min(capacity * 2, bytes_max), size_t{1024}});
    Value::Buffer* larger = Value::Buffer::make(wanted);
    if (!larger) return no_memory();
    if (scratch) std::memcpy(larger->data(), data, used);
    std::free(scratch);
    scratch = larger;
    data = larger->data();
    capacity = wanted;
    return true;
  }

  // Makes room for `size` bytes at the next multiple of `alignment` and returns their offset; 0 after a mistake.
  // What is skipped is zeroed: scratch held somebody else's value before.
  size_t reserve(size_t size, size_t alignment) noexcept {
    const size_t start = dm_align_up(used, alignment);
    if (size > bytes_max || start > bytes_max - size) return too_large(), 0;
    if (start + size > capacity && !grow(start + size)) return 0;
    if (start != used) std::memset(data + used, 0, start - used);
    used = start + size;
    return start;
  }

  // As reserve(), for what needs no alignment: each text. `used` is never above bytes_max.
  [[gnu::always_inline]] size_t reserve_unaligned(size_t size) noexcept {
    if (size > bytes_max - used) [[unlikely]]
      return too_large(), 0;
    if (used + size > capacity && !grow(used + size)) [[unlikely]]
      return 0;
    return std::exchange(used, used + size);
  }

  // -- nodes --

  bool in_map() const { return depth > 0 && frames[depth - 1].map; }
  bool awaits_key() const { return in_map() && (nodes.size() - frames[depth - 1].first_node) % 2 == 0; }

  // Whether a value may come now.
  bool may_add() noexcept {
    if (error != Code::ok) [[unlikely]]
      return false;
    if (depth == 0) return nodes.empty() || misuse("a second outermost value");
    return !awaits_key() || misuse("a value in a map without a key before it");
  }

  // Nodes will be copied into scratch, so they count towards the limit from the start. Inlined: a node that is stored
  // byte by byte and then loaded as a whole stalls, which made this function 40 % of a small value.
  [[gnu::always_inline]] bool push(dm_node node) noexcept {
    if (nodes.size() * sizeof(dm_node) > bytes_max - used) [[unlikely]]
      return too_large();
    if (nodes.size() == nodes.capacity() && !grow_nodes()) [[unlikely]]
      return false;
    nodes.push_back(node);
    return true;
  }

  [[gnu::noinline]] bool grow_nodes() noexcept {
    try {
      nodes.reserve(std::max(nodes.capacity() * 2, size_t{64}));
    } catch (const std::bad_alloc&) {
      return no_memory();
    }
    return true;
  }

  bool add_scalar(uint8_t kind, uint64_t payload) noexcept {
    return may_add() && push(dm_node{kind, 0, 0, 0, payload});
  }

  bool countable(size_t size) noexcept { return size <= std::numeric_limits<uint32_t>::max() || too_large(); }

  bool push_text(std::string_view text) noexcept {
    if (!countable(text.size())) return false;
    const size_t offset = reserve_unaligned(text.size() + 1);
    if (offset == 0) return false;
    if (!text.empty()) std::memcpy(data + offset, text.data(), text.size());
    data[offset + text.size()] = 0;
    return push(dm_node{DM_STRING, 0, 0, static_cast<uint32_t>(text.size()), offset});
  }

  // `text` names at most bytes_max bytes, so an absurd size is refused before a byte of it is read.
  bool is_utf8(std::string_view text) noexcept {
    if (!text.data() && !text.empty()) return misuse("a null pointer with a size");
    if (text.size() > bytes_max) return too_large();
    return dm_utf8_valid(reinterpret_cast<const unsigned char*>(text.data()), text.size()) ||
           misuse("a string that is not UTF-8");
  }

  bool add_string(std::string_view text) noexcept { return may_add() && is_utf8(text) && push_text(text); }

  bool add_bytes(const void* bytes, size_t size) noexcept {
    if (!may_add()) return false;
    if (!bytes && size > 0) return misuse("a null pointer with a size");
    if (!countable(size)) return false;
    const size_t offset = reserve(size, 8);
    if (offset == 0) return false;
    if (size > 0) std::memcpy(data + offset, bytes, size);
    return push(dm_node{DM_BYTES, 0, 0, static_cast<uint32_t>(size), offset});
  }

  // Bytes of a tensor's elements; nullopt after a mistake.
  std::optional<size_t> tensor_bytes(int dtype, std::span<const int64_t> shape) noexcept {
    size_t bytes = dm_dtype_size(dtype);
    if (bytes == 0) return misuse("a tensor of an unknown dtype"), std::nullopt;
    if (!shape.data() || shape.empty() || shape.size() > DM_TENSOR_RANK_MAX)
      return misuse("a tensor of an impossible rank"), std::nullopt;
    bool empty = false;
    for (int64_t size : shape) {
      if (size < 0) return misuse("a tensor with a negative dimension"), std::nullopt;
      empty = empty || size == 0;
    }
    if (empty) return 0;
    for (int64_t size : shape) {
      if (bytes > bytes_max / static_cast<uint64_t>(size)) return too_large(), std::nullopt;
      bytes *= static_cast<uint64_t>(size);
    }
    return bytes;
  }

  // `elements` to copy, or null for zeros to be filled in place.
  void* add_tensor(int dtype, std::span<const int64_t> shape, const void* elements) noexcept {
    if (!may_add()) return nullptr;
    const std::optional<size_t> bytes = tensor_bytes(dtype, shape);
    if (!bytes) return nullptr;
    const size_t shape_offset = reserve(shape.size_bytes(), 8);
    if (shape_offset == 0) return nullptr;
    std::memcpy(data + shape_offset, shape.data(), shape.size_bytes());
    const size_t offset = reserve(*bytes, DM_VALUE_ALIGNMENT);
    if (offset == 0) return nullptr;
    if (elements && *bytes > 0)
      std::memcpy(data + offset, elements, *bytes);
    else
      std::memset(data + offset, 0, *bytes);
    const auto rank = static_cast<uint16_t>(shape.size());
    if (!push(dm_node{DM_TENSOR, static_cast<uint8_t>(dtype), rank, 0, shape_offset})) return nullptr;
    return data + offset;
  }

  // -- lists and maps --

  bool begin(bool map) noexcept {
    if (!may_add()) return false;
    if (depth >= depth_max) return fail(Code::resource_exhausted, "the value is nested deeper than allowed");
    frames[depth++] = Frame{nodes.size(), map};
    return true;
  }

  bool end(bool map) noexcept {
    if (error != Code::ok) return false;
    if (depth == 0 || frames[depth - 1].map != map)
      return misuse(map ? "map_end without its map_begin" : "list_end without its list_begin");
    const size_t first = frames[depth - 1].first_node;
    const size_t count = nodes.size() - first;
    if (map && count % 2 != 0) return misuse("a key without its value");
    if (map && count / 2 > kLinearKeys && has_duplicate_keys(first)) return false;
    return close(map, first);
  }

  // Turns the nodes from `first` on into the array of one list or map.
  bool close(bool map, size_t first) noexcept {
    const size_t count = nodes.size() - first;
    if (!countable(count)) return false;
    const size_t offset = reserve(count * sizeof(dm_node), 8);
    if (offset == 0) return false;
    if (count > 0) std::memcpy(data + offset, nodes.data() + first, count * sizeof(dm_node));
    nodes.resize(first);
    --depth;
    const auto entries = static_cast<uint32_t>(map ? count / 2 : count);
    return push(dm_node{static_cast<uint8_t>(map ? DM_MAP : DM_LIST), 0, 0, entries, offset});
  }

  std::string_view text_of(const dm_node& node) const {
    return {reinterpret_cast<const char*>(data + node.payload), node.count};
  }

  // The first byte tells most keys apart without a call of memcmp, which was a quarter of a map with ten fields.
  bool is_text(const dm_node& node, std::string_view text) const {
    if (node.count != text.size()) return false;
    return text.empty() || (data[node.payload] == static_cast<unsigned char>(text.front()) && text_of(node) == text);
  }

  bool add_key(std::string_view name) noexcept {
    if (error != Code::ok) return false;
    if (!awaits_key()) return misuse(in_map() ? "two keys in a row" : "a key outside of a map");
    if (!is_utf8(name)) return false;
    const size_t first = frames[depth - 1].first_node;
    if ((nodes.size() - first) / 2 < kLinearKeys)
      for (size_t i = first; i < nodes.size(); i += 2)
        if (is_text(nodes[i], name)) return misuse("a key twice in one map:", name);
    return push_text(name);
  }

  // Sorting, not hashing: nobody can choose keys that make it slow.
  bool has_duplicate_keys(size_t first) noexcept {
    try {
      key_order.resize((nodes.size() - first) / 2);
    } catch (const std::bad_alloc&) {
      return !no_memory();
    }
    std::iota(key_order.begin(), key_order.end(), 0u);
    const auto key = [&](uint32_t i) { return text_of(nodes[first + 2 * size_t{i}]); };
    std::sort(key_order.begin(), key_order.end(), [&](uint32_t a, uint32_t b) { return key(a) < key(b); });
    const auto twice = std::adjacent_find(key_order.begin(), key_order.end(),
                                          [&](uint32_t a, uint32_t b) { return key(a) == key(b); });
    return twice != key_order.end() && !misuse("a key twice in one map:", key(*twice));
  }

  // -- copies --

  // Of a value that is known to be well-formed: text is not checked again.
  bool add_copy(dm_value value) noexcept {
    switch (dm_kind(value)) {
      case DM_NULL:
        return add_scalar(DM_NULL, 0);
      case DM_BOOL:
      case DM_INT:
      case DM_FLOAT:
        return add_scalar(value.node->kind, value.node->payload);
      case DM_STRING: {
        dm_string_view text{};
        dm_get_string(value, &text);
        return may_add() && push_text({text.data, text.size});
      }
      case DM_BYTES: {
        dm_bytes_view bytes{};
        dm_get_bytes(value, &bytes);
        return add_bytes(bytes.data, bytes.size);
      }
      case DM_TENSOR: {
        dm_tensor_view tensor{};
        dm_get_tensor(value, &tensor);
        return add_tensor(tensor.dtype, {tensor.shape, tensor.rank}, tensor.data) != nullptr;
      }
      default:
        return add_copy_of_container(value);
    }
  }

  bool add_copy_of_container(dm_value value) noexcept {
    const bool map = dm_kind(value) == DM_MAP;
    if (!begin(map)) return false;
    const size_t first = frames[depth - 1].first_node;
    const uint32_t count = dm_count(value);
    for (uint32_t i = 0; i < count; ++i) {
      dm_string_view key{};
      dm_value child = dm_list_at(value, i);
      if (map && !(dm_map_at(value, i, &key, &child) && push_text({key.data, key.size}))) return false;
      if (!add_copy(child)) return false;
    }
    return close(map, first);
  }

  // What a plugin hands over may be anything that looks like a value.
  bool add_checked_copy(dm_value value) noexcept {
    if (error != Code::ok) return false;
    if (!value.node) return add_scalar(DM_NULL, 0);
    const auto* header = reinterpret_cast<const dm_value_header*>(value.base);
    if (!header || reinterpret_cast<uintptr_t>(header) % DM_VALUE_ALIGNMENT != 0 || header->magic != DM_VALUE_MAGIC)
      return misuse("a copy of something that is no value");
    const auto* node = reinterpret_cast<const unsigned char*>(value.node);
    if (node < value.base || header->size < sizeof(dm_node) ||
        static_cast<uint64_t>(node - value.base) > header->size - sizeof(dm_node) || (node - value.base) % 8 != 0)
      return misuse("a copy of a node outside of its buffer");
    dm_validation walk{value.base, header->size, header->size};
    if (const char* problem = dm_node_problem(&walk, value.node, 0)) return misuse("a copy of a value with", problem);
    return add_copy(value);
  }

  // -- the end --

  void reset() noexcept {
    if (capacity > kKeptBytes) {
      std::free(scratch);
      scratch = nullptr;
      data = nullptr;
      capacity = 0;
    }
    if (nodes.capacity() * sizeof(dm_node) > kKeptBytes) nodes = {};
    if (key_order.capacity() * sizeof(uint32_t) > kKeptBytes) key_order = {};
    nodes.clear();
    used = sizeof(dm_value_header);
    depth = 0;
    error = Code::ok;
  }

  // Checks that exactly one value was written, and writes the header before it.
  bool complete() noexcept {
    if (error != Code::ok) return false;
    if (depth > 0) return misuse(in_map() ? "a map without its map_end" : "a list without its list_end");
    if (nodes.empty()) return misuse("no value was written");
    reserve(0, 8);
    if (!scratch && !grow(used)) return false;
    if (error != Code::ok) return false;
    const dm_value_header header{DM_VALUE_MAGIC, 0, used, nodes.front()};
    std::memcpy(data, &header, sizeof header);
    return true;
  }

  // The finished buffer: scratch itself when that wastes little, else a copy of exactly the right size.
  Value::Buffer* take() noexcept {
    if (used >= kHandedOverBytes && used >= capacity - capacity / 4) {
      data = nullptr;
      capacity = 0;
      return std::exchange(scratch, nullptr);
    }
    Value::Buffer* buffer = Value::Buffer::make(used);
    if (buffer) std::memcpy(buffer->data(), data, used);
    return buffer;
  }

  // -- what plugins see: no exception leaves it, whatever is passed in --

  int32_t answer(bool done) const noexcept {
    if (done) return DM_OK;
    return error == Code::resource_exhausted || error == Code::overloaded ? DM_RESOURCE_EXHAUSTED : DM_INVALID_ARGUMENT;
  }

  // Calls `act` on the writer behind `out`; a null `out` is answered.
  template <class Act>
  static int32_t with(dm_writer* out, Act act) noexcept {
    if (!out || !out->self) return DM_INVALID_ARGUMENT;
    auto& self = *static_cast<Impl*>(out->self);
    return self.answer(act(self));
  }

  static int32_t abi_tensor(dm_writer* out, int dtype, const int64_t* shape, uint16_t rank, void** elements) noexcept {
    if (elements) *elements = nullptr;
    return with(out, [&](Impl& self) {
      if (!elements) return self.misuse("a tensor without a place for its pointer");
      *elements = self.add_tensor(dtype, {shape, shape ? rank : size_t{0}}, nullptr);
      return *elements != nullptr;
    });
  }

  dm_writer make_abi() noexcept {
    dm_writer table{};
    table.size = sizeof table;
    table.self = this;
    table.null = [](dm_writer* out) { return with(out, [](Impl& self) { return self.add_scalar(DM_NULL, 0); }); };
    table.boolean = [](dm_writer* out, int value) {
      return with(out, [=](Impl& self) { return self.add_scalar(DM_BOOL, value != 0); });
    };
    table.integer = [](dm_writer* out, int64_t value) {
      return with(out, [=](Impl& self) { return self.add_scalar(DM_INT, static_cast<uint64_t>(value)); });
    };
    table.number = [](dm_writer* out, double value) {
      return with(out, [=](Impl& self) { return self.add_scalar(DM_FLOAT, std::bit_cast<uint64_t>(value)); });
    };
    table.string = [](dm_writer* out, const char* utf8, size_t size) {
      return with(out, [=](Impl& self) { return self.add_string({utf8, size}); });
    };
    table.bytes = [](dm_writer* out, const void* bytes, size_t size) {
      return with(out, [=](Impl& self) { return self.add_bytes(bytes, size); });
    };
    table.tensor = abi_tensor;
    table.list_begin = [](dm_writer* out) { return with(out, [](Impl& self) { return self.begin(false); }); };
    table.list_end = [](dm_writer* out) { return with(out, [](Impl& self) { return self.end(false); }); };
    table.map_begin = [](dm_writer* out) { return with(out, [](Impl& self) { return self.begin(true); }); };
    table.key = [](dm_writer* out, const char* utf8, size_t size) {
      return with(out, [=](Impl& self) { return self.add_key({utf8, size}); });
    };
    table.map_end = [](dm_writer* out) { return with(out, [](Impl& self) { return self.end(true); }); };
    table.copy = [](dm_writer* out, dm_value value) {
      return with(out, [=](Impl& self) { return self.add_checked_copy(value); });
    };
    return table;
  }
};

ValueWriter::ValueWriter(const ValueLimits& limits) : impl_(std::make_unique<Impl>(limits)) {
  impl_->nodes.reserve(64);
}
ValueWriter::~ValueWriter() = default;

bool ValueWriter::null() {
  return impl_->add_scalar(DM_NULL, 0);
}
bool ValueWriter::boolean(bool value) {
  return impl_->add_scalar(DM_BOOL, value);
}
bool ValueWriter::integer(int64_t value) {
  return impl_->add_scalar(DM_INT, static_cast<uint64_t>(value));
}
bool ValueWriter::number(double value) {
  return impl_->add_scalar(DM_FLOAT, std::bit_cast<uint64_t>(value));
}
bool ValueWriter::string(std::string_view utf8) {
  return impl_->add_string(utf8);
}
bool ValueWriter::bytes(std::span<const std::byte> data) {
  return impl_->add_bytes(data.data(), data.size());
}
bool ValueWriter::bytes(const void* data, size_t size) {
  return impl_->add_bytes(data, size);
}
void* ValueWriter::tensor(int dtype, std::span<const int64_t> shape) {
  return impl_->add_tensor(dtype, shape, nullptr);
}
bool ValueWriter::list_begin() {
  return impl_->begin(false);
}
bool ValueWriter::list_end() {
  return impl_->end(false);
}
bool ValueWriter::map_begin() {
  return impl_->begin(true);
}
bool ValueWriter::key(std::string_view name) {
  return impl_->add_key(name);
}
bool ValueWriter::map_end() {
  return impl_->end(true);
}
bool ValueWriter::copy(dm_value value) {
  return impl_->add_copy(value);
}

dm_writer* ValueWriter::abi() {
  // Anew each time: the last borrower may have written into it.
  impl_->abi = impl_->make_abi();
  return &impl_->abi;
}

void ValueWriter::reset() {
  impl_->reset();
}

Result<Value> ValueWriter::finish() {
  Value::Buffer* buffer = impl_->complete() ? impl_->take() : nullptr;
  if (!buffer) {
    if (impl_->error == Code::ok) impl_->no_memory();
    Error error{.code = impl_->error, .message = impl_->mistake, .object = "value"};
    impl_->reset();
    return error;
  }
  impl_->reset();
  return Value(buffer, dm_value_root(buffer->data()).node);
}

Status ValueWriter::mistake() const {
  if (impl_->error == Code::ok) return {};
  return Error{.code = impl_->error, .message = impl_->mistake, .object = "value"};
}

// ---- text for people ----

namespace {

// Appends to `text` until it is full; then cuts, and says so with "...".
class DebugText {
 public:
  explicit DebugText(size_t chars_max) : chars_max_(chars_max) {}

  void add(dm_value value) {
    if (full()) return;
    switch (dm_kind(value)) {
      case DM_BOOL:
        return append(value.node->payload ? "true" : "false");
      case DM_INT:
        return append(std::to_string(static_cast<int64_t>(value.node->payload)));
      case DM_FLOAT:
        return add_number(std::bit_cast<double>(value.node->payload));
      case DM_STRING: {
        dm_string_view text{};
        dm_get_string(value, &text);
        return add_string({text.data, text.size});
      }
      case DM_BYTES:
        return append("<" + std::to_string(value.node->count) + " bytes>");
      case DM_TENSOR:
        return add_tensor(value);
      case DM_LIST:
      case DM_MAP:
        return add_container(value);
      default:
        return append("null");
    }
  }

  std::string take() {
    if (text_.size() > chars_max_) {
      text_ = std::string(up_to(text_, chars_max_ > 3 ? chars_max_ - 3 : 0)) + (chars_max_ > 3 ? "..." : "");
    }
    return std::move(text_);
  }

 private:
  static constexpr size_t kStringBytes = 64;

  bool full() const { return text_.size() > chars_max_; }
  void append(std::string_view more) { text_.append(more.substr(0, chars_max_ + 1)); }

  // At most `size` bytes of `text`, cut between code points.
  static std::string_view up_to(std::string_view text, size_t size) {
    if (text.size() <= size) return text;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
    return text.substr(0, size);
  }

  void add_number(double number) {
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, number);
    append({digits, static_cast<size_t>(end.ptr - digits)});
  }

  void add_string(std::string_view text) {
    const std::string_view shown = up_to(text, kStringBytes);
    append("\"");
    for (const char c : shown) add_character(c);
    append(shown.size() < text.size() ? "...\"" : "\"");
  }

  void add_character(char c) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') append("\\");
    if (byte >= 0x20 && byte != 0x7F) return append({&c, 1});
    constexpr char kHex[] = "0123456789abcdef";
    append(std::string("\\u00") + kHex[byte >> 4] + kHex[byte & 15]);
  }

  void add_tensor(dm_value value) {
    dm_tensor_view tensor{};
    dm_get_tensor(value, &tensor);
    constexpr std::string_view kNames[] = {"?", "f32", "f16", "i8", "i64"};
    append("<tensor ");
    append(kNames[tensor.dtype < std::size(kNames) ? tensor.dtype : 0]);
    for (unsigned i = 0; i < tensor.rank; ++i) append((i ? "," : " [") + std::to_string(tensor.shape[i]));
    append("]>");
  }

  void add_container(dm_value value) {
    const bool map = dm_kind(value) == DM_MAP;
    append(map ? "{" : "[");
    for (uint32_t i = 0; i < dm_count(value) && !full(); ++i) {
      dm_string_view key{};
      dm_value child = dm_list_at(value, i);
      if (i > 0) append(",");
      if (map && dm_map_at(value, i, &key, &child)) {
        add_string({key.data, key.size});
        append(":");
      }
      add(child);
    }
    append(map ? "}" : "]");
  }

  const size_t chars_max_;
  std::string text_;
};

}  // namespace

std::string to_debug_string(dm_value value, size_t chars_max) {
  DebugText text(chars_max);
  text.add(value);
  return text.take();
}

}  // namespace dormouse
