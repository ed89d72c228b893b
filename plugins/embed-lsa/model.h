// A trained embedder in its file, mapped read-only: which n-grams it knows, and a vector for each; a text's vector is
// their weighted sum, scaled to length 1.
// Not the training (trainer.h). Immutable; any thread may read it. Whatever stands in the file, reading it stays inside
// the mapping, and vectors are finite.
//
// Sections (nlu/model_file.h): facts: Facts | table | idf | scale | weights (nlu/feature_rows.h)
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nlu/feature_rows.h"
#include "nlu/model_file.h"

namespace dormouse::lsa {

inline constexpr uint32_t kDimensionMax = 512;
// Bytes of a text that are looked at: of a longer one the first and the last half of this.
inline constexpr size_t kTextBytesMax = 16'384;

struct Facts {
  uint32_t dimension = 0;
  uint32_t rows = 0;
  uint32_t table_bits = 0;
  nlu::Precision precision = nlu::Precision::int8;
  nlu::FeatureOptions features;

  nlu::FeatureRowsSize size() const { return {rows, dimension, table_bits, precision}; }
};
static_assert(sizeof(Facts) == 40);

// A text and the title it may have, read as one.
struct Passage {
  std::string_view text, title = {};
};

// Memory of an embedding, worth keeping from one text to the next.
struct Scratch {
  nlu::TermSearch terms;
  std::string joined;
};

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
  size_t dimension() const { return facts_->dimension; }
  size_t size() const { return file_.size(); }
  // Vectors of models with different stamps cannot be compared.
  const std::string& stamp() const { return stamp_; }

  // Puts the vector of a text into out[dimension]: of length 1, or zero when nothing of the text is known.
  void embed(const Passage& passage, Scratch* scratch, float* out) const;

  static nlu::ModelFormat format();

 private:
  explicit Model(nlu::ModelFile file);

  nlu::ModelFile file_;
  const Facts* facts_;
  nlu::FeatureRows rows_;
  const std::string stamp_;
};

// What a training found, in floats.
struct ModelContent {
  nlu::FeatureOptions features;
  std::vector<uint64_t> hashes;  // of the features, by row
  std::vector<float> idf;        // by row
  std::vector<float> vectors;    // rows times dimension
  uint32_t dimension = 0;
};

// The bytes of a model file. Same input, same bytes.
std::vector<std::byte> encode_model(const ModelContent& content, nlu::Precision precision);

// Title and text as they are read; `joined` keeps what has to be made.
std::string_view joined_text(const Passage& passage, std::string* joined);

}  // namespace dormouse::lsa
