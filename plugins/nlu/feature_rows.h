// The middle of a linear model: which hashed features it knows, how much each counts, and a row of numbers for each, in
// one of three precisions. Four sections of a model file (model_file.h).
// Not what the numbers mean, and not where a text's features come from (text_features.h). Immutable; any thread may
// read. Whatever stands in the file, reading it stays inside the mapping.
//
// Sections: table: Slot[2^table_bits] | idf: float[rows] | scale: float[rows] | weights: rows of `columns` numbers
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "nlu/model_file.h"
#include "nlu/text_features.h"

namespace dormouse::nlu {

// How a number is kept.
enum class Precision : uint32_t { int8 = 1, float16 = 2, float32 = 4 };  // the value: bytes
std::string_view precision_name(Precision precision);

// Memory of a search for terms, worth keeping from one text to the next.
struct TermSearch {
  std::vector<Feature> features;
  std::vector<Found> found;
  std::vector<Term> terms;  // sorted by row
};

// What a file says about its rows.
struct FeatureRowsSize {
  uint32_t rows = 0, columns = 0, table_bits = 0;
  Precision precision = Precision::int8;
};

class FeatureRows {
 public:
  // Throws Failure DM_DATA_LOSS when sizes and sections do not fit each other. `file` outlives this.
  FeatureRows(const ModelFile& file, const FeatureRowsSize& size);

  // What is known of a text, into search->terms.
  void find_terms(std::string_view utf8, const FeatureOptions& options, size_t bytes_max, TermSearch* search) const;
  // Adds the term's row times its value to sums[columns]. Damaged numbers may make the sums not finite.
  void add(const Term& term, float* sums) const;

 private:
  struct Slot {
    uint32_t fingerprint;
    uint32_t row;  // kEmpty: nothing here
  };
  friend class FeatureTable;
  uint32_t find(uint64_t hash) const;

  FeatureRowsSize size_;
  std::span<const Slot> table_;
  std::span<const float> idf_, scale_;
  std::span<const std::byte> weights_;
};

// Refuses n-grams that no training makes: throws Failure DM_DATA_LOSS.
void check_feature_options(const ModelFile& file, const FeatureOptions& options);

// ---- writing ----

struct EncodedFeatureRows {
  FeatureRowsSize size;
  std::vector<std::byte> table, weights;
  std::vector<float> idf, scale;
  void add_to(ModelFileWriter* writer) const;
};

// By row: the feature's hash, its own weight, and its numbers. Same input, same bytes. Throws Failure
// DM_INVALID_ARGUMENT when the features do not fit a table.
EncodedFeatureRows encode_feature_rows(const std::vector<uint64_t>& hashes, const std::vector<float>& idf,
                                       const std::vector<float>& weights, size_t columns, Precision precision);

// Bytes in a file for each row, about.
size_t encoded_row_bytes(size_t columns, Precision precision);

// A number of 16 bits and back; beyond its range the largest.
uint16_t to_half(float x);
float from_half(uint16_t bits);

// Whether all are numbers from `low` to `high`.
bool all_within(std::span<const float> numbers, float low, float high);

}  // namespace dormouse::nlu
