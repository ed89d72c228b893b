// Intent model files: whatever the bytes, they are refused with a Failure, or texts are answered from them. Checksums
// are made to fit first, so that the search gets behind them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "classifier.h"
#include "dormouse/plugin.hpp"
#include "model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<uint64_t> words(size / 8 + 1);  // on a boundary of 8, as a mapping is
  if (size > 0) std::memcpy(words.data(), data, size);
  const std::span<std::byte> bytes(reinterpret_cast<std::byte*>(words.data()), size);
  dormouse::nlu::seal_model_file(bytes);
  try {
    const dormouse::intent::Model model = dormouse::intent::Model::view(bytes, "fuzz");
    const dormouse::intent::Classifier classifier(model);
    for (const char* text : {"will it rain today", "", "wake me up at seven"}) {
      const dormouse::intent::Decision decision = classifier.classify(text, dormouse::intent::kAlternativesMax);
      if (!(decision.best.confidence >= 0 && decision.best.confidence <= 1)) std::abort();
    }
  } catch (const dormouse::Failure&) {
  }
  return 0;
}
