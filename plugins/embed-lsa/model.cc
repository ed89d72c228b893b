#include "model.h"

#include <algorithm>
#include <cmath>

namespace dormouse::lsa {
namespace {

constexpr uint32_t kVersion = 1;

// Scales to length 1. What is no number, or leaves the range of one, becomes zero.
void normalise(float* vector, size_t n) {
  double squares = 0;
  for (size_t i = 0; i < n; ++i) squares += static_cast<double>(vector[i]) * static_cast<double>(vector[i]);
  const double scale = 1 / std::sqrt(squares);
  if (squares > 0 && std::isfinite(squares) && std::isfinite(scale)) {
    for (size_t i = 0; i < n; ++i) vector[i] = static_cast<float>(vector[i] * scale);
  } else {
    std::fill(vector, vector + n, 0.0f);
  }
}

}  // namespace

nlu::ModelFormat Model::format() {
  return {{'D', 'M', 'E', 'L', 'S', 'A', '\r', '\n'}, kVersion, "embedding model"};
}

Model::Model(nlu::ModelFile file)
    : file_(std::move(file)),
      facts_(&file_.record<Facts>("facts")),
      rows_(file_, facts_->size()),
      stamp_(file_.stamp()) {
  if (facts_->dimension == 0 || facts_->dimension > kDimensionMax) file_.damaged("it has an impossible dimension");
  nlu::check_feature_options(file_, facts_->features);
}

std::string_view joined_text(const Passage& passage, std::string* joined) {
  if (passage.title.empty()) return passage.text;
  joined->assign(passage.title).append("\n").append(passage.text);
  return *joined;
}

void Model::embed(const Passage& passage, Scratch* scratch, float* out) const {
  rows_.find_terms(joined_text(passage, &scratch->joined), facts_->features, kTextBytesMax, &scratch->terms);
  std::fill(out, out + dimension(), 0.0f);
  for (const nlu::Term& term : scratch->terms.terms) rows_.add(term, out);
  normalise(out, dimension());
}

std::vector<std::byte> encode_model(const ModelContent& content, nlu::Precision precision) {
  const nlu::EncodedFeatureRows rows =
      nlu::encode_feature_rows(content.hashes, content.idf, content.vectors, content.dimension, precision);
  Facts facts;
  facts.dimension = content.dimension;
  facts.rows = rows.size.rows;
  facts.table_bits = rows.size.table_bits;
  facts.precision = precision;
  facts.features = content.features;
  nlu::ModelFileWriter writer(Model::format());
  writer.add_record("facts", facts);
  rows.add_to(&writer);
  return writer.finish();
}

}  // namespace dormouse::lsa
