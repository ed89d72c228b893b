// A text cut into the terms it is found by: words in lower case, reduced to their stems, without those that stand in
// every text; where words are not set apart by spaces (Chinese, Japanese, Thai ...), pairs of characters.
// Not an index (index.h). A Tokenizer is used by one call at a time; making one is cheap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct sb_stemmer;

namespace dormouse::text_search {

// How texts of a component are read; an index made in another way is of no use.
struct TokenOptions {
  std::string language = "english";  // a language of Snowball; "none": no stems
  bool stopwords = true;             // leave out the commonest words, where a list of them is known (English)
};

// A hash stands for its term: two of a million terms are one with a probability of 1 to 37 million.
struct Token {
  uint64_t term;
  uint32_t begin, end;  // bytes of the text
};

class Tokenizer {
 public:
  // Throws Failure DM_INVALID_ARGUMENT with the languages there are.
  explicit Tokenizer(const TokenOptions& options);
  ~Tokenizer();
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  // The terms in their order, repeated ones repeatedly; valid until the next call. Of a text over 4 GiB the beginning.
  const std::vector<Token>& read(std::string_view utf8);

 private:
  void add_character(char32_t c, size_t begin, size_t end);
  void end_word();
  void end_run();
  void add_term(std::string_view term, size_t begin, size_t end);

  sb_stemmer* stemmer_ = nullptr;
  bool stopwords_;
  std::vector<Token> tokens_;
  // The word being read, and where it stands.
  std::string word_;
  char32_t last_ = 0;
  size_t last_bytes_ = 0;  // of word_ before its last character
  size_t begin_ = 0, end_ = 0;
  // The run of characters without spaces being read: the one before, and how many there were.
  std::string before_;
  size_t before_begin_ = 0, before_end_ = 0, run_ = 0;
};

// "english", "german" ...
std::vector<std::string> stemmer_languages();

}  // namespace dormouse::text_search
