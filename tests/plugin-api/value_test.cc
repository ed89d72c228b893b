// The readers and the validator of dormouse/value.h.
#include <catch2/catch.hpp>

#include <limits>
#include <set>

#include "plugin-api/value_builder.h"

using dormouse_test::AlignedBytes;
using dormouse_test::read_everything;
using dormouse_test::Serialiser;
using dormouse_test::specimen;
using dormouse_test::Tree;

namespace {

std::string text_of(dm_value value) {
  dm_string_view view{};
  return dm_get_string(value, &view) ? std::string(view.data, view.size) : "(no string)";
}

std::string problem_of(const AlignedBytes& bytes) {
  const char* problem = bytes.problem();
  return problem ? problem : "";
}

// Where the node of a map's field stands in the buffer.
size_t node_offset(const AlignedBytes& bytes, const char* field) {
  const dm_value value = dm_map_get(bytes.root(), field);
  REQUIRE(value.node != nullptr);
  return static_cast<size_t>(reinterpret_cast<const unsigned char*>(value.node) - bytes.data());
}

constexpr size_t kDtype = offsetof(dm_node, dtype);
constexpr size_t kRank = offsetof(dm_node, rank);
constexpr size_t kCount = offsetof(dm_node, count);
constexpr size_t kPayload = offsetof(dm_node, payload);

// The problem after the field's node was changed at `member`.
template <class T>
std::string problem_with(const char* field, size_t member, T value) {
  const AlignedBytes bytes = Serialiser::bytes(specimen());
  bytes.poke(node_offset(bytes, field) + member, value);
  return problem_of(bytes);
}

uint64_t payload_of(const AlignedBytes& bytes, const char* field) {
  uint64_t payload = 0;
  std::memcpy(&payload, bytes.data() + node_offset(bytes, field) + kPayload, sizeof payload);
  return payload;
}

}  // namespace

TEST_CASE("readers give back what was written") {
  const AlignedBytes bytes = Serialiser::bytes(specimen());
  REQUIRE(problem_of(bytes).empty());
  const dm_value root = bytes.root();
  CHECK(dm_kind(root) == DM_MAP);
  CHECK(dm_count(root) == 10);

  int yes = 0;
  int64_t count = 0;
  double share = 0;
  CHECK(dm_get_bool(dm_map_get(root, "yes"), &yes));
  CHECK(yes == 1);
  CHECK(dm_get_int(dm_map_get(root, "count"), &count));
  CHECK(count == -7);
  CHECK(dm_get_float(dm_map_get(root, "share"), &share));
  CHECK(share == 0.25);
  CHECK(text_of(dm_map_get(root, "text")) == "Käse, \xE2\x82\xAC and \xF0\x9F\x90\xAD");

  dm_bytes_view raw{};
  CHECK(dm_get_bytes(dm_map_get(root, "raw"), &raw));
  CHECK(std::string(reinterpret_cast<const char*>(raw.data), raw.size) == std::string("\0\xFF\x80", 3));

  const dm_value list = dm_map_get(root, "list");
  CHECK(text_of(dm_list_at(list, 0)) == "a");
  CHECK(text_of(dm_map_get(dm_list_at(dm_list_at(list, 1), 1), "k")).empty());
}

TEST_CASE("tensor data is aligned and has its shape") {
  const AlignedBytes bytes = Serialiser::bytes(specimen());
  dm_tensor_view tensor{};
  REQUIRE(dm_get_tensor(dm_map_get(bytes.root(), "vector"), &tensor));
  CHECK(reinterpret_cast<uintptr_t>(tensor.data) % DM_VALUE_ALIGNMENT == 0);
  CHECK(tensor.rank == 2);
  CHECK(tensor.shape[0] == 2);
  CHECK(tensor.shape[1] == 2);
  CHECK(tensor.elements == 4);
  CHECK(tensor.dtype == DM_F32);
  CHECK(static_cast<const unsigned char*>(tensor.data)[15] == 1);
}

