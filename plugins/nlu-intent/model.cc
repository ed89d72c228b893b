#include "model.h"

#include <cmath>

#include "dormouse/plugin.hpp"

namespace dormouse::intent {
namespace {

constexpr uint32_t kVersion = 1;
// No sum of a text's terms can then leave the range of a float.
constexpr float kScoreMax = 1e6f;

// False for NaN.
bool within(float x, float low, float high) {
  return x >= low && x <= high;
}

}  // namespace

nlu::ModelFormat Model::format() {
  return {{'D', 'M', 'I', 'N', 'T', 'E', '\r', '\n'}, kVersion, "intent model"};
}

Model::Model(nlu::ModelFile file)
    : file_(std::move(file)),
      facts_(&file_.record<Facts>("facts")),
      bias_(file_.array<float>("bias")),
      rows_(file_, facts_->size()) {
  check();
  read_labels();
}

void Model::check() const {
  const Facts& f = *facts_;
  if (f.classes == 0 || f.classes > kClassesMax || f.has_scope > 1) file_.damaged("it has impossible sizes");
  nlu::check_feature_options(file_, f.features);
  if (bias_.size() != f.columns()) file_.damaged("its sections do not fit each other");
  if (!within(f.calibration.temperature, 0, 1000) || !within(f.calibration.threshold, -1e7f, 1e7f) ||
      !nlu::all_within(bias_, -1e4f, 1e4f)) {
    file_.damaged("it has impossible numbers");
  }
}

void Model::read_labels() {
  const std::span<const std::byte> bytes = file_.section("labels");
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!dm_utf8_valid(reinterpret_cast<const unsigned char*>(text.data()), text.size())) {
    file_.damaged("its labels are not UTF-8");
  }
  labels_.reserve(facts_->classes);
  for (size_t end; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1)) {
    labels_.push_back(text.substr(0, end));
    if (labels_.size() > facts_->classes) break;
  }
  if (labels_.size() != facts_->classes || !text.empty()) file_.damaged("it has another number of labels than intents");
}

void Model::score(std::span<const Term> terms, std::span<float> scores) const {
  std::copy(bias_.begin(), bias_.end(), scores.begin());
  for (const Term& term : terms) rows_.add(term, scores.data());
  for (float& x : scores) x = within(x, -kScoreMax, kScoreMax) ? x : 0;
}

// ---- writing ----

std::vector<std::byte> encode_model(const ModelContent& content, const Calibration& calibration, Precision precision) {
  const size_t columns = content.labels.size() + (content.has_scope ? 1 : 0);
  const nlu::EncodedFeatureRows rows =
      nlu::encode_feature_rows(content.hashes, content.idf, content.weights, columns, precision);
  Facts facts;
  facts.classes = static_cast<uint32_t>(content.labels.size());
  facts.has_scope = content.has_scope ? 1 : 0;
  facts.rows = rows.size.rows;
  facts.table_bits = rows.size.table_bits;
  facts.precision = precision;
  facts.features = content.features;
  facts.calibration = calibration;
  std::string labels;
  for (const std::string& label : content.labels) labels.append(label).append("\n");
  nlu::ModelFileWriter writer(Model::format());
  writer.add_record("facts", facts);
  writer.add("labels", std::as_bytes(std::span(labels)));
  writer.add_array("bias", content.bias);
  rows.add_to(&writer);
  return writer.finish();
}

}  // namespace dormouse::intent
