#include "tokens.h"

#include <catch2/catch.hpp>

#include "dormouse/value.hpp"

namespace dormouse::text_search {
namespace {

// The pieces of the text that became terms.
std::vector<std::string> pieces(const std::string& text, const TokenOptions& options = {"none", false}) {
  Tokenizer tokenizer(options);
  std::vector<std::string> out;
  for (const Token& token : tokenizer.read(text)) out.push_back(text.substr(token.begin, token.end - token.begin));
  return out;
}

std::vector<uint64_t> terms(const std::string& text, const TokenOptions& options = {}) {
  Tokenizer tokenizer(options);
  std::vector<uint64_t> out;
  for (const Token& token : tokenizer.read(text)) out.push_back(token.term);
  return out;
}

using Pieces = std::vector<std::string>;

}  // namespace

TEST_CASE("words stand between what is neither letter nor digit") {
  CHECK(pieces("Type-2 diabetes, (mellitus)!") == Pieces{"Type", "2", "diabetes", "mellitus"});
  CHECK(pieces("") == Pieces{});
  CHECK(pieces(" \n--- ") == Pieces{});
}

TEST_CASE("case and the ending of a word do not matter in English") {
  CHECK(terms("Symptoms") == terms("symptom"));
  CHECK(terms("TREATED") == terms("treating"));
  CHECK(terms("patient's") == terms("patient"));
  CHECK(terms("patient\xE2\x80\x99s") == terms("patient"));
  CHECK(terms("Symptoms", {"none", false}) != terms("symptom", {"none", false}));
}

TEST_CASE("the commonest words are left out where a list of them is known") {
  CHECK(terms("what are the symptoms of it").size() == 1);
  CHECK(terms("what are the symptoms of it", {"english", false}).size() == 6);
  CHECK(terms("what are the symptoms of it", {"german", true}).size() == 6);
}

TEST_CASE("a letter and its accent are one character however they are written") {
  CHECK(terms("caf\xC3\xA9", {"french", true}) == terms("cafe\xCC\x81", {"french", true}));
  CHECK(terms("caf\xC3\xA9", {"none", true}) != terms("cafe", {"none", true}));
}

TEST_CASE("what is written without spaces becomes pairs of characters") {
  CHECK(pieces("\xE5\x8C\x97\xE4\xBA\xAC\xE5\xB8\x82") ==
        Pieces{"\xE5\x8C\x97\xE4\xBA\xAC", "\xE4\xBA\xAC\xE5\xB8\x82"});
  CHECK(pieces("\xE5\x8C\x97") == Pieces{"\xE5\x8C\x97"});  // one alone
  CHECK(pieces("in \xE5\x8C\x97\xE4\xBA\xAC 2024") == Pieces{"in", "\xE5\x8C\x97\xE4\xBA\xAC", "2024"});
  CHECK(pieces("\xE0\xB9\x84\xE0\xB8\x97\xE0\xB8\xA2").size() == 2);  // Thai
}

TEST_CASE("damaged text is read as far as it goes") {
  CHECK(pieces("good\xFF\xFEword") == Pieces{"good", "word"});
  CHECK(terms(std::string(100'000, 'x')).size() == 1);
}

TEST_CASE("a language that nobody knows is refused with those there are") {
  try {
    Tokenizer tokenizer(TokenOptions{"klingon", true});
    FAIL("it was taken");
  } catch (const Failure& failure) {
    CHECK(failure.status() == DM_INVALID_ARGUMENT);
    CHECK(std::string(failure.what()).find("german") != std::string::npos);
  }
}

}  // namespace dormouse::text_search
