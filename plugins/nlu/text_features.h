// What a linear model sees of a text: hashed n-grams of words, of letters inside words, pairs of words wherever they
// stand, and how much each counts.
// Not the weights (feature_rows.h). Pure; the same text gives the same features in training and in service.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace dormouse::nlu {

// Bytes looked at unless a caller says otherwise: of a longer text the first and the last half of this, so that time is
// bounded whatever arrives.
inline constexpr size_t kTextBytesMax = 2048;

// Three ways to look at a text; each counts the same however many features it has.
enum FeatureView : uint32_t { kWords, kLetters, kPairs };
inline constexpr size_t kViews = 3;

inline constexpr uint32_t kWordOrderMax = 3, kLetterOrderMax = 7, kPairDistanceMax = 30, kPairLettersMax = 8;

// Part of the model: service must read texts as the training did. Fixed layout.
struct FeatureOptions {
  uint32_t words = 2;           // words of the longest n-gram
  uint32_t letters_min = 2;     // letters of the shortest, the word's ends counting one each
  uint32_t letters_max = 5;     // and of the longest
  uint32_t pair_distance = 20;  // words between the two of a pair at most, the second counted; 0: no pairs
  uint32_t pair_letters = 3;    // letters kept of a word in a pair: its stem, about
  uint32_t reserved = 0;
};

struct Feature {
  uint64_t hash;
  FeatureView view;
};

// Appends the n-grams of `utf8` as they come, repeated ones repeatedly. Letters are lower-cased and composed; digits of
// all scripts are one; what is written without spaces (Chinese, Japanese) has its characters as words; symbols such as
// emoji are words; punctuation separates.
void read_features(std::string_view utf8, const FeatureOptions& options, std::vector<Feature>* features,
                   size_t bytes_max = kTextBytesMax);

// A feature the model knows, and what it counts in one text.
struct Term {
  uint32_t row;
  float value;
};

// Features that were found: their rows, to become terms.
struct Found {
  uint32_t row;
  FeatureView view;
};

// Terms sorted by row: 1 + ln(count), times the row's own weight, each view scaled to length 1. `found` is reordered.
template <class WeightOf>
void make_terms(std::vector<Found>* found, WeightOf weight_of, std::vector<Term>* terms) {
  std::sort(found->begin(), found->end(), [](const Found& a, const Found& b) { return a.row < b.row; });
  std::array<double, kViews> squares{};
  terms->clear();
  for (size_t i = 0; i < found->size();) {
    size_t end = i + 1;
    while (end < found->size() && (*found)[end].row == (*found)[i].row) ++end;
    const auto count = static_cast<float>(end - i);
    const float value = (count == 1 ? 1 : 1 + std::log(count)) * weight_of((*found)[i].row);
    squares[(*found)[i].view] += static_cast<double>(value) * value;
    terms->push_back({(*found)[i].row, value});
    (*found)[terms->size() - 1] = (*found)[i];
    i = end;
  }
  std::array<float, kViews> scale{};
  for (size_t v = 0; v < kViews; ++v) scale[v] = squares[v] > 0 ? static_cast<float>(1 / std::sqrt(squares[v])) : 0;
  for (size_t i = 0; i < terms->size(); ++i) (*terms)[i].value *= scale[(*found)[i].view];
}

}  // namespace dormouse::nlu
