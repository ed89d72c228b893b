// From the hash of a feature to its weights, one for each of a few labels: the bulk of a model, read in place.
// Not a hash map for other uses: nothing can be added, and a look-up may once in four billion find another's row.
// Any thread. Whatever the bytes are, reading stays inside them.
//
// Layout: uint64 slots, a power of two of them, upper half the upper half of the hash (never 0), lower half where the
// row begins; rows: uint8 n, uint8 0, uint16 scale (upper half of a float32), then n = 0: int8 weight[labels], else
// uint8 label[n], int8 weight[n].
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "nlu/model_file.h"

namespace dormouse::entities {

// Labels are numbered with one byte.
inline constexpr size_t kTableLabelsMax = 255;

// Room for the weights of all labels, whatever a row says.
using LabelScores = std::array<float, kTableLabelsMax + 1>;

class WeightTable {
 public:
  WeightTable() = default;
  // Sections NAME.slots and NAME.rows. Throws Failure DM_DATA_LOSS.
  WeightTable(const nlu::ModelFile& file, const std::string& name, size_t labels);

  // Adds the weights of that feature; false when the table does not have it.
  bool add(uint64_t hash, LabelScores* scores) const;
  // Calls visit(label, weight) for each weight of that feature.
  template <class Visit>
  void each(uint64_t hash, Visit visit) const {
    const Row row = find(hash);
    if (row.weights == nullptr) return;
    for (size_t i = 0; i < row.count; ++i) {
      visit(row.labels != nullptr ? row.labels[i] : static_cast<uint8_t>(i),
            row.scale * static_cast<float>(row.weights[i]));
    }
  }
  // Asks the processor to fetch what add() of that feature will read first.
  void prefetch(uint64_t hash) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]);
  }

 private:
  struct Row {
    const uint8_t* labels = nullptr;  // null: 0, 1, 2 ...
    const int8_t* weights = nullptr;  // null: no such row
    size_t count = 0;
    float scale = 0;
  };
  Row find(uint64_t hash) const;

  std::span<const uint64_t> slots_;
  std::span<const std::byte> rows_;
  size_t labels_ = 0;
};

// One row before it is written: weights of labels in ascending order, none of them 0.
struct WeightRow {
  uint64_t hash = 0;
  std::vector<std::pair<uint8_t, float>> weights;
};

// Adds the two sections. Rows come in ascending order of hash, each once.
void write_weight_table(const std::vector<WeightRow>& rows, const std::string& name, size_t labels,
                        nlu::ModelFileWriter* file);

// The bytes of a row of `count` weights, slot included.
size_t row_bytes(size_t count, size_t labels);

}  // namespace dormouse::entities
