// A trained intent model in its file: which n-grams it knows and what each says for each intent, mapped read-only.
// Not the decision (classifier.h) and not the training (trainer.h): layout, checks, look-up and the writer of the
// format. A Model is immutable; any thread may read it. Whatever stands in the file, reading it stays inside the
// mapping.
//
// Sections (nlu/model_file.h): facts: Facts | labels: one line each | bias: float[columns] | table
//   | idf | scale | weights (nlu/feature_rows.h)
// The columns are the intents in the order of the labels, and one for "out of scope" behind them if that was learnt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nlu/feature_rows.h"
#include "nlu/model_file.h"

namespace dormouse::intent {

inline constexpr uint32_t kClassesMax = 10'000;

using nlu::Feature;
using nlu::FeatureOptions;
using nlu::Precision;
using nlu::Term;
using nlu::TermSearch;

// From scores to what is answered.
struct Calibration {
  float temperature = 4;   // scores times this are logarithms of odds
  float threshold = -1e6;  // the best intent's lead over "out of scope" below which the text is out of scope
};

struct Facts {
  uint32_t classes = 0;
  uint32_t has_scope = 0;  // 1: there is a column for texts that are out of scope
  uint32_t rows = 0;
  uint32_t table_bits = 0;
  Precision precision = Precision::int8;
  uint32_t reserved = 0;
  FeatureOptions features;
  Calibration calibration;

  uint32_t columns() const { return classes + has_scope; }
  nlu::FeatureRowsSize size() const { return {rows, columns(), table_bits, precision}; }
};
static_assert(sizeof(Facts) == 56);

class Model {
 public:
  // Maps the file. Throws Failure: DM_NOT_FOUND, DM_DATA_LOSS (with what is wrong), DM_FAILED_PRECONDITION (another
  // version of the format), DM_UNAVAILABLE (the system refuses).
  static Model open(const std::string& path) { return Model(nlu::ModelFile::open(path, format())); }
  // The same checks on bytes that the caller keeps: for tests and trainings.
  static Model view(std::span<const std::byte> bytes, std::string name) {
    return Model(nlu::ModelFile::view(bytes, std::move(name), format()));
  }

  const Facts& facts() const { return *facts_; }
  std::string_view label(size_t i) const { return labels_[i]; }
  size_t size() const { return file_.size(); }

  // What the model knows of a text, into search->terms.
  void find_terms(std::string_view utf8, TermSearch* search) const {
    rows_.find_terms(utf8, facts_->features, nlu::kTextBytesMax, search);
  }
  // Puts the sum of the terms into scores[columns]: finite numbers, whatever stands in the file.
  void score(std::span<const Term> terms, std::span<float> scores) const;

  static nlu::ModelFormat format();

 private:
  explicit Model(nlu::ModelFile file);
  void check() const;
  void read_labels();

  nlu::ModelFile file_;
  const Facts* facts_;
  std::vector<std::string_view> labels_;
  std::span<const float> bias_;
  nlu::FeatureRows rows_;
};

// ---- writing ----

// What a training found, in floats.
struct ModelContent {
  std::vector<std::string> labels;
  bool has_scope = false;
  FeatureOptions features;
  std::vector<uint64_t> hashes;  // of the features, by row
  std::vector<float> idf;        // by row
  std::vector<float> weights;    // rows times columns
  std::vector<float> bias;       // by column
};

// The bytes of a model file. Same input, same bytes.
std::vector<std::byte> encode_model(const ModelContent& content, const Calibration& calibration, Precision precision);

}  // namespace dormouse::intent
