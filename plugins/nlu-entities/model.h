// A trained model of slots: mapped from its file, and the answer to "which spans of this text are what".
// Not the exact recognisers (recognisers.h), not the training (trainer.h). A Model is immutable; any thread may ask it.
// Whatever stands in the file, reading it stays inside the mapping and ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lattice.h"
#include "nlu/model_file.h"
#include "sentence_features.h"
#include "weight_table.h"

namespace dormouse::entities {

// B and I of each, and O, must fit one byte.
inline constexpr size_t kTypesMax = 127;
inline constexpr size_t kKindsMax = 255;

// Tokens of a text that are looked at: about 20 pages.
inline constexpr size_t kTextTokensMax = 8192;

// A longer text is read sentence by sentence, or cut here when it has no sentences.
inline constexpr size_t kWindowTokensMax = 128;

inline constexpr nlu::ModelFormat kModelFormat{{'D', 'M', 'E', 'N', 'T', 'I', 'T', 'Y'}, 1, "entity model"};

// A span that the model found.
struct LearnedSpan {
  size_t begin = 0, end = 0;  // bytes
  uint32_t type = 0;          // number in Model::types()
  float probability = 0;      // as the model has it, before calibration
  float confidence = 0;       // calibrated: how often a span of this probability is right
};

// From the model's probability to how often it was right: straight lines between points, ascending in both.
struct CalibrationPoint {
  float probability = 0, confidence = 0;
};
float calibrated(std::span<const CalibrationPoint> points, float probability);

class Model {
 public:
  // Throws Failure as nlu::ModelFile::open does.
  static Model open(const std::string& path) { return Model(nlu::ModelFile::open(path, kModelFormat)); }
  static Model view(std::span<const std::byte> bytes, std::string name) {
    return Model(nlu::ModelFile::view(bytes, std::move(name), kModelFormat));
  }

  const std::vector<std::string>& types() const { return types_; }
  size_t size() const { return file_.size(); }
  // The spans of valid UTF-8 `text`, in order, none overlapping. expected: types that are likely, as in the training
  // data. between_windows is called now and then in a long text and may throw to stop.
  std::vector<LearnedSpan> find(std::string_view text, std::span<const std::string> expected,
                                const std::function<void()>& between_windows) const;

  // Which kind of sentence this is, by the first stage: an index into what the training called intents.
  uint32_t kind_of(std::span<const Token> tokens) const;

 private:
  explicit Model(nlu::ModelFile file);
  struct Scratch;
  void find_in(std::span<const Token> tokens, std::span<const uint64_t> expected, Scratch* scratch,
               std::vector<LearnedSpan>* found) const;
  Transitions transitions() const { return {open_, from_begin_, from_inside_}; }

  nlu::ModelFile file_;
  std::vector<std::string> types_;
  TagSet tags_;
  size_t kinds_ = 0;
  WeightTable emissions_, kind_weights_, phrases_, words_;
  std::span<const float> open_, from_begin_, from_inside_;
  std::span<const CalibrationPoint> calibration_;
  std::vector<uint64_t> final_signs_;  // that texts of the training end with, sorted
};

// What is written; numbers of types follow the order of `types`.
struct ModelParts {
  std::vector<std::string> types;
  uint32_t kinds = 1;
  std::vector<WeightRow> emissions, kind_weights, phrases, words;
  std::vector<float> open, from_begin, from_inside;
  std::vector<CalibrationPoint> calibration;
  std::vector<uint64_t> final_signs;  // hashes of the words, sorted
};
std::vector<std::byte> encode_model(const ModelParts& parts);

}  // namespace dormouse::entities
