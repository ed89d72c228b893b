#include "nlu/text_features.h"

#include <string>

#include "nlu/text_position.h"
#include "nlu/unicode/characters.h"

namespace dormouse::nlu {
namespace {

constexpr char32_t kBoundary = U' ', kApostrophe = U'\'', kRightQuote = 0x2019, kModifierApostrophe = 0x02BC;

// Where the digits of the scripts in use begin.
constexpr char32_t kZeros[] = {0x0030, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6,
                               0x0C66, 0x0CE6, 0x0D66, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x17E0, 0x1810, 0xFF10};

// The ASCII digit that `c` stands for, 0 when it is none.
char32_t digit_of(char32_t c) {
  for (char32_t zero : kZeros) {
    if (c < zero) return 0;
    if (c - zero < 10) return U'0' + (c - zero);
  }
  return 0;
}

bool is_apostrophe(char32_t c) {
  return c == kApostrophe || c == kRightQuote || c == kModifierApostrophe;
}

// Arrows, pictures, emoji: signs that mean something by themselves.
bool is_symbol(char32_t c) {
  return (c >= 0x2190 && c <= 0x2BFF) || (c >= 0x1F000 && c <= 0x1FAFF);
}

// Joins letters without being seen.
bool is_invisible(char32_t c) {
  return c == 0xAD || (c >= 0x200B && c <= 0x200F) || c == 0xFEFF || (c >= 0xFE00 && c <= 0xFE0F);
}

bool is_written_without_spaces(Script script) {
  return script == kHan || script == kHiragana || script == kKatakana || script == kBopomofo;
}

uint64_t mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9FB21C651E98DF25u;
  return hash ^ (hash >> 32);
}

struct Span {
  uint32_t begin, end;
};

// The text cut into words: what stands between spaces and punctuation, its end after an apostrophe ("what" "'s").
class Words {
 public:
  void read(std::string_view utf8) {
    each_code_point(utf8, [&](CodePoint p) { add(p.c); });
    end_word();
  }
  const std::u32string& letters() const { return letters_; }
  const std::vector<Span>& words() const { return words_; }  // for n-grams of words
  const std::vector<Span>& runs() const { return runs_; }    // for n-grams of letters

 private:
  void add(char32_t c) {
    if (c >= U'a' && c <= U'z') return add_letter(c, false);
    if (is_invisible(c)) return;
    if (is_apostrophe(c)) {
      const bool in_word = letters_.size() > begin_;
      end_word();
      if (in_word) letters_.push_back(kApostrophe);  // kept when letters follow; elsewhere it is a quotation mark
      return;
    }
    if (const char32_t digit = digit_of(c)) return add_letter(digit, false);
    if (is_symbol(c)) {
      end_word();
      letters_.push_back(c);
      return end_word();
    }
    const Script script = script_of(c);
    if (script == kNoLetter) return end_word();
    if (letters_.size() > begin_) {
      if (const char32_t composed = compose(letters_.back(), c)) {
        letters_.back() = lower_case(composed);
        return;
      }
    }
    add_letter(lower_case(c), is_written_without_spaces(script));
  }

  void add_letter(char32_t c, bool is_word) {
    if (is_word != characters_are_words_ && letters_.size() > begin_) end_word();
    characters_are_words_ = is_word;
    letters_.push_back(c);
  }

  void end_word() {
    const auto end = static_cast<uint32_t>(letters_.size());
    const bool only_apostrophe = end == begin_ + 1 && letters_.back() == kApostrophe;
    if (only_apostrophe) letters_.pop_back();
    if (end > begin_ && !only_apostrophe) {
      runs_.push_back({begin_, end});
      if (characters_are_words_) {
        for (uint32_t i = begin_; i < end; ++i) words_.push_back({i, i + 1});
      } else {
        words_.push_back({begin_, end});
      }
    }
    begin_ = static_cast<uint32_t>(letters_.size());
    characters_are_words_ = false;
  }

  std::u32string letters_;
  std::vector<Span> words_, runs_;
  uint32_t begin_ = 0;  // of the word being read
  bool characters_are_words_ = false;
};

// N-grams of a list of hashes with an end on both sides.
void add_word_ngrams(const Words& words, uint32_t order_max, std::vector<Feature>* features) {
  constexpr uint64_t kSeed = 0x243F6A8885A308D3u, kEnd = 1;
  std::vector<uint64_t> hashes = {kEnd};
  for (const Span& word : words.words()) {
    uint64_t hash = kSeed;
    for (uint32_t i = word.begin; i < word.end; ++i) hash = mix(hash, words.letters()[i]);
    hashes.push_back(hash);
  }
  if (hashes.size() == 1) return;
  hashes.push_back(kEnd);
  for (size_t i = 0; i < hashes.size(); ++i) {
    uint64_t hash = kSeed;
    for (size_t order = 1; order <= order_max && i + order <= hashes.size(); ++order) {
      hash = mix(hash, hashes[i + order - 1]);
      const bool end_alone = order == 1 && hashes[i] == kEnd;
      if (!end_alone) features->push_back({mix(hash, order), kWords});
    }
  }
}

void add_letter_ngrams(const Words& words, const FeatureOptions& options, std::vector<Feature>* features) {
  constexpr uint64_t kSeed = 0x13198A2E03707344u;
  for (const Span& run : words.runs()) {
    const size_t length = run.end - run.begin + 2;  // with its ends
    const auto at = [&](size_t i) {
      return i == 0 || i + 1 == length ? kBoundary : words.letters()[run.begin + i - 1];
    };
    for (size_t begin = 0; begin < length; ++begin) {
      uint64_t hash = kSeed;
      for (size_t order = 1; order <= options.letters_max && begin + order <= length; ++order) {
        hash = mix(hash, at(begin + order - 1));
        if (order >= options.letters_min) features->push_back({mix(hash, order), kLetters});
      }
    }
  }
}

// Two words near each other in either order, by their first letters: "book ... flight" is "flights to book".
void add_pairs(const Words& words, const FeatureOptions& options, std::vector<Feature>* features) {
  constexpr uint64_t kSeed = 0xA4093822299F31D0u;
  if (options.pair_distance == 0) return;
  std::vector<uint64_t> stems;
  for (const Span& word : words.words()) {
    uint64_t hash = kSeed;
    for (uint32_t i = word.begin; i < std::min(word.end, word.begin + options.pair_letters); ++i) {
      hash = mix(hash, words.letters()[i]);
    }
    stems.push_back(hash);
  }
  for (size_t i = 0; i < stems.size(); ++i) {
    for (size_t j = i + 1; j < stems.size() && j <= i + options.pair_distance; ++j) {
      features->push_back({mix(mix(kSeed, std::min(stems[i], stems[j])), std::max(stems[i], stems[j])), kPairs});
    }
  }
}

}  // namespace

void read_features(std::string_view utf8, const FeatureOptions& options, std::vector<Feature>* features,
                   size_t bytes_max) {
  Words words;
  if (utf8.size() <= bytes_max) {
    words.read(utf8);
  } else {
    const std::string_view head = utf8_prefix(utf8, bytes_max / 2);
    std::string_view tail = utf8.substr(utf8.size() - bytes_max / 2);
    while (!tail.empty() && (static_cast<unsigned char>(tail.front()) & 0xC0) == 0x80) tail.remove_prefix(1);
    words.read(head);
    words.read(tail);
  }
  add_word_ngrams(words, options.words, features);
  add_letter_ngrams(words, options, features);
  add_pairs(words, options, features);
}

}  // namespace dormouse::nlu
