#include "values/value.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

using namespace dormouse;

namespace {

std::string text_of(dm_value value) {
  dm_string_view text{};
  REQUIRE(dm_get_string(value, &text));
  CHECK(text.data[text.size] == 0);
  return {text.data, text.size};
}

Value finished(ValueWriter& writer) {
  Result<Value> value = writer.finish();
  INFO(value.status().to_string());
  REQUIRE(value.ok());
  CHECK(dm_value_problem(value->bytes().data(), value->bytes().size()) == nullptr);
  return *value;
}

Error mistake(ValueWriter& writer) {
  Result<Value> value = writer.finish();
  REQUIRE_FALSE(value.ok());
  return value.status().error();
}

// One value of every kind, nested.
Value everything() {
  ValueWriter w;
  w.map_begin();
  w.key("null"), w.null();
  w.key("bool"), w.boolean(true);
  w.key("int"), w.integer(std::numeric_limits<int64_t>::min());
  w.key("float"), w.number(0.1);
  w.key("string"), w.string("Kairo \xE2\x82\xAC");
  w.key("bytes"), w.bytes("\0\xFF\x01", 3);
  w.key("tensor");
  const int64_t shape[] = {2, 3};
  auto* elements = static_cast<float*>(w.tensor(DM_F32, shape));
  for (int i = 0; i < 6; ++i) elements[i] = static_cast<float>(i);
  w.key("list"), w.list_begin(), w.integer(1), w.list_begin(), w.list_end(), w.string(""), w.list_end();
  w.key("map"), w.map_begin(), w.map_end();
  w.map_end();
  return finished(w);
}

}  // namespace

TEST_CASE("a value of every kind reads back as it was written") {
  const Value value = everything();
  const dm_value root = value.view();
  REQUIRE(dm_kind(root) == DM_MAP);
  CHECK(dm_count(root) == 9);
  CHECK(dm_map_get(root, "null").node != nullptr);
  CHECK(dm_kind(dm_map_get(root, "null")) == DM_NULL);
  int yes = 0;
  CHECK((dm_get_bool(dm_map_get(root, "bool"), &yes) && yes == 1));
  int64_t integer = 0;
  CHECK((dm_get_int(dm_map_get(root, "int"), &integer) && integer == std::numeric_limits<int64_t>::min()));
  double number = 0;
  CHECK((dm_get_float(dm_map_get(root, "float"), &number) && number == 0.1));
  CHECK(text_of(dm_map_get(root, "string")) == "Kairo \xE2\x82\xAC");
  dm_bytes_view bytes{};
  REQUIRE(dm_get_bytes(dm_map_get(root, "bytes"), &bytes));
  CHECK(std::string(reinterpret_cast<const char*>(bytes.data), bytes.size) == std::string("\0\xFF\x01", 3));
  dm_tensor_view tensor{};
  REQUIRE(dm_get_tensor(dm_map_get(root, "tensor"), &tensor));
  CHECK(tensor.elements == 6);
  CHECK(reinterpret_cast<uintptr_t>(tensor.data) % DM_VALUE_ALIGNMENT == 0);
  CHECK(static_cast<const float*>(tensor.data)[5] == 5.0f);
  const dm_value list = dm_map_get(root, "list");
  CHECK(dm_count(list) == 3);
  CHECK(dm_kind(dm_list_at(list, 1)) == DM_LIST);
  CHECK(text_of(dm_list_at(list, 2)).empty());
  CHECK(dm_kind(dm_map_get(root, "map")) == DM_MAP);
}

TEST_CASE("map entries keep the order they were written in") {
  ValueWriter w;
  w.map_begin();
  for (const char* name : {"z", "a", "m"}) w.key(name), w.null();
  w.map_end();
  const Value value = finished(w);
  std::string order;
  for (uint32_t i = 0; i < 3; ++i) {
    dm_string_view key{};
    dm_value child{};
    REQUIRE(dm_map_at(value.view(), i, &key, &child));
    order.append(key.data, key.size);
  }
  CHECK(order == "zam");
}

TEST_CASE("a scalar alone is a whole value") {
  ValueWriter w;
  REQUIRE(w.integer(7));
  const Value value = finished(w);
  CHECK(value.bytes().size() == sizeof(dm_value_header));
  CHECK(to_debug_string(value.view()) == "7");
}

