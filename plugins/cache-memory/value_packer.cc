#include "value_packer.h"

#include <cstring>
#include <new>

namespace dormouse::cache_memory {
namespace {

constexpr size_t kNodeAlignment = 8;

// Walks a value twice in the same way: once to see how large it gets, with no memory, and once to write it.
// Depth is bounded by the format.
class Packer {
 public:
  explicit Packer(std::byte* memory) noexcept : memory_(memory) {}
  size_t size() const noexcept { return size_; }

  size_t take(size_t bytes, size_t alignment) noexcept {
    const size_t at = dm_align_up(size_, alignment);
    size_ = at + bytes;
    return at;
  }

  // NOLINTNEXTLINE(misc-no-recursion)
  dm_node node_of(dm_value value) noexcept {
    if (value.node == nullptr) return {DM_NULL, 0, 0, 0, 0};
    dm_node node = *value.node;
    switch (node.kind) {
      case DM_STRING:
        node.payload = copy(value.base + node.payload, node.count + size_t{1}, 1);
        break;
      case DM_BYTES:
        node.payload = copy(value.base + node.payload, node.count, kNodeAlignment);
        break;
      case DM_TENSOR:
        node.payload = tensor(value);
        break;
      case DM_LIST:
        node.payload = list(value);
        break;
      case DM_MAP:
        node.payload = map(value);
        break;
      default:
        break;
    }
    return node;
  }

 private:
  size_t copy(const unsigned char* from, size_t bytes, size_t alignment) noexcept {
    const size_t at = take(bytes, alignment);
    if (memory_ != nullptr && bytes > 0) std::memcpy(memory_ + at, from, bytes);
    return at;
  }
  void write(size_t at, const dm_node& node) noexcept {
    if (memory_ != nullptr) std::memcpy(memory_ + at, &node, sizeof node);
  }

  size_t tensor(dm_value value) noexcept {
    dm_tensor_view view = {nullptr, nullptr, 0, 0, 0};
    dm_get_tensor(value, &view);
    const size_t at = copy(reinterpret_cast<const unsigned char*>(view.shape), 8 * size_t{view.rank}, kNodeAlignment);
    copy(static_cast<const unsigned char*>(view.data), view.elements * dm_dtype_size(view.dtype), DM_VALUE_ALIGNMENT);
    return at;
  }

  // NOLINTNEXTLINE(misc-no-recursion)
  size_t list(dm_value value) noexcept {
    const size_t at = take(value.node->count * sizeof(dm_node), kNodeAlignment);
    for (uint32_t i = 0; i < value.node->count; ++i) write(at + i * sizeof(dm_node), node_of(dm_list_at(value, i)));
    return at;
  }

  // NOLINTNEXTLINE(misc-no-recursion)
  size_t map(dm_value value) noexcept {
    const size_t at = take(value.node->count * sizeof(dm_map_entry), kNodeAlignment);
    const auto* entries = reinterpret_cast<const dm_map_entry*>(value.base + value.node->payload);
    for (uint32_t i = 0; i < value.node->count; ++i) {
      write(at + i * sizeof(dm_map_entry), node_of({value.base, &entries[i].key}));
      write(at + i * sizeof(dm_map_entry) + offsetof(dm_map_entry, value), node_of({value.base, &entries[i].value}));
    }
    return at;
  }

  std::byte* memory_;
  size_t size_ = sizeof(dm_value_header);
};

PackedValue zeroed(size_t size) {
  const size_t room = dm_align_up(size, DM_VALUE_ALIGNMENT);
  void* memory = std::aligned_alloc(DM_VALUE_ALIGNMENT, room);
  if (memory == nullptr) throw std::bad_alloc();
  std::memset(memory, 0, room);
  return {std::unique_ptr<std::byte[], FreeBytes>(static_cast<std::byte*>(memory)), size};
}

}  // namespace

PackedValue pack(dm_value value) {
  Packer measuring(nullptr);
  measuring.node_of(value);
  PackedValue packed = zeroed(measuring.size());
  Packer writing(packed.bytes.get());
  const dm_value_header header = {DM_VALUE_MAGIC, 0, packed.size, writing.node_of(value)};
  std::memcpy(packed.bytes.get(), &header, sizeof header);
  return packed;
}

PackedValue unpack(const void* bytes, size_t size) {
  PackedValue packed = zeroed(size);
  std::memcpy(packed.bytes.get(), bytes, size);
  return packed;
}

}  // namespace dormouse::cache_memory