TEST_CASE("readers refuse another kind and leave the result alone") {
  const AlignedBytes bytes = Serialiser::bytes(specimen());
  const dm_value text = dm_map_get(bytes.root(), "text");
  int boolean = 42;
  int64_t integer = 42;
  double number = 42;
  dm_bytes_view raw{nullptr, 42};
  dm_tensor_view tensor{};
  CHECK_FALSE(dm_get_bool(text, &boolean));
  CHECK_FALSE(dm_get_int(text, &integer));
  CHECK_FALSE(dm_get_float(text, &number));
  CHECK_FALSE(dm_get_bytes(text, &raw));
  CHECK_FALSE(dm_get_tensor(text, &tensor));
  CHECK_FALSE(dm_get_int(dm_map_get(bytes.root(), "share"), &integer));
  CHECK(boolean == 42);
  CHECK(integer == 42);
  CHECK(number == 42);
  CHECK(raw.size == 42);
  CHECK(dm_count(text) == 0);
}

TEST_CASE("an int reads as a float") {
  const AlignedBytes bytes = Serialiser::bytes(specimen());
  double number = 0;
  CHECK(dm_get_float(dm_map_get(bytes.root(), "count"), &number));
  CHECK(number == -7.0);
}

TEST_CASE("an absent field and an element beyond the end read like null") {
  const AlignedBytes bytes = Serialiser::bytes(specimen());
  const dm_value absent = dm_map_get(bytes.root(), "nothing of this name");
  CHECK(absent.node == nullptr);
  CHECK(dm_kind(absent) == DM_NULL);
  CHECK(dm_kind(dm_list_at(dm_map_get(bytes.root(), "list"), 2)) == DM_NULL);
  CHECK(dm_kind(dm_map_get(dm_map_get(bytes.root(), "list"), "a")) == DM_NULL);
  dm_string_view key{};
  dm_value value{};
  CHECK_FALSE(dm_map_at(bytes.root(), 10, &key, &value));
}

TEST_CASE("a field name is compared whole") {
  const AlignedBytes bytes = Serialiser::bytes(Tree::map({{"ab", Tree::integer(1)}, {"a", Tree::integer(2)}}));
  int64_t value = 0;
  CHECK(dm_get_int(dm_map_get(bytes.root(), "a"), &value));
  CHECK(value == 2);
  CHECK(dm_kind(dm_map_get(bytes.root(), "abc")) == DM_NULL);
}

TEST_CASE("the validator accepts one value of each kind as root") {
  for (const Tree& tree : {Tree{}, Tree::boolean(false), Tree::integer(std::numeric_limits<int64_t>::min()),
                           Tree::number(-0.0), Tree::string(""), Tree::bytes(""), Tree::list({}), Tree::map({}),
                           Tree::tensor(DM_I8, {0}, ""), Tree::tensor(DM_F16, {1, 1, 1, 1, 1, 1, 1, 1}, "\x01\x02")}) {
    const AlignedBytes bytes = Serialiser::bytes(tree);
    CHECK(problem_of(bytes) == "");
    CHECK(dm_kind(bytes.root()) == tree.kind);
    CHECK(read_everything(bytes.root()) >= tree.kind);
  }
}

TEST_CASE("the validator names a damaged header") {
  const auto with = [](auto change) {
    const AlignedBytes bytes = Serialiser::bytes(specimen());
    change(bytes);
    return problem_of(bytes);
  };
  CHECK(with([](auto& b) { b.poke(0, uint32_t{1}); }) == "not a Dormouse value");
  CHECK(with([](auto& b) { b.poke(4, uint32_t{1}); }) == "not a Dormouse value");
  CHECK(with([](auto& b) { b.poke(8, uint64_t{b.size() + 1}); }) == "size in the header differs from the buffer's");
  CHECK(with([](auto& b) { b.poke(16, uint8_t{9}); }) == "node of an unknown kind");

  const AlignedBytes bytes = Serialiser::bytes(specimen());
  CHECK(std::string(dm_value_problem(bytes.data(), 31)) == "shorter than its header");
  CHECK(std::string(dm_value_problem(bytes.data(), bytes.size() - 1)) ==
        "size in the header differs from the buffer's");
  CHECK(std::string(dm_value_problem(bytes.data() + 8, 64)) == "buffer not on a 64-byte boundary");
}

