#include "graph/script_errors.h"

#include <catch2/catch.hpp>

using namespace dormouse;

TEST_CASE("an error shows its place as compilers do") {
  ScriptError error;
  error.file = "assistant.lua";
  error.line = 16;
  error.stage = "assistant/understand/intent";
  error.message = "component 'nlu.intent' has no input 'lang'";
  error.hint = "did you mean 'language'?";
  error.source_line = "    input = { lang = 1 },";
  error.column = 15;
  error.width = 4;
  CHECK(error.to_string() ==
        "assistant.lua:16: stage assistant/understand/intent: component 'nlu.intent' has no input 'lang'\n"
        "   16 |     input = { lang = 1 },\n"
        "      |               ^^^^ did you mean 'language'?");
}

TEST_CASE("an error without a place is one line") {
  ScriptError error;
  error.file = "a.lua";
  error.message = "the script returns nothing";
  error.hint = "end it";
  CHECK(error.to_string() == "a.lua: the script returns nothing (end it)");
}

TEST_CASE("the caret stands under its key behind tabs and letters of several bytes") {
  ScriptError error;
  error.file = "a.lua";
  error.line = 1;
  error.message = "m";
  error.source_line = "\tx = 'é', y = 1";
  error.column = 12;
  error.width = 1;
  CHECK(error.to_string() == "a.lua:1: m\n    1 | \tx = 'é', y = 1\n      | \t         ^");
}

TEST_CASE("what Lua tells is underlined where the name it tells stands") {
  ScriptErrors errors;
  const SourceText source("a.lua", "local x = 1\nlocal y = tostrin(x)\nerror('no')\n");
  errors.add(source, 2, "unknown global 'tostrin': did you mean 'tostring'?");
  errors.add(source, 3, "no");
  const std::vector<ScriptError> told = errors.take_errors();
  CHECK(told[0].column == 11);
  CHECK(told[0].width == 7);
  CHECK(told[1].column == 1);
  CHECK(told[1].width == 11);
}

TEST_CASE("near names become a hint") {
  CHECK(near_hint("timeot", {"timeout", "input"}) == "did you mean 'timeout'?");
  CHECK(near_hint("xyz", {"timeout"}) == "");
}
