// Runs the fuzz target without libFuzzer, over damaged copies of a model made here (damaged_copies.h).
#include "damaged_copies.h"
#include "model.h"

int main(int argc, char** argv) {
  dormouse::intent::ModelContent content;
  content.labels = {"weather", "alarm", "music"};
  content.has_scope = true;
  std::vector<dormouse::intent::Feature> features;
  read_features("will it rain today", content.features, &features);
  for (size_t i = 0; i < features.size(); ++i) {
    content.hashes.push_back(features[i].hash);
    content.idf.push_back(1 + static_cast<float>(i % 5));
    for (size_t column = 0; column < 4; ++column) content.weights.push_back(static_cast<float>((i + column) % 7) - 3);
  }
  content.bias.assign(4, -1);
  return replay_damaged_copies(encode_model(content, {}, dormouse::intent::Precision::int8), argc, argv);
}
