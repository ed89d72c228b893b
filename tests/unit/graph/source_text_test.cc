#include "graph/source_text.h"

#include <catch2/catch.hpp>

using namespace dormouse;

namespace {

const SourceText kScript("t.lua", R"lua(local dm = require "dormouse" -- stage("language", {
local stage = dm.stage
local a = stage("language", { component = "nlu.language", [ "timeout" ] = "25ms",
  fallback = { code = "und", note = "a { brace = 1" },
  run = function(ctx) if ctx.x then return { input = 1, 2 } end end,
  --[[ input = {} ]] input = { text = ref.request.text, lang = ref.langauge.code },
})
)lua");

std::string spot(const std::vector<std::string>& path, std::string_view word = {},
                 std::string_view subject = "language") {
  const SourceText::Spot found = kScript.find(3, subject, path, word);
  return std::to_string(found.line) + ":" + std::to_string(found.column) + "+" + std::to_string(found.width);
}

}  // namespace

TEST_CASE("the value of a key is found inside of its call") {
  CHECK(spot({"component"}) == "3:43+14");
  CHECK(spot({"timeout"}) == "3:75+6");
  CHECK(kScript.find(3, "language", std::vector<std::string>{"timeout"}, {}, true).column == 61);
}

TEST_CASE("a nested key is found behind strings with braces and functions and comments") {
  CHECK(spot({"input"}) == "6:22+5");
  CHECK(spot({"input", "lang"}) == "6:64+17");
  CHECK(spot({"fallback", "note"}) == "4:37+15");
  CHECK(spot({"fallback"}) == "4:3+8");
}

TEST_CASE("a word is found inside of the value of its key only") {
  CHECK(spot({"input", "lang"}, "langauge") == "6:68+8");
  CHECK(spot({"input", "text"}, "langauge") == "6:39+16");
}

TEST_CASE("a key that is not written falls back to what encloses it") {
  CHECK(spot({"input", "missing"}) == "6:22+5");
  CHECK(spot({"method"}) == "3:0+0");
  CHECK(spot({"method"}, {}, "computed") == "3:0+0");
}

TEST_CASE("the text of a line is without its end") {
  CHECK(SourceText("x", "a\r\nb\n").line_text(1) == "a");
  CHECK(SourceText("x", "a\nb").line_text(2) == "b");
  CHECK(SourceText("x", "a\nb").line_text(3) == "");
}

TEST_CASE("a key that is not found in broken text is shown by its line alone") {
  for (const char* text :
       {"", "\"", "--[[", "[==[", "stage(\"language\", {", "{{{{ \"language\" [", "\"language\" { [\"a", "'\\"}) {
    const SourceText source("t", text);
    const SourceText::Spot found = source.find(1, "language", std::vector<std::string>{"a", "b"}, "c");
    INFO(text);
    CHECK((found.line == 1 && found.column == 0 && found.width == 0));
  }
}

TEST_CASE("a key in front of broken text is still found") {
  for (const char* text :
       {"stage(\"language\", { a = 1, [\"", "stage(\"language\", { a = 1, [==[", "stage(\"language\", { a = 1 --[["}) {
    const SourceText source("t", text);
    const SourceText::Spot found = source.find(1, "language", std::vector<std::string>{"a"}, {}, true);
    INFO(text);
    CHECK((found.line == 1 && found.column == 21 && found.width == 1));
  }
}
