// Runs the fuzz target without libFuzzer, over damaged copies of a model made here (damaged_copies.h).
#include "damaged_copies.h"
#include "model.h"

int main(int argc, char** argv) {
  dormouse::lsa::ModelContent content;
  content.dimension = 5;
  std::vector<dormouse::nlu::Feature> features;
  read_features("will it rain today", content.features, &features);
  for (size_t i = 0; i < features.size(); ++i) {
    content.hashes.push_back(features[i].hash);
    content.idf.push_back(1 + static_cast<float>(i % 5));
    for (size_t k = 0; k < content.dimension; ++k) content.vectors.push_back(static_cast<float>((i + k) % 7) - 3);
  }
  return replay_damaged_copies(encode_model(content, dormouse::nlu::Precision::int8), argc, argv);
}
