// Embedding model files: whatever the bytes, they are refused with a Failure, or texts get finite vectors from them.
// Checksums are made to fit first, so that the search gets behind them.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "dormouse/plugin.hpp"
#include "model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<uint64_t> words(size / 8 + 1);  // on a boundary of 8, as a mapping is
  if (size > 0) std::memcpy(words.data(), data, size);
  const std::span<std::byte> bytes(reinterpret_cast<std::byte*>(words.data()), size);
  dormouse::nlu::seal_model_file(bytes);
  try {
    const dormouse::lsa::Model model = dormouse::lsa::Model::view(bytes, "fuzz");
    dormouse::lsa::Scratch scratch;
    std::vector<float> vector(model.dimension());
    for (const char* text : {"will it rain today", "", "wake me up at seven"}) {
      model.embed({text, "title"}, &scratch, vector.data());
      for (const float x : vector)
        if (!(std::fabs(x) <= 1.001f)) std::abort();
    }
  } catch (const dormouse::Failure&) {
  }
  return 0;
}
