// What the model looks at: for each token of a sentence, hashes of what stands there and around it; for a sentence,
// hashes of its words, from which its kind (its intent, in the training data) is told.
// Not weights: model.h. The hashes are part of the model format. Pure; any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "tokens.h"

namespace dormouse::entities {

// Tokens of the longest span of the training that is recognised again as a whole.
inline constexpr size_t kPhraseTokensMax = 12;

// Where a token is among those that are like a span of the training.
inline constexpr size_t kMemoryFeaturesMax = 64;

// What else is known of a sentence.
struct SentenceContext {
  uint32_t kind = 0;                         // what the first stage made of it
  std::span<const uint64_t> expected_types;  // hashes of the types that the caller says are likely
};

// Features of the tokens of one sentence, one after the other.
struct FeatureList {
  std::vector<uint64_t> hashes;
  std::vector<uint32_t> ends;  // of each token's part
  std::span<const uint64_t> of(size_t token) const {
    const size_t begin = token == 0 ? 0 : ends[token - 1];
    return std::span(hashes).subspan(begin, ends[token] - begin);
  }
};

// How often a word was seen inside spans of a type, in three steps.
constexpr int seen_step(uint32_t count) {
  return count >= 8 ? 3 : count >= 3 ? 2 : count >= 1 ? 1 : 0;
}

// The hash of a span's words.
inline uint64_t phrase_hash(std::span<const Token> tokens) {
  uint64_t h = 0;
  for (const Token& token : tokens) h = combine(h, token.word);
  return h;
}

// Words, pairs of words and beginnings of words, for telling the kind of a sentence.
void kind_features(std::span<const Token> tokens, std::vector<uint64_t>* out);

namespace detail {

// Template numbers: part of the model format.
enum : uint64_t {
  kPhrase = 9001,
  kBeforePhrase = 9011,
  kAfterPhrase = 9012,
  kWordSeen = 9100,
  kBeforeSeen = 9101,
  kAfterSeen = 9102
};

// Adds what the training's spans say about each token to at[token].
// Memory: each_phrase(hash, visit(type)), each_word(hash, visit(type, step)).
template <class Memory>
void remember(std::span<const Token> tokens, const Memory& memory, std::vector<std::vector<uint64_t>>* at) {
  const size_t n = tokens.size();
  at->resize(std::max(at->size(), n));
  for (size_t i = 0; i < n; ++i) (*at)[i].clear();
  const auto add = [&](size_t token, uint64_t hash) {
    if ((*at)[token].size() < kMemoryFeaturesMax) (*at)[token].push_back(hash);
  };
  for (size_t begin = 0; begin < n; ++begin) {
    uint64_t hash = 0;
    for (size_t end = begin; end < n && end < begin + kPhraseTokensMax; ++end) {
      hash = combine(hash, tokens[end].word);
      memory.each_phrase(hash, [&](uint64_t type) {
        const uint64_t length = std::min<size_t>(end - begin + 1, 3);
        for (size_t i = begin; i <= end; ++i) {
          const uint64_t place = (i == begin ? 1u : 0u) | (i == end ? 2u : 0u);
          add(i, combine(combine(kPhrase, type * 8 + place), length));
        }
        if (begin > 0) add(begin - 1, combine(kBeforePhrase, type));
        if (end + 1 < n) add(end + 1, combine(kAfterPhrase, type));
      });
    }
  }
  for (size_t i = 0; i < n; ++i) {
    memory.each_word(tokens[i].word, [&](uint64_t type, int step) {
      add(i, combine(kWordSeen, type * 4 + static_cast<uint64_t>(step)));
      if (i > 0) add(i - 1, combine(kBeforeSeen, type));
      if (i + 1 < n) add(i + 1, combine(kAfterSeen, type));
    });
  }
  for (size_t i = 0; i < n; ++i) {
    auto& own = (*at)[i];
    std::sort(own.begin(), own.end());
    own.erase(std::unique(own.begin(), own.end()), own.end());
  }
}

void add_context_features(std::span<const Token> tokens, size_t i, const SentenceContext& context,
                          std::vector<uint64_t>* out);

}  // namespace detail

// Scratch of one thread.
using MemoryScratch = std::vector<std::vector<uint64_t>>;

template <class Memory>
void extract_features(std::span<const Token> tokens, const SentenceContext& context, const Memory& memory,
                      MemoryScratch* scratch, FeatureList* out) {
  out->hashes.clear();
  out->ends.clear();
  detail::remember(tokens, memory, scratch);
  for (size_t i = 0; i < tokens.size(); ++i) {
    detail::add_context_features(tokens, i, context, &out->hashes);
    out->hashes.insert(out->hashes.end(), (*scratch)[i].begin(), (*scratch)[i].end());
    out->ends.push_back(static_cast<uint32_t>(out->hashes.size()));
  }
}

}  // namespace dormouse::entities