TEST_CASE("the validator names each fault of a node") {
  const uint64_t far = uint64_t{1} << 62;
  CHECK(problem_with("null", kPayload, uint64_t{1}) == "null with a payload");
  CHECK(problem_with("yes", kPayload, uint64_t{2}) == "bool that is neither 0 nor 1");
  CHECK(problem_with("count", kCount, uint32_t{1}) == "number with a count");
  CHECK(problem_with("share", kDtype, uint8_t{1}) == "dtype or rank on a node that is no tensor");
  CHECK(problem_with("text", kPayload, far) == "string outside the buffer");
  CHECK(problem_with("text", kPayload, uint64_t{8}) == "string outside the buffer");  // inside the header
  CHECK(problem_with("text", kCount, uint32_t{5}) == "string without its NUL");
  CHECK(problem_with("raw", kCount, uint32_t{0xFFFFFFFF}) == "bytes outside the buffer");
  CHECK(problem_with("raw", kPayload, far) == "bytes outside the buffer");
  CHECK(problem_with("vector", kDtype, uint8_t{0}) == "tensor of an unknown dtype");
  CHECK(problem_with("vector", kDtype, uint8_t{5}) == "tensor of an unknown dtype");
  CHECK(problem_with("vector", kRank, uint16_t{0}) == "tensor of an impossible rank");
  CHECK(problem_with("vector", kRank, uint16_t{9}) == "tensor of an impossible rank");
  CHECK(problem_with("vector", kCount, uint32_t{4}) == "tensor of an impossible rank");
  CHECK(problem_with("vector", kPayload, far) == "tensor shape outside the buffer");
  CHECK(problem_with("empty", kPayload, far) == "list outside the buffer");
  CHECK(problem_with("list", kCount, uint32_t{0xFFFFFFFF}) == "list outside the buffer");
  CHECK(problem_with("list", kPayload, uint64_t{33}) == "list outside the buffer");  // not aligned
}

TEST_CASE("the validator names impossible tensor shapes") {
  const auto with = [](int64_t dimension) {
    const AlignedBytes bytes = Serialiser::bytes(specimen());
    bytes.poke(payload_of(bytes, "vector"), dimension);
    return problem_of(bytes);
  };
  CHECK(with(-1) == "tensor with a negative dimension");
  CHECK(with(std::numeric_limits<int64_t>::max()) == "tensor larger than the buffer");
  CHECK(with(int64_t{1} << 61) == "tensor larger than the buffer");  // 2^61 * 2 * 4 would wrap to 0
  CHECK(with(1000) == "tensor larger than the buffer");
  CHECK(with(0) == "");
}

TEST_CASE("the validator refuses text that is not UTF-8 and keys that are no strings") {
  const AlignedBytes text = Serialiser::bytes(specimen());
  text.poke(payload_of(text, "text"), uint8_t{0xFF});
  CHECK(problem_of(text) == "string that is not UTF-8");

  const AlignedBytes key = Serialiser::bytes(specimen());
  key.poke(node_offset(key, "null") - sizeof(dm_node), uint8_t{DM_BYTES});
  CHECK(problem_of(key) == "map key that is no string");
}

TEST_CASE("the validator bounds the depth") {
  const auto nested = [](unsigned levels) {
    Tree tree;
    for (unsigned i = 0; i < levels; ++i) tree = Tree::list({tree});
    return problem_of(Serialiser::bytes(tree));
  };
  CHECK(nested(DM_VALUE_DEPTH_MAX) == "");
  CHECK(nested(DM_VALUE_DEPTH_MAX + 1) == "nested too deep");
}

TEST_CASE("the validator refuses a list that contains itself") {
  const AlignedBytes bytes = Serialiser::bytes(Tree::list({Tree::list({}), Tree::list({})}));
  for (const size_t item : {size_t{32}, size_t{48}}) {
    bytes.poke(item + kCount, uint32_t{2});
    bytes.poke(item + kPayload, uint64_t{32});
  }
  CHECK(problem_of(bytes) == "nodes that share their bytes");
}

TEST_CASE("the validator refuses nodes that share their bytes") {
  // Three large payloads in the room of one.
  const auto shared = [](const Tree& payload) {
    const AlignedBytes bytes =
        Serialiser::bytes(Tree::map({{"first", payload}, {"second", Tree{}}, {"third", Tree{}}}));
    dm_node node;
    std::memcpy(&node, bytes.data() + node_offset(bytes, "first"), sizeof node);
    bytes.poke(node_offset(bytes, "second"), node);
    bytes.poke(node_offset(bytes, "third"), node);
    return problem_of(bytes);
  };
  CHECK(shared(Tree::string(std::string(4096, 'x'))) == "nodes that share their bytes");
  CHECK(shared(Tree::bytes(std::string(4096, 'x'))) == "nodes that share their bytes");
  CHECK(shared(Tree::tensor(DM_I8, {4096}, std::string(4096, 'x'))) == "nodes that share their bytes");
}

