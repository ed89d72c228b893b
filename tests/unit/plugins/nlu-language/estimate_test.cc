#include <catch2/catch.hpp>

#include <cmath>
#include <map>
#include <string>

#include "estimate.h"

namespace dormouse::language {

namespace {
// What `letter` adds behind `context`, in nats.
double gain(const Estimate& e, const std::u32string& context, char32_t letter, unsigned order) {
  std::map<uint64_t, double> weights;
  for (const Weight& w : e.weights) weights[w.hash] = w.weight;
  const auto score = [&](const std::u32string& text) {
    double sum = 0;
    for (size_t end = 1; end < text.size(); ++end) {
      sum += e.per_place;
      visit_ngrams_at(text, end, order, [&](uint64_t hash, unsigned) { sum += weights[hash]; });
    }
    return sum;
  };
  return score(context + letter) - score(context);
}
}  // namespace

TEST_CASE("the probabilities of all words add up to less than one") {
  WordCounts words;
  words.add(U" x ", false);
  words.add(U" xx ", false);
  EstimateOptions options;
  options.order = 3;
  const Estimate e = estimate(words, true, options);
  std::map<uint64_t, double> weights;
  for (const Weight& w : e.weights) weights[w.hash] = w.weight;
  // The rest belongs to words with letters never seen.
  double total = 0;
  for (size_t length = 1; length <= 40; ++length) {
    const std::u32string word = U" " + std::u32string(length, U'x') + U" ";
    double sum = 0;
    for (size_t end = 1; end < word.size(); ++end) {
      sum += e.per_place;
      visit_ngrams_at(word, end, options.order, [&](uint64_t hash, unsigned) { sum += weights[hash]; });
    }
    total += std::exp(sum);
  }
  CHECK(total > 0.5);
  CHECK(total <= 1.0);
}

TEST_CASE("letters of the language are likelier than letters it does not have") {
  WordCounts words;
  for (const char32_t* word : {U" haus ", U" maus ", U" aus ", U" laus "}) words.add(word, false);
  const Estimate e = estimate(words, true, {});
  CHECK(gain(e, U" ha", U'u', 5) > gain(e, U" ha", U'h', 5));
  CHECK(gain(e, U" ha", U'h', 5) > gain(e, U" ha", U'ж', 5));
}

TEST_CASE("held out words are not learnt until asked for") {
  WordCounts words;
  words.add(U" known ", false);
  words.add(U" secret ", true);
  const Estimate without = estimate(words, false, {});
  const Estimate with = estimate(words, true, {});
  CHECK(with.weights.size() > without.weights.size());
  CHECK(gain(with, U" secre", U't', 5) > gain(without, U" secre", U't', 5));
}

TEST_CASE("a word seen again and again counts by the power asked for") {
  WordCounts words;
  for (int i = 0; i < 100; ++i) words.add(U" aa ", false);
  words.add(U" bb ", false);
  EstimateOptions once, often;
  once.count_power = 0;
  often.count_power = 1;
  CHECK(gain(estimate(words, true, once), U" ", U'b', 5) > gain(estimate(words, true, often), U" ", U'b', 5));
}

TEST_CASE("words are counted once each and visited in order of appearance") {
  WordCounts words;
  for (int i = 0; i < 1000; ++i) words.add(U" w" + std::u32string(1, U'a' + i % 26) + U" ", i % 2 == 0);
  CHECK(words.size() == 26);
  uint32_t total = 0;
  std::u32string first;
  words.each(true, [&](std::u32string_view word, uint32_t count) {
    if (first.empty()) first = word;
    total += count;
  });
  CHECK(total == 1000);
  CHECK(first == U" wa ");
  uint32_t kept = 0;
  words.each(false, [&](std::u32string_view, uint32_t count) { kept += count; });
  CHECK(kept == 500);
}

}  // namespace dormouse::language