TEST_CASE("a writer is reusable after finish and after a mistake") {
  ValueWriter w;
  w.string("first");
  const Value first = finished(w);
  w.list_end();
  CHECK(mistake(w).code == Code::broken_contract);
  w.string("second");
  w.reset();
  w.string("third");
  const Value third = finished(w);
  CHECK(text_of(first.view()) == "first");
  CHECK(text_of(third.view()) == "third");
}

TEST_CASE("nothing of an earlier value shows in the padding of a later one") {
  ValueWriter w;
  w.string(std::string(4000, 'x'));
  finished(w);
  w.list_begin();
  w.string("a");
  const int64_t shape[] = {1};
  w.tensor(DM_I8, shape);
  w.list_end();
  const Value value = finished(w);
  const auto bytes = value.bytes();
  CHECK(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()).find('x') ==
        std::string_view::npos);
}

TEST_CASE("tensor elements start as zeros in a writer that was used before") {
  ValueWriter w;
  w.string(std::string(4000, 'x'));
  finished(w);
  const int64_t shape[] = {16};
  REQUIRE(w.tensor(DM_I64, shape) != nullptr);
  const Value value = finished(w);
  dm_tensor_view tensor{};
  REQUIRE(dm_get_tensor(value.view(), &tensor));
  for (int i = 0; i < 16; ++i) CHECK(static_cast<const int64_t*>(tensor.data)[i] == 0);
}

TEST_CASE("empty tensors of any shape pass validation") {
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{0}, {1000, 0}, {0, 1000000}, {3, 0, 5}}) {
    ValueWriter w;
    REQUIRE(w.tensor(DM_F32, shape) != nullptr);
    dm_tensor_view tensor{};
    const Value value = finished(w);
    REQUIRE(dm_get_tensor(value.view(), &tensor));
    CHECK(tensor.elements == 0);
  }
}

TEST_CASE("the first mistake is the one that is reported") {
  ValueWriter w;
  w.map_begin();
  CHECK_FALSE(w.integer(1));
  CHECK_FALSE(w.list_end());
  const Error error = mistake(w);
  CHECK(error.code == Code::broken_contract);
  CHECK(error.message == "a value in a map without a key before it");
}

TEST_CASE("wrong nesting is a mistake and never a value") {
  using Step = bool (*)(ValueWriter&);
  const Step steps[] = {
      [](ValueWriter&) { return true; },
      [](ValueWriter& w) { return w.list_begin(); },
      [](ValueWriter& w) { return w.map_begin(); },
      [](ValueWriter& w) { return w.list_end(); },
      [](ValueWriter& w) { return w.map_end(); },
      [](ValueWriter& w) { return w.key("k"); },
      [](ValueWriter& w) { return w.list_begin() && w.key("k"); },
      [](ValueWriter& w) { return w.list_begin() && w.map_end(); },
      [](ValueWriter& w) { return w.map_begin() && w.list_end(); },
      [](ValueWriter& w) { return w.map_begin() && w.key("k") && w.key("l"); },
      [](ValueWriter& w) { return w.map_begin() && w.key("k") && w.map_end(); },
      [](ValueWriter& w) { return w.null() && w.null(); },
      [](ValueWriter& w) { return w.null() && w.list_begin(); },
      [](ValueWriter& w) { return w.list_begin() && w.list_end() && w.list_end(); },
  };
  for (const Step step : steps) {
    ValueWriter w;
    step(w);
    CHECK(mistake(w).code == Code::broken_contract);
  }
}

TEST_CASE("a key twice in one map is refused in small maps and in large ones") {
  for (const int keys : {2, 16, 17, 18, 1000}) {
    ValueWriter w;
    w.map_begin();
    for (int i = 0; i + 1 < keys; ++i) w.key("key" + std::to_string(i)), w.integer(i);
    w.key("key0"), w.integer(0);
    w.map_end();
    const Error error = mistake(w);
    CHECK(error.code == Code::broken_contract);
    CHECK(error.message == "a key twice in one map: 'key0'");
  }
}

TEST_CASE("the same key in two maps is fine and so are a thousand different ones") {
  ValueWriter w;
  w.list_begin();
  for (int map = 0; map < 2; ++map) {
    w.map_begin();
    for (int i = 0; i < 1000; ++i) w.key(std::to_string(i)), w.integer(i);
    w.map_end();
  }
  w.list_end();
  CHECK(dm_count(dm_list_at(finished(w).view(), 1)) == 1000);
}

