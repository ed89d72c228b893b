// Builds valid value buffers for tests of the readers, the validator and the C++ wrapper.
// Not the host's writer: a second, plain implementation of the format, so that the two cannot share a mistake.
// Also reads everything a value holds through the public readers, for the sanitizers to watch.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dormouse/value.h"

namespace dormouse_test {

// A value as a tree, before it has bytes.
struct Tree {
  uint8_t kind = DM_NULL;
  uint64_t bits = 0;              // bool, int, float
  std::string text;               // string, bytes, and a tensor's elements
  uint8_t dtype = 0;              // tensor
  std::vector<int64_t> shape;     // tensor
  std::vector<Tree> items;        // list; map: the values
  std::vector<std::string> keys;  // map

  static Tree boolean(bool v) { return {DM_BOOL, v ? 1u : 0u, {}, 0, {}, {}, {}}; }
  static Tree integer(int64_t v) { return {DM_INT, static_cast<uint64_t>(v), {}, 0, {}, {}, {}}; }
  static Tree number(double v) {
    Tree tree{DM_FLOAT, 0, {}, 0, {}, {}, {}};
    std::memcpy(&tree.bits, &v, sizeof v);
    return tree;
  }
  static Tree string(std::string v) { return {DM_STRING, 0, std::move(v), 0, {}, {}, {}}; }
  static Tree bytes(std::string v) { return {DM_BYTES, 0, std::move(v), 0, {}, {}, {}}; }
  static Tree tensor(int dtype, std::vector<int64_t> shape, std::string elements) {
    return {DM_TENSOR, 0, std::move(elements), static_cast<uint8_t>(dtype), std::move(shape), {}, {}};
  }
  static Tree list(std::vector<Tree> items) { return {DM_LIST, 0, {}, 0, {}, std::move(items), {}}; }
  static Tree map(const std::vector<std::pair<std::string, Tree>>& fields) {
    Tree tree{DM_MAP, 0, {}, 0, {}, {}, {}};
    for (const auto& [key, value] : fields) {
      tree.keys.push_back(key);
      tree.items.push_back(value);
    }
    return tree;
  }
};

// Bytes on a 64-byte boundary in an allocation of exactly their size, so that the address sanitizer sees the byte
// after.
class AlignedBytes {
 public:
  AlignedBytes(const void* bytes, size_t size) : size_(size) {
    void* memory = nullptr;
    if (posix_memalign(&memory, DM_VALUE_ALIGNMENT, size ? size : 1) != 0) std::abort();
    if (size) std::memcpy(memory, bytes, size);
    data_.reset(static_cast<unsigned char*>(memory));
  }
  unsigned char* data() const { return data_.get(); }
  size_t size() const { return size_; }
  dm_value root() const { return dm_value_root(data_.get()); }
  const char* problem() const { return dm_value_problem(data_.get(), size_); }
  // Overwrites a field of the format, in the machine's (little-endian) order.
  template <class T>
  void poke(size_t offset, T value) const {
    std::memcpy(data_.get() + offset, &value, sizeof value);
  }

 private:
  struct Free {
    void operator()(unsigned char* memory) const { std::free(memory); }
  };
  std::unique_ptr<unsigned char, Free> data_;
  size_t size_;
};

class Serialiser {
 public:
  static AlignedBytes bytes(const Tree& tree) {
    Serialiser s;
    s.out_.resize(sizeof(dm_value_header));
    s.put(tree, offsetof(dm_value_header, root));
    const uint32_t magic = DM_VALUE_MAGIC;
    const uint64_t size = s.out_.size();
    std::memcpy(s.out_.data(), &magic, sizeof magic);
    std::memcpy(s.out_.data() + offsetof(dm_value_header, size), &size, sizeof size);
    return AlignedBytes(s.out_.data(), s.out_.size());
  }

 private:
  size_t append(const void* data, size_t size, size_t alignment) {
    const size_t at = (out_.size() + alignment - 1) / alignment * alignment;
    out_.resize(at + size);
    if (size && data) std::memcpy(out_.data() + at, data, size);
    return at;
  }

