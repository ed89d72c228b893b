#include "tokens.h"

#include <algorithm>

#include "nlu/text_position.h"

namespace dormouse::entities {
namespace {

using nlu::CodePoint;

enum class Kind { space, word, single, sign };

bool is_space(char32_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200F) || (c >= 0x2028 && c <= 0x202F) || c == 0x205F || (c >= 0x2060 && c <= 0x2064) ||
         (c >= 0x2066 && c <= 0x2069) || c == 0x3000 || c == 0xFEFF;
}

// Scripts that put no space between words: Thai, Lao, Myanmar, Khmer, kana and Han.
bool is_unspaced(char32_t c, nlu::Script script) {
  return (c >= 0x0E00 && c <= 0x0EFF) || (c >= 0x1000 && c <= 0x109F) || (c >= 0x1780 && c <= 0x17FF) ||
         script == nlu::kHan || script == nlu::kHiragana || script == nlu::kKatakana || script == nlu::kBopomofo;
}

Kind kind_of(char32_t c) {
  if (c < 0x80) {
    const bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return word ? Kind::word : is_space(c) ? Kind::space : Kind::sign;
  }
  if (is_space(c)) return Kind::space;
  const nlu::Script script = nlu::script_of(c);
  if (script == nlu::kNoLetter) return Kind::sign;
  return is_unspaced(c, script) ? Kind::single : Kind::word;
}

char shape_of(char32_t c, char32_t lower) {
  if (c >= '0' && c <= '9') return 'd';
  if (c < 0x80 && lower == c && !(c >= 'a' && c <= 'z')) return static_cast<char>(c);
  return lower != c ? 'X' : c < 0x80 ? 'x' : 'u';
}

uint64_t hash_letters(const char32_t* letters, size_t count) {
  uint64_t h = 1469598103934665603u;
  for (size_t i = 0; i < count; ++i) h = (h ^ letters[i]) * 1099511628211u;
  return mix(h);
}

// One token while its code points come in.
class Word {
 public:
  void begin(const CodePoint& p) {
    token_ = Token();
    token_.begin = static_cast<uint32_t>(p.begin);
    count_ = 0;
    shape_size_ = 0;
    add(p);
  }
  void add(const CodePoint& p) {
    token_.end = static_cast<uint32_t>(p.end);
    const char32_t lower = nlu::lower_case(p.c);
    if (count_ < kWordLettersMax) letters_[count_] = lower;
    ++count_;
    const char s = shape_of(p.c, lower);
    const bool third = shape_size_ >= 2 && shape_[shape_size_ - 1] == s && shape_[shape_size_ - 2] == s;
    if (!third && shape_size_ < shape_.size()) shape_[shape_size_++] = s;
  }
  Token finish() {
    const size_t kept = std::min(count_, kWordLettersMax);
    token_.word = hash_letters(letters_.data(), kept);
    if (count_ > kept) token_.word = combine(token_.word, count_);
    token_.shape = hash_of({shape_.data(), shape_size_});
    for (size_t n = 1; n <= kAffixMax && n <= kept; ++n) {
      token_.prefix[n - 1] = hash_letters(letters_.data(), n);
      token_.suffix[n - 1] = hash_letters(letters_.data() + kept - n, n);
    }
    const char32_t c = letters_[0];
    token_.ends_sentence = count_ == 1 && (c == '.' || c == '!' || c == '?' || c == 0x3002 || c == 0xFF01 ||
                                           c == 0xFF1F || c == 0x0964 || c == 0x06D4 || c == 0x061F);
    return token_;
  }

 private:
  Token token_;
  std::array<char32_t, kWordLettersMax> letters_{};
  size_t count_ = 0;
  std::array<char, 16> shape_{};
  size_t shape_size_ = 0;
};

}  // namespace

uint64_t hash_of(std::string_view bytes) {
  uint64_t h = 1469598103934665603u;
  for (const unsigned char c : bytes) h = (h ^ c) * 1099511628211u;
  return mix(h);
}

void read_tokens(std::string_view utf8, size_t tokens_max, std::vector<Token>* tokens) {
  tokens->clear();
  Word word;
  bool open = false;
  const char* at = utf8.data();
  const char* const end = at + utf8.size();
  while (at < end && tokens->size() < tokens_max) {
    const char* begin = at;
    const char32_t c = nlu::next_character(&at, end);
    const CodePoint p{c, static_cast<size_t>(begin - utf8.data()), static_cast<size_t>(at - utf8.data())};
    const Kind kind = kind_of(c);
    if (kind == Kind::word && open) {
      word.add(p);
      continue;
    }
    if (open) tokens->push_back(word.finish());
    open = kind == Kind::word;
    if (kind == Kind::space) continue;
    word.begin(p);
    if (!open && tokens->size() < tokens_max) tokens->push_back(word.finish());
  }
  if (open && tokens->size() < tokens_max) tokens->push_back(word.finish());
}

void drop_final_signs(uint32_t keep, std::span<const uint64_t> learnt, std::vector<Token>* tokens) {
  while (!tokens->empty() && tokens->back().ends_sentence && tokens->back().begin >= keep &&
         !std::binary_search(learnt.begin(), learnt.end(), tokens->back().word)) {
    tokens->pop_back();
  }
}

}  // namespace dormouse::entities
