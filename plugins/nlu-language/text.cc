#include "text.h"

#include <algorithm>

namespace dormouse::language {
namespace {

constexpr char32_t kApostrophe = U'\'', kRightQuote = 0x2019, kModifierApostrophe = 0x02BC, kTatweel = 0x0640;
constexpr char32_t kSoftHyphen = 0xAD, kNonJoiner = 0x200C, kJoiner = 0x200D, kLeftMark = 0x200E, kRightMark = 0x200F;
constexpr char32_t kMiddleDot = 0xB7;

bool is_invisible(char32_t c) {
  return c == kSoftHyphen || c == kJoiner || c == kLeftMark || c == kRightMark || c == kTatweel || c == 0xFEFF;
}

// Signs that belong to a word when letters stand on both sides: l'eau, col·legi, Persian's non-joiner.
char32_t inner_sign(char32_t c) {
  if (c == kRightQuote || c == kModifierApostrophe || c == kApostrophe) return kApostrophe;
  return c == kNonJoiner || c == kMiddleDot ? c : 0;
}

bool is_space(unsigned char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// Addresses of pages and mail boxes say nothing about the language around them.
bool is_address(std::string_view token) {
  return token.find("://") != std::string_view::npos || token.find('@') != std::string_view::npos ||
         token.substr(0, 4) == "www.";
}

// What a letter counts when the script of a text is decided. Latin words stand in texts of all scripts, and one
// ideograph carries a word's worth.
uint32_t weight_of(Script family) {
  if (family == kLatin) return 1;
  return family == kHan ? 4 : 2;
}

// Letters of one text with their families, before one family is chosen.
class Letters {
 public:
  // Reads until the text ends or `letters_max` characters are held.
  void read(std::string_view utf8, size_t letters_max) {
    limit_ = std::min(letters_max, kTextLettersMax) - 1;  // one place for the last boundary
    const char* at = utf8.data();
    const char* end = at + utf8.size();
    bool token_start = true;
    while (at < end && !full()) {
      if (is_space(static_cast<unsigned char>(*at))) {
        end_word();
        token_start = true;
        ++at;
        continue;
      }
      if (token_start && skip_address(&at, end)) continue;
      token_start = false;
      add(next_character(&at, end));
    }
    end_word();
  }

  Script chosen_family() const {
    Script best = kCommon;
    uint32_t most = 0;
    for (size_t i = 0; i < votes_.size(); ++i) {
      if (votes_[i] > most) {
        most = votes_[i];
        best = static_cast<Script>(i);
      }
    }
    return best;
  }

  void keep(Script family, Words* words) const {
    words->family = family;
    words->size = 0;
    words->letters = 0;
    size_t run = 0;  // letters since the last boundary
    for (size_t i = 0; i < size_; ++i) {
      const bool kept = letters_[i] != kBoundary && families_of_[i] == family;
      if (kept) {
        if (words->size == 0 || run == kWordLettersMax) {
          words->characters[words->size++] = kBoundary;
          run = 0;
        }
        words->characters[words->size++] = letters_[i];
        ++words->letters;
        ++run;
      } else if (run > 0) {
        words->characters[words->size++] = kBoundary;
        run = 0;
      }
    }
    if (run > 0) words->characters[words->size++] = kBoundary;
  }

 private:
  bool full() const { return size_ >= limit_; }

  bool skip_address(const char** at, const char* end) const {
    const char* stop = std::find_if(*at, end, [](char c) { return is_space(static_cast<unsigned char>(c)); });
    if (!is_address({*at, static_cast<size_t>(stop - *at)})) return false;
    *at = stop;
    return true;
  }

  void end_word() {
    pending_ = 0;
    if (size_ > 0 && letters_[size_ - 1] != kBoundary) push(kBoundary, kCommon);
  }

  void push(char32_t c, Script family) {
    letters_[size_] = c;
    families_of_[size_++] = family;
  }

  void add(char32_t c) {
    if (is_invisible(c)) return;
    const bool in_word = size_ > 0 && letters_[size_ - 1] != kBoundary;
    if (const char32_t sign = inner_sign(c)) {
      if (in_word && pending_ == 0) {
        pending_ = sign;
      } else {
        end_word();
      }
      return;
    }
    const Script script = script_of(c);
    if (script == kNoLetter) return end_word();
    if (in_word && pending_ == 0) {
      if (const char32_t composed = compose(letters_[size_ - 1], c)) {
        letters_[size_ - 1] = composed;
        return;
      }
    }
    add_letter(lower_case(c), family_of(script), in_word);
  }

  void add_letter(char32_t c, Script family, bool in_word) {
    if (!in_word && family == kCommon) return;  // a mark without a letter
    const Script before = in_word ? families_of_[size_ - 1] : family;
    if (family == kCommon) family = before;
    if (family != before) {
      end_word();
    } else if (pending_ != 0) {
      push(pending_, before);
    }
    pending_ = 0;
    if (full()) return;
    push(c, family);
    votes_[family] += weight_of(family);
  }

  std::array<char32_t, kTextLettersMax> letters_;
  std::array<Script, kTextLettersMax> families_of_;
  size_t size_ = 0;
  size_t limit_ = 0;
  std::array<uint32_t, 256> votes_{};
  char32_t pending_ = 0;  // an inner sign that waits for the letter behind it
};

// The text itself, or four parts of it with a space between; parts begin and end on character boundaries.
class Sample {
 public:
  explicit Sample(std::string_view utf8) {
    if (utf8.size() <= kTextBytesMax) {
      parts_[0] = utf8;
      count_ = 1;
      return;
    }
    const size_t length = kTextBytesMax / parts_.size();
    for (size_t i = 0; i < parts_.size(); ++i) {
      const size_t begin = (utf8.size() - length) / (parts_.size() - 1) * i;
      parts_[i] = whole_characters(utf8.substr(begin, length), i != 0);
    }
  }
  size_t count() const { return count_; }
  std::string_view part(size_t i) const { return parts_[i]; }

 private:
  static bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

  // Cuts a half character at either end, and half a word in front when there is a space near.
  static std::string_view whole_characters(std::string_view part, bool inside) {
    while (!part.empty() && continues(part.front())) part.remove_prefix(1);
    const size_t space = part.substr(0, 32).find(' ');
    if (inside && space != std::string_view::npos) part.remove_prefix(space);
    for (int i = 0; i < 3 && !part.empty() && continues(part.back()); ++i) part.remove_suffix(1);
    if (!part.empty() && static_cast<unsigned char>(part.back()) >= 0xC0) part.remove_suffix(1);
    return part;
  }

  std::array<std::string_view, 4> parts_;
  size_t count_ = 4;
};

}  // namespace

Script family_of(Script script) {
  return script == kHiragana || script == kKatakana || script == kBopomofo ? kHan : script;
}

void read_words(std::string_view utf8, Words* words) {
  Letters letters;
  const Sample sample(utf8);
  for (size_t i = 0; i < sample.count(); ++i) letters.read(sample.part(i), kTextLettersMax * (i + 1) / sample.count());
  letters.keep(letters.chosen_family(), words);
}

}  // namespace dormouse::language
