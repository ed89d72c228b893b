#include "snippet.h"

#include <catch2/catch.hpp>

#include "dormouse/plugin.hpp"

namespace dormouse::text_search {
namespace {

std::string snippet(const std::string& text, const std::string& question, size_t bytes) {
  Tokenizer tokenizer(TokenOptions{});
  std::vector<uint64_t> terms;
  for (const Token& token : tokenizer.read(question)) terms.push_back(token.term);
  return std::string(snippet_of(text, tokenizer.read(text), terms, bytes));
}

}  // namespace

TEST_CASE("a snippet is where most of the question stands") {
  const std::string filler = "Nothing of interest stands in here and one may skip it. ";
  const std::string text =
      filler + "Fever comes first. " + filler + filler + "Fever and a stiff neck are symptoms. " + filler;
  const std::string found = snippet(text, "what symptoms does fever with stiff neck have", 60);
  CHECK(found.find("Fever and a stiff neck are symptoms") != std::string::npos);
  CHECK(found.size() <= 60);
}

TEST_CASE("a short text is its own snippet and one without the words gives its beginning") {
  CHECK(snippet("short text", "anything", 100) == "short text");
  CHECK(snippet("first second third fourth fifth", "zebra", 12) == "first second");
  CHECK(snippet("", "zebra", 12).empty());
}

TEST_CASE("a snippet cuts no character and is never longer than asked for") {
  std::string text;
  for (int i = 0; i < 200; ++i) text += i % 10 == 0 ? "\xC3\xA9t\xC3\xA9 " : "\xE5\x8C\x97\xE4\xBA\xAC, ";
  for (size_t bytes = 1; bytes < 80; ++bytes) {
    const std::string found = snippet(text, "\xC3\xA9t\xC3\xA9", bytes);
    INFO(bytes);
    CHECK(found.size() <= bytes);
    CHECK(dm_utf8_valid(reinterpret_cast<const unsigned char*>(found.data()), found.size()));
  }
}

}  // namespace dormouse::text_search
