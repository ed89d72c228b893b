// Runs the fuzz target without libFuzzer, over damaged copies of a snapshot made here (damaged_copies.h).
#include "contents.h"
#include "damaged_copies.h"

int main(int argc, char** argv) {
  dormouse::text_search::Contents contents(true);
  for (int64_t row = 0; row < 30; ++row) {
    dormouse::text_search::DocumentTerms terms;
    for (uint64_t term = 0; term < 8; ++term) {
      if (row % static_cast<int64_t>(term + 1) == 0) terms.counts.push_back({term, 1 + static_cast<uint32_t>(row), 1});
    }
    terms.text_length = terms.title_length = 9;
    contents.add(row + 1, {true, 0, "id" + std::to_string(row)}, "", terms);
  }
  contents.remove(5, {});
  dormouse::text_search::Origin origin;
  origin.collection.text_ids = true;
  return replay_damaged_copies(*contents.snapshot(origin), argc, argv);
}
