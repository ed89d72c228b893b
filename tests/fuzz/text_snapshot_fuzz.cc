// Snapshots of a text search: whatever the bytes, they are refused, or questions are answered from them. Checksums are
// made to fit first, so that the search gets behind them.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "contents.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<uint64_t> words(size / 8 + 1);  // on a boundary of 8, as a mapping is
  if (size > 0) std::memcpy(words.data(), data, size);
  const std::span<std::byte> bytes(reinterpret_cast<std::byte*>(words.data()), size);
  dormouse::nlu::seal_model_file(bytes);
  std::string why;
  dormouse::text_search::Origin origin;
  origin.collection.text_ids = true;
  const auto contents = dormouse::text_search::Contents::restore(bytes, origin, &why);
  if (!contents) return 0;
  dormouse::text_search::DocumentTerms added;
  added.counts = {{3, 1, 1}, {99, 1, 0}};
  contents->add(contents->last_sequence(), {true, 0, "new"}, "", added);
  for (uint64_t term = 0; term < 8; ++term) {
    for (const auto& scored : contents->search({term, 3}, {}, 100, {})) {
      if (scored.row >= contents->rows() || std::isnan(scored.score)) std::abort();
    }
  }
  return 0;
}
