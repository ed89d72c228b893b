#include "http/json_text.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

namespace dormouse {
namespace {

std::string string_text(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string number_text(double number) {
  std::string out;
  append_json_number(out, number);
  return out;
}

}  // namespace

TEST_CASE("strings are escaped where JSON needs it and nowhere else") {
  CHECK(string_text("") == "\"\"");
  CHECK(string_text("plain text of some length") == "\"plain text of some length\"");
  CHECK(string_text("a\"b\\c/d") == "\"a\\\"b\\\\c/d\"");
  CHECK(string_text("\b\f\n\r\t") == "\"\\b\\f\\n\\r\\t\"");
  CHECK(string_text(std::string_view("\0\x1f\x7f", 3)) == "\"\\u0000\\u001f\x7f\"");
  CHECK(string_text("h\xc3\xa4 \xf0\x9f\x98\x80") == "\"h\xc3\xa4 \xf0\x9f\x98\x80\"");
}

TEST_CASE("each byte is escaped alike at every place in a word") {
  for (size_t at = 0; at < 20; ++at) {
    for (const char c : {'"', '\\', '\n', '\x01', '\x1f'}) {
      std::string text(20, 'x');
      text[at] = c;
      const std::string out = string_text(text);
      CHECK(out.find('\\') == at + 1);
      CHECK(out.size() > 22);
    }
    // Bytes that a wrong test of eight at once would take for special ones.
    for (const char c : {' ', '!', '#', '[', ']', '\x7f'}) {
      std::string text(20, 'x');
      text[at] = c;
      CHECK(string_text(text) == "\"" + text + "\"");
    }
  }
}

TEST_CASE("text that is not UTF-8 becomes replacement characters") {
  CHECK(string_text("a\xff"
                    "b") ==
        "\"a\xEF\xBF\xBD"
        "b\"");
  CHECK(string_text("\xe2\x82") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
  CHECK(string_text("\xc3\xa4\xff") == "\"\xc3\xa4\xEF\xBF\xBD\"");
}

TEST_CASE("floats are the shortest text that reads back and never look like integers") {
  CHECK(number_text(0.1) == "0.1");
  CHECK(number_text(1) == "1.0");
  CHECK(number_text(-0.0) == "-0.0");
  CHECK(number_text(1e21) == "1e+21");
  CHECK(number_text(std::nan("")) == "null");
  CHECK(number_text(std::numeric_limits<double>::infinity()) == "null");
  for (double number : {1.0 / 3, 1e-300, 123456.789, 2.0 / 7e200})
    CHECK(std::strtod(number_text(number).c_str(), nullptr) == number);
}

TEST_CASE("a tensor of 32-bit floats has no digits beyond them") {
  ValueWriter writer;
  const int64_t shape[] = {2};
  auto* data = static_cast<float*>(writer.tensor(DM_F32, shape));
  REQUIRE(data);
  data[0] = 0.1f;
  data[1] = 3;
  std::string out;
  append_json(out, writer.finish()->view());
  CHECK(out == "[0.1,3.0]");
}

TEST_CASE("a tensor without elements is one empty list however large its other dimensions are") {
  ValueWriter writer;
  const int64_t shape[] = {int64_t{1} << 40, int64_t{1} << 20, 0};
  REQUIRE(writer.tensor(DM_F32, shape));
  std::string out;
  append_json(out, writer.finish()->view());
  CHECK(out == "[]");
}

TEST_CASE("documents get their commas in the right places") {
  JsonText out;
  out.begin_object().member("a", 1).member("b", true).member("c", "x").key("d").begin_array();
  out.value(1).value("two").begin_object().end_object().begin_array().end_array().null();
  out.end_array().key("e").raw("{\"f\":[]}").member("g", 1.5).raw_members(",\"h\":1").end_object();
  CHECK(out.text() == R"({"a":1,"b":true,"c":"x","d":[1,"two",{},[],null],"e":{"f":[]},"g":1.5,"h":1})");
}

TEST_CASE("no value is null") {
  JsonText out;
  out.value(dm_value_none());
  CHECK(out.text() == "null");
}

}  // namespace dormouse