TEST_CASE("text that is not UTF-8 is refused as a string and as a key") {
  ValueWriter w;
  CHECK_FALSE(w.string("\xC0\x80"));
  CHECK(mistake(w).message == "a string that is not UTF-8");
  w.map_begin();
  CHECK_FALSE(w.key("\xED\xA0\x80"));
  CHECK(mistake(w).code == Code::broken_contract);
}

TEST_CASE("a value larger than allowed is resource_exhausted whatever it consists of") {
  const ValueLimits limits{.bytes_max = 1000, .depth_max = 64};
  const int64_t huge[] = {std::numeric_limits<int64_t>::max(), 8};
  const int64_t large[] = {300};
  const std::string text(2000, 'x');
  ValueWriter w(limits);
  CHECK_FALSE(w.string(text));
  CHECK(mistake(w).code == Code::resource_exhausted);
  CHECK_FALSE(w.bytes(text.data(), text.size()));
  CHECK(mistake(w).code == Code::resource_exhausted);
  CHECK(w.tensor(DM_F32, large) == nullptr);
  CHECK(mistake(w).code == Code::resource_exhausted);
  CHECK(w.tensor(DM_I64, huge) == nullptr);
  CHECK(mistake(w).code == Code::resource_exhausted);
  w.list_begin();
  int nulls = 0;
  while (nulls < 1000 && w.null()) ++nulls;
  CHECK(nulls < 70);  // nodes waiting for their list count as well
  CHECK(mistake(w).code == Code::resource_exhausted);
}

TEST_CASE("nesting is bounded at exactly the depth the validator accepts") {
  for (const unsigned depth : {DM_VALUE_DEPTH_MAX, DM_VALUE_DEPTH_MAX + 1}) {
    ValueWriter w;
    for (unsigned i = 0; i < depth; ++i) w.list_begin();
    for (unsigned i = 0; i < depth; ++i) w.list_end();
    if (depth == DM_VALUE_DEPTH_MAX)
      finished(w);
    else
      CHECK(mistake(w).code == Code::resource_exhausted);
  }
}

TEST_CASE("plugins cannot break the writer with null pointers and absurd sizes") {
  ValueWriter w;
  dm_writer* out = w.abi();
  const int64_t shape[] = {4};
  void* elements = nullptr;
  CHECK(out->string(out, nullptr, 0) == DM_OK);
  CHECK(text_of(finished(w).view()).empty());
  out = w.abi();
  CHECK(out->bytes(out, nullptr, 0) == DM_OK);
  finished(w);
  const auto refused = [&](int32_t status, int32_t expected) {
    CHECK(status == expected);
    CHECK(out->null(out) == expected);  // sticky
    mistake(w);
  };
  refused(out->string(out, nullptr, 1), DM_INVALID_ARGUMENT);
  refused(out->string(out, "x", std::numeric_limits<size_t>::max()), DM_RESOURCE_EXHAUSTED);
  refused(out->bytes(out, nullptr, 1), DM_INVALID_ARGUMENT);
  refused(out->bytes(out, "x", std::numeric_limits<size_t>::max()), DM_RESOURCE_EXHAUSTED);
  refused(out->key(out, nullptr, 5), DM_INVALID_ARGUMENT);
  refused(out->tensor(out, DM_F32, nullptr, 1, &elements), DM_INVALID_ARGUMENT);
  refused(out->tensor(out, DM_F32, shape, 0, &elements), DM_INVALID_ARGUMENT);
  refused(out->tensor(out, DM_F32, shape, 9, &elements), DM_INVALID_ARGUMENT);
  refused(out->tensor(out, 77, shape, 1, &elements), DM_INVALID_ARGUMENT);
  refused(out->tensor(out, DM_F32, shape, 1, nullptr), DM_INVALID_ARGUMENT);
  CHECK(out->null(nullptr) == DM_INVALID_ARGUMENT);
  w.map_begin();
  refused(out->key(out, nullptr, 5), DM_INVALID_ARGUMENT);
}

TEST_CASE("a copy through the ABI of something that is no value is refused") {
  ValueWriter w;
  dm_writer* out = w.abi();
  alignas(64) unsigned char noise[128] = {1, 2, 3};
  const dm_node node{DM_STRING, 0, 0, 5, 1u << 30};
  CHECK(out->copy(out, dm_value{noise, &node}) == DM_INVALID_ARGUMENT);
  mistake(w);
  CHECK(out->copy(out, dm_value{nullptr, &node}) == DM_INVALID_ARGUMENT);
  mistake(w);
  const Value value = everything();
  CHECK(out->copy(out, dm_value{value.view().base, &node}) == DM_INVALID_ARGUMENT);
  mistake(w);
  CHECK(out->copy(out, dm_value_none()) == DM_OK);
  CHECK(dm_kind(finished(w).view()) == DM_NULL);
}

