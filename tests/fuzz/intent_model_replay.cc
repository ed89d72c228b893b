// Runs the fuzz target without libFuzzer: over a model made here, cut at every 16th byte and with seeded changes of its
// bits and words. Other files to replay are arguments. Seed and counts are fixed, so a failure repeats.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using Bytes = std::vector<uint8_t>;

constexpr unsigned kSeed = 20240229;
constexpr size_t kCut = 16;
constexpr unsigned kDamaged = 20'000;

Bytes small_model() {
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
  const std::vector<std::byte> file = encode_model(content, {}, dormouse::intent::Precision::int8);
  const auto* begin = reinterpret_cast<const uint8_t*>(file.data());
  return {begin, begin + file.size()};
}

void damage(Bytes& bytes, std::mt19937_64& random) {
  // Half of it where sizes and offsets are.
  const size_t end = random() % 2 == 0 ? bytes.size() : std::min<size_t>(bytes.size(), 512);
  for (uint64_t i = 1 + random() % 4; i > 0; --i) {
    const size_t at = 8 + random() % (end - 16);
    const uint64_t word = random() >> (random() % 64);
    if (random() % 2 == 0) {
      bytes[at] = static_cast<uint8_t>(bytes[at] ^ (1u << random() % 8));
    } else {
      std::memcpy(&bytes[at & ~size_t{7}], &word, sizeof word);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    const Bytes bytes{std::istreambuf_iterator<char>(file), {}};
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
  const Bytes whole = small_model();
  for (size_t size = 0; size <= whole.size(); size += kCut) LLVMFuzzerTestOneInput(whole.data(), size);
  std::mt19937_64 random(kSeed);
  for (unsigned i = 0; i < kDamaged; ++i) {
    Bytes bytes = whole;
    damage(bytes, random);
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
  std::printf("%u damaged models\n", kDamaged);
  return 0;
}