  void put(const Tree& tree, size_t node_at) {
    dm_node node{tree.kind, tree.dtype, static_cast<uint16_t>(tree.shape.size()), 0, tree.bits};
    switch (tree.kind) {
      case DM_STRING:
        node.payload = append(tree.text.c_str(), tree.text.size() + 1, 8);
        break;
      case DM_BYTES:
        node.payload = append(tree.text.data(), tree.text.size(), 8);
        break;
      case DM_TENSOR:
        node.payload = append(tree.shape.data(), tree.shape.size() * sizeof(int64_t), 8);
        append(tree.text.data(), tree.text.size(), DM_VALUE_ALIGNMENT);
        break;
      case DM_LIST:
        node.payload = append(nullptr, tree.items.size() * sizeof(dm_node), 8);
        break;
      case DM_MAP:
        node.payload = append(nullptr, tree.items.size() * sizeof(dm_map_entry), 8);
        break;
      default:
        break;
    }
    if (tree.kind == DM_STRING || tree.kind == DM_BYTES) node.count = static_cast<uint32_t>(tree.text.size());
    if (tree.kind == DM_LIST || tree.kind == DM_MAP) node.count = static_cast<uint32_t>(tree.items.size());
    std::memcpy(out_.data() + node_at, &node, sizeof node);
    for (size_t i = 0; i < tree.items.size(); ++i) {
      if (tree.kind == DM_LIST) {
        put(tree.items[i], node.payload + i * sizeof(dm_node));
      } else {
        put(Tree::string(tree.keys[i]), node.payload + i * sizeof(dm_map_entry));
        put(tree.items[i], node.payload + i * sizeof(dm_map_entry) + sizeof(dm_node));
      }
    }
  }

  std::vector<unsigned char> out_;
};

// One of every kind, nested: the buffer that tests damage.
inline Tree specimen() {
  const std::string four_floats(16, '\x01');
  return Tree::map({
      {"null", Tree{}},
      {"yes", Tree::boolean(true)},
      {"count", Tree::integer(-7)},
      {"share", Tree::number(0.25)},
      {"text", Tree::string("Käse, \xE2\x82\xAC and \xF0\x9F\x90\xAD")},
      {"raw", Tree::bytes(std::string("\0\xFF\x80", 3))},
      {"vector", Tree::tensor(DM_F32, {2, 2}, four_floats)},
      {"ids", Tree::tensor(DM_I64, {3}, std::string(24, '\x02'))},
      {"empty", Tree::list({})},
      {"list", Tree::list({Tree::string("a"), Tree::list({Tree::integer(1), Tree::map({{"k", Tree::string("")}})})})},
  });
}

// Reads every byte that the readers offer, and ends the process when a promise about them is broken. The sum only keeps
// the reads from being optimised away.
inline uint64_t read_everything(dm_value value) {
  uint64_t sum = static_cast<uint64_t>(dm_kind(value));
  const auto add = [&sum](const void* data, size_t size) {
    for (size_t i = 0; i < size; ++i) sum = sum * 31 + static_cast<const unsigned char*>(data)[i];
  };
  int boolean = 0;
  double number = 0;
  dm_string_view string{};
  dm_bytes_view bytes{};
  dm_tensor_view tensor{};
  if (dm_get_bool(value, &boolean)) sum += static_cast<uint64_t>(boolean);
  if (dm_get_float(value, &number)) add(&number, sizeof number);
  if (dm_get_string(value, &string)) {
    add(string.data, string.size);
    if (string.data[string.size] != '\0' ||
        dm_utf8_valid(reinterpret_cast<const unsigned char*>(string.data), string.size) == 0) {
      std::abort();  // promised by the reader, and C code relies on it
    }
  }
  if (dm_get_bytes(value, &bytes)) add(bytes.data, bytes.size);
  if (dm_get_tensor(value, &tensor)) {
    add(tensor.shape, tensor.rank * sizeof(int64_t));
    add(tensor.data, tensor.elements * dm_dtype_size(tensor.dtype));
  }
  for (uint32_t i = 0; i < dm_count(value); ++i) {
    dm_string_view key{};
    dm_value field = dm_value_none();
    if (dm_map_at(value, i, &key, &field)) {
      add(key.data, key.size + 1);
      if (i < 8) sum += static_cast<uint64_t>(dm_kind(dm_map_find(value, key.data, key.size)));
      sum += read_everything(field);
    } else {
      sum += read_everything(dm_list_at(value, i));
    }
  }
  return sum;
}

}  // namespace dormouse_test