TEST_CASE("a copy equals its source and may be placed anywhere") {
  const Value source = everything();
  ValueWriter w;
  w.list_begin();
  w.string("offsets differ now");
  w.copy(source.view());
  dm_writer* out = w.abi();
  CHECK(out->copy(out, source.view()) == DM_OK);
  w.copy(source.field("string").view());
  w.list_end();
  const Value copies = finished(w);
  CHECK(to_debug_string(dm_list_at(copies.view(), 1), 10000) == to_debug_string(source.view(), 10000));
  CHECK(to_debug_string(dm_list_at(copies.view(), 2), 10000) == to_debug_string(source.view(), 10000));
  CHECK(text_of(dm_list_at(copies.view(), 3)) == "Kairo \xE2\x82\xAC");
}

TEST_CASE("a copy that would nest too deep is refused") {
  ValueWriter w;
  for (unsigned i = 0; i < 40; ++i) w.list_begin();
  for (unsigned i = 0; i < 40; ++i) w.list_end();
  const Value deep = finished(w);
  for (unsigned i = 0; i < 40; ++i) w.list_begin();
  CHECK_FALSE(w.copy(deep.view()));
  CHECK(mistake(w).code == Code::resource_exhausted);
}

TEST_CASE("a field keeps the whole buffer alive") {
  Value text;
  {
    Value whole = everything();
    text = whole.field("string");
  }
  CHECK(text_of(text.view()) == "Kairo \xE2\x82\xAC");
  CHECK_FALSE(text.field("none"));
  const Value copy = text;
  text = Value();
  CHECK(text_of(copy.view()) == "Kairo \xE2\x82\xAC");
}

TEST_CASE("large values survive being handed over and being copied") {
  for (const size_t size : {size_t{1000}, size_t{70000}, size_t{100000}, size_t{1} << 20, (size_t{1} << 20) + 4096}) {
    ValueWriter w;
    w.list_begin();
    for (size_t written = 0; written < size; written += 1000) w.string(std::string(1000, char('a' + written % 7)));
    w.list_end();
    const Value value = finished(w);
    CHECK(text_of(dm_list_at(value.view(), 0)) == std::string(1000, 'a'));
    w.string("next");
    CHECK(text_of(finished(w).view()) == "next");
  }
}

TEST_CASE("foreign bytes are copied and read like our own") {
  const Value source = everything();
  const Result<Value> copy = Value::from_foreign(source.bytes());
  REQUIRE(copy.ok());
  CHECK(copy->view().base != source.view().base);
  CHECK(to_debug_string(copy->view(), 10000) == to_debug_string(source.view(), 10000));
}

TEST_CASE("foreign bytes that are damaged or too large are refused") {
  const Value source = everything();
  std::vector<std::byte> bytes(source.bytes().begin(), source.bytes().end());
  CHECK(Value::from_foreign({}).status().code() == Code::broken_contract);
  CHECK(Value::from_foreign(std::span(bytes).first(40)).status().code() == Code::broken_contract);
  CHECK(Value::from_foreign(bytes, {.bytes_max = 64}).status().code() == Code::resource_exhausted);
  CHECK(Value::from_foreign(bytes, {.bytes_max = 1 << 20, .depth_max = 1}).status().code() == Code::resource_exhausted);
  CHECK(Value::from_foreign(bytes, {.bytes_max = 1 << 20, .depth_max = 3}).ok());
  bytes[0] = std::byte{0};
  CHECK(Value::from_foreign(bytes).status().code() == Code::broken_contract);
}

TEST_CASE("debug text is JSON-like and bounded") {
  CHECK(to_debug_string(dm_value_none()) == "null");
  CHECK(to_debug_string(everything().view(), 1000) ==
        R"({"null":null,"bool":true,"int":-9223372036854775808,"float":0.1,"string":"Kairo )"
        "\xE2\x82\xAC"
        R"(","bytes":<3 bytes>,"tensor":<tensor f32 [2,3]>,"list":[1,[],""],"map":{}})");
  for (size_t chars = 0; chars < 200; ++chars) {
    const std::string text = to_debug_string(everything().view(), chars);
    CHECK(text.size() <= chars);
    CHECK(dm_utf8_valid(reinterpret_cast<const unsigned char*>(text.data()), text.size()));
  }
}
