#include "sentence_features.h"

namespace dormouse::entities {

void kind_features(std::span<const Token> tokens, std::vector<uint64_t>* out) {
  out->clear();
  out->push_back(combine(1, 0));
  uint64_t before = 3;
  for (const Token& token : tokens) {
    out->push_back(combine(2, token.word));
    out->push_back(combine(3, combine(before, token.word)));
    before = token.word;
    if (token.prefix[kAffixMax - 1] != 0 && token.prefix[kAffixMax - 1] != token.word) {
      out->push_back(combine(4, token.prefix[kAffixMax - 1]));
    }
  }
  if (!tokens.empty()) out->push_back(combine(5, tokens[0].word));
}

namespace detail {

void add_context_features(std::span<const Token> tokens, size_t i, const SentenceContext& context,
                          std::vector<uint64_t>* out) {
  const auto n = static_cast<ptrdiff_t>(tokens.size());
  const auto word = [&](ptrdiff_t offset) -> uint64_t {
    const ptrdiff_t at = static_cast<ptrdiff_t>(i) + offset;
    if (at < 0) return static_cast<uint64_t>(7 - at);
    return at >= n ? static_cast<uint64_t>(77 + at - n) : tokens[static_cast<size_t>(at)].word;
  };
  const auto add = [out](uint64_t number, uint64_t what) { out->push_back(combine(number, what)); };
  const Token& here = tokens[i];
  const uint64_t w = here.word, w1 = word(-1), w2 = word(-2), x1 = word(1), x2 = word(2);
  add(1, 0);
  add(2, w);
  add(3, w1);
  add(4, x1);
  add(5, w2);
  add(6, x2);
  add(7, combine(w1, w));
  add(8, combine(w, x1));
  add(9, combine(w2, w1));
  add(10, combine(x1, x2));
  add(11, combine(w1, x1));
  for (size_t k = 0; k < kAffixMax; ++k) {
    if (here.prefix[k] == 0) break;
    add(21 + k, here.prefix[k]);
    add(31 + k, here.suffix[k]);
  }
  add(40, here.shape);
  const auto ending = [](const Token& t) { return t.suffix[2] != 0 ? t.suffix[2] : t.word; };
  if (i > 0) {
    add(41, tokens[i - 1].shape);
    add(43, ending(tokens[i - 1]));
  } else {
    add(45, 0);
  }
  if (i + 1 < tokens.size()) {
    add(42, tokens[i + 1].shape);
    add(44, ending(tokens[i + 1]));
  } else {
    add(46, 0);
  }
  add(47, std::min<size_t>(i, 6));
  const uint64_t kind = context.kind + 500;
  add(50, kind);
  add(51, combine(kind, w));
  add(52, combine(kind, w1));
  add(53, combine(kind, x1));
  for (const uint64_t type : context.expected_types) {
    add(70, type);
    add(71, combine(type, w));
  }
}

}  // namespace detail
}  // namespace dormouse::entities