TEST_CASE("a buffer with any one byte changed is refused or safe to read") {
  const AlignedBytes bytes = Serialiser::bytes(specimen());
  size_t refused = 0, accepted = 0;
  for (size_t at = 0; at < bytes.size(); ++at) {
    const unsigned char before = bytes.data()[at];
    for (unsigned value = 0; value < 256; ++value) {
      bytes.data()[at] = static_cast<unsigned char>(value);
      if (bytes.problem()) {
        ++refused;
      } else {
        read_everything(bytes.root());
        ++accepted;
      }
    }
    bytes.data()[at] = before;
  }
  CHECK(problem_of(bytes) == "");
  CHECK(refused > bytes.size());
  CHECK(accepted > bytes.size());  // at the least each byte's own value
}

TEST_CASE("a buffer with any one word changed is refused or safe to read") {
  const AlignedBytes bytes = Serialiser::bytes(specimen());
  std::set<uint64_t> values;
  for (unsigned bit = 0; bit < 64; ++bit) {
    for (int delta : {-1, 0, 1}) values.insert((uint64_t{1} << bit) + static_cast<uint64_t>(delta));
  }
  for (uint64_t near = 0; near < bytes.size() + 80; near += 8) {
    for (int delta : {-1, 0, 1}) values.insert(near + static_cast<uint64_t>(delta));
  }
  size_t refused = 0;
  for (size_t at = 0; at + 8 <= bytes.size(); at += 4) {
    uint64_t before = 0;
    std::memcpy(&before, bytes.data() + at, sizeof before);
    for (const uint64_t value : values) {
      bytes.poke(at, value);
      if (bytes.problem()) {
        ++refused;
      } else {
        read_everything(bytes.root());
      }
    }
    bytes.poke(at, before);
  }
  CHECK(problem_of(bytes) == "");
  CHECK(refused > values.size());
}

TEST_CASE("a buffer cut anywhere is refused") {
  const AlignedBytes whole = Serialiser::bytes(specimen());
  for (size_t size = 0; size < whole.size(); ++size) {
    const AlignedBytes cut(whole.data(), size);
    CHECK(cut.problem() != nullptr);
    if (size < sizeof(dm_value_header)) continue;
    cut.poke(8, uint64_t{size});  // a header that agrees: now the nodes have to be checked
    if (!cut.problem()) read_everything(cut.root());
  }
}

TEST_CASE("every code point but the surrogates is UTF-8") {
  for (uint32_t c = 0; c <= 0x110000; ++c) {
    unsigned char text[4];
    size_t size = 0;
    if (c < 0x80) {
      text[size++] = static_cast<unsigned char>(c);
    } else if (c < 0x800) {
      text[size++] = static_cast<unsigned char>(0xC0 | c >> 6);
    } else if (c < 0x10000) {
      text[size++] = static_cast<unsigned char>(0xE0 | c >> 12);
    } else {
      text[size++] = static_cast<unsigned char>(0xF0 | c >> 18);
    }
    if (c >= 0x10000) text[size++] = static_cast<unsigned char>(0x80 | (c >> 12 & 0x3F));
    if (c >= 0x800) text[size++] = static_cast<unsigned char>(0x80 | (c >> 6 & 0x3F));
    if (c >= 0x80) text[size++] = static_cast<unsigned char>(0x80 | (c & 0x3F));
    const bool valid = c <= 0x10FFFF && !(c >= 0xD800 && c <= 0xDFFF);
    if ((dm_utf8_valid(text, size) != 0) != valid) FAIL("code point " << c);
    if (size > 1 && dm_utf8_valid(text, size - 1)) FAIL("cut code point " << c);
  }
}

TEST_CASE("overlong forms and stray bytes are not UTF-8") {
  for (const char* text : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xF0\x80\x80\x80",
                           "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF", "a\xE2\x82",
                           "12345678\x80", "\xC3\x28", "\xE2\x28\xA1", "\xE2\x82\x28", "\xF0\x9F\x28\x80"}) {
    INFO(text);
    CHECK_FALSE(dm_utf8_valid(reinterpret_cast<const unsigned char*>(text), std::strlen(text)));
  }
  const std::string long_text = std::string(23, 'a') + "\xC3\xA4" + std::string(9, 'b');
  CHECK(dm_utf8_valid(reinterpret_cast<const unsigned char*>(long_text.data()), long_text.size()));
  CHECK(dm_utf8_valid(nullptr, 0));
}
