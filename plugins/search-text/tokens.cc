#include "tokens.h"

#include <libstemmer.h>

#include <algorithm>
#include <limits>

#include "dormouse/value.hpp"
#include "nlu/text_position.h"
#include "nlu/unicode/characters.h"

namespace dormouse::text_search {
namespace {

constexpr char32_t kApostrophe = U'\'', kRightQuote = 0x2019;
constexpr size_t kWordBytesMax = 128;  // of a longer word the beginning: it is no word

// Sorted. Function words alone: what a question asks for ("symptoms", "cost") is none.
constexpr std::string_view kStopwords[] = {
    "a",     "about", "above", "after",   "again", "all",    "also",   "am",    "an",      "and",   "any",   "are",
    "as",    "at",    "be",    "because", "been",  "before", "being",  "below", "between", "both",  "but",   "by",
    "can",   "could", "did",   "do",      "does",  "doing",  "during", "each",  "few",     "for",   "from",  "further",
    "had",   "has",   "have",  "having",  "he",    "her",    "here",   "hers",  "him",     "his",   "how",   "i",
    "if",    "in",    "into",  "is",      "it",    "its",    "itself", "just",  "me",      "more",  "most",  "my",
    "no",    "nor",   "not",   "now",     "of",    "off",    "on",     "once",  "only",    "or",    "other", "our",
    "out",   "over",  "own",   "same",    "she",   "should", "so",     "some",  "such",    "than",  "that",  "the",
    "their", "them",  "then",  "there",   "these", "they",   "this",   "those", "through", "to",    "too",   "under",
    "until", "up",    "us",    "very",    "was",   "we",     "were",   "what",  "when",    "where", "which", "while",
    "who",   "whom",  "why",   "will",    "with",  "would",  "you",    "your"};

bool is_stopword(std::string_view word) {
  return std::binary_search(std::begin(kStopwords), std::end(kStopwords), word);
}

// Written without spaces between words: Chinese and Japanese, and the scripts from Thai to Khmer.
bool is_written_without_spaces(char32_t c, nlu::Script script) {
  if (script == nlu::kHan || script == nlu::kHiragana || script == nlu::kKatakana || script == nlu::kBopomofo)
    return true;
  return (c >= 0x0E00 && c <= 0x0EFF) || (c >= 0x1000 && c <= 0x109F) || (c >= 0x1780 && c <= 0x17FF);
}

// Joins or shapes letters without being one.
bool is_invisible(char32_t c) {
  return c == 0xAD || (c >= 0x200B && c <= 0x200F) || c == 0xFEFF || (c >= 0xFE00 && c <= 0xFE0F);
}

uint64_t hash_of(std::string_view term) {
  uint64_t hash = 0x243F6A8885A308D3u;
  for (const char c : term) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x9FB21C651E98DF25u;
    hash ^= hash >> 32;
  }
  return hash;
}

}  // namespace

std::vector<std::string> stemmer_languages() {
  std::vector<std::string> languages;
  for (const char** name = sb_stemmer_list(); *name != nullptr; ++name) languages.emplace_back(*name);
  return languages;
}

Tokenizer::Tokenizer(const TokenOptions& options) : stopwords_(options.stopwords && options.language == "english") {
  if (options.language == "none") return;
  stemmer_ = sb_stemmer_new(options.language.c_str(), nullptr);
  if (stemmer_ != nullptr) return;
  std::string known;
  for (const std::string& language : stemmer_languages()) known += " " + language;
  throw Failure(DM_INVALID_ARGUMENT,
                "setting 'language': needed none or one of" + known + "; found '" + options.language + "'");
}

Tokenizer::~Tokenizer() {
  sb_stemmer_delete(stemmer_);
}

const std::vector<Token>& Tokenizer::read(std::string_view utf8) {
  tokens_.clear();
  nlu::each_code_point(utf8.substr(0, std::numeric_limits<uint32_t>::max()),
                       [&](nlu::CodePoint p) { add_character(p.c, p.begin, p.end); });
  end_word();
  end_run();
  return tokens_;
}

void Tokenizer::add_character(char32_t c, size_t begin, size_t end) {
  const bool digit = c >= U'0' && c <= U'9';
  if (is_invisible(c)) return;
  if (c == kApostrophe || c == kRightQuote) {
    if (!word_.empty()) word_.push_back('\'');
    last_ = 0;
    return;
  }
  const nlu::Script script = nlu::script_of(c);
  if (!digit && script == nlu::kNoLetter) {
    end_word();
    return end_run();
  }
  const char32_t lower = nlu::lower_case(c);
  if (!digit && is_written_without_spaces(c, script)) {
    end_word();
    std::string character;
    nlu::append_utf8(lower, &character);
    if (run_++ > 0) add_term(before_ + character, before_begin_, end);
    before_ = std::move(character);
    before_begin_ = begin;
    before_end_ = end;
    return;
  }
  end_run();
  if (word_.empty()) begin_ = begin;
  end_ = end;
  // A mark that makes a new letter with the one before: e and an acute are e acute.
  if (const char32_t composed = last_ != 0 ? nlu::compose(last_, c) : 0) {
    word_.resize(last_bytes_);
    last_ = nlu::lower_case(composed);
    return nlu::append_utf8(last_, &word_);
  }
  if (word_.size() >= kWordBytesMax) return;
  last_ = lower;
  last_bytes_ = word_.size();
  nlu::append_utf8(lower, &word_);
}

void Tokenizer::end_word() {
  last_ = 0;
  if (word_.empty()) return;
  while (!word_.empty() && word_.back() == '\'') word_.pop_back();
  if (word_.ends_with("'s")) word_.resize(word_.size() - 2);
  if (!word_.empty() && !(stopwords_ && is_stopword(word_))) {
    if (stemmer_ != nullptr) {
      const sb_symbol* stem =
          sb_stemmer_stem(stemmer_, reinterpret_cast<const sb_symbol*>(word_.data()), static_cast<int>(word_.size()));
      if (stem == nullptr) throw std::bad_alloc();
      add_term({reinterpret_cast<const char*>(stem), static_cast<size_t>(sb_stemmer_length(stemmer_))}, begin_, end_);
    } else {
      add_term(word_, begin_, end_);
    }
  }
  word_.clear();
}

// A single character between others is a term by itself.
void Tokenizer::end_run() {
  if (run_ == 1) add_term(before_, before_begin_, before_end_);
  run_ = 0;
}

void Tokenizer::add_term(std::string_view term, size_t begin, size_t end) {
  if (!term.empty()) tokens_.push_back({hash_of(term), static_cast<uint32_t>(begin), static_cast<uint32_t>(end)});
}

}  // namespace dormouse::text_search
