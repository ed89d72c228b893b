#include "weight_table.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "dormouse/plugin.hpp"

namespace dormouse::entities {
namespace {

constexpr size_t kRowHead = 4;

// A table is at most half full, so runs are short; a damaged one must not make a look-up long.
constexpr size_t kProbesMax = 64;

uint64_t fingerprint(uint64_t hash) {
  return std::max<uint64_t>(hash >> 32, 1);
}

float float_of(uint16_t upper_half) {
  return std::bit_cast<float>(static_cast<uint32_t>(upper_half) << 16);
}

bool is_dense(size_t count, size_t labels) {
  return 2 * count > labels || count > kTableLabelsMax;
}

size_t row_body(size_t count, size_t labels) {
  return is_dense(count, labels) ? labels : 2 * count;
}

void append_row(const WeightRow& row, size_t labels, std::vector<std::byte>* out) {
  float largest = 0;
  for (const auto& [label, weight] : row.weights) largest = std::max(largest, std::abs(weight));
  // Rounded up, so that no quotient is beyond 127.
  const auto upper = static_cast<uint16_t>((std::bit_cast<uint32_t>(largest / 127) >> 16) + 1);
  const float scale = float_of(upper);
  const auto quantised = [scale](float weight) {
    return static_cast<std::byte>(static_cast<int8_t>(std::lround(std::clamp(weight / scale, -127.0f, 127.0f))));
  };
  const bool dense = is_dense(row.weights.size(), labels);
  const size_t at = out->size();
  out->resize(at + kRowHead + row_body(row.weights.size(), labels));
  std::byte* to = out->data() + at;
  to[0] = static_cast<std::byte>(dense ? 0 : row.weights.size());
  std::memcpy(to + 2, &upper, sizeof upper);
  to += kRowHead;
  for (size_t i = 0; i < row.weights.size(); ++i) {
    const auto& [label, weight] = row.weights[i];
    if (dense) {
      to[label] = quantised(weight);
    } else {
      to[i] = static_cast<std::byte>(label);
      to[row.weights.size() + i] = quantised(weight);
    }
  }
}

}  // namespace

size_t row_bytes(size_t count, size_t labels) {
  return kRowHead + row_body(count, labels) + 3 * sizeof(uint64_t);  // slots are 1/4 to 1/2 full
}

WeightTable::WeightTable(const nlu::ModelFile& file, const std::string& name, size_t labels)
    : slots_(file.array<uint64_t>(name + ".slots")), rows_(file.section(name + ".rows")), labels_(labels) {
  if (!slots_.empty() && !std::has_single_bit(slots_.size())) {
    file.damaged("section '" + name + ".slots' has an impossible size");
  }
}

WeightTable::Row WeightTable::find(uint64_t hash) const {
  if (slots_.empty()) return {};
  const size_t mask = slots_.size() - 1;
  const uint64_t wanted = fingerprint(hash);
  for (size_t i = 0; i < kProbesMax; ++i) {
    const uint64_t slot = slots_[(hash + i) & mask];
    if (slot == 0) return {};
    if (slot >> 32 != wanted) continue;
    const size_t at = slot & 0xFFFFFFFFu;
    if (at > rows_.size() || rows_.size() - at < kRowHead) return {};
    const std::byte* row = rows_.data() + at;
    const auto n = static_cast<size_t>(row[0]);
    if (rows_.size() - at - kRowHead < (n == 0 ? labels_ : 2 * n)) return {};
    uint16_t upper;
    std::memcpy(&upper, row + 2, sizeof upper);
    row += kRowHead;
    const auto* labels = n == 0 ? nullptr : reinterpret_cast<const uint8_t*>(row);
    return {labels, reinterpret_cast<const int8_t*>(row + n), n == 0 ? labels_ : n, float_of(upper)};
  }
  return {};
}

bool WeightTable::add(uint64_t hash, LabelScores* scores) const {
  const Row row = find(hash);
  if (row.weights == nullptr) return false;
  if (row.labels == nullptr) {
    for (size_t i = 0; i < row.count; ++i) (*scores)[i] += row.scale * static_cast<float>(row.weights[i]);
  } else {
    for (size_t i = 0; i < row.count; ++i) (*scores)[row.labels[i]] += row.scale * static_cast<float>(row.weights[i]);
  }
  return true;
}

void write_weight_table(const std::vector<WeightRow>& rows, const std::string& name, size_t labels,
                        nlu::ModelFileWriter* file) {
  std::vector<uint64_t> slots(rows.empty() ? 0 : std::bit_ceil(2 * rows.size()));
  std::vector<std::byte> bytes;
  for (const WeightRow& row : rows) {
    const uint64_t at = bytes.size();
    if (at > UINT32_MAX) throw Failure(DM_RESOURCE_EXHAUSTED, "the model would be larger than 4 GB");
    append_row(row, labels, &bytes);
    size_t slot = row.hash & (slots.size() - 1);
    while (slots[slot] != 0) slot = (slot + 1) & (slots.size() - 1);
    slots[slot] = fingerprint(row.hash) << 32 | at;
  }
  file->add_array(name + ".slots", slots);
  file->add(name + ".rows", bytes);
}

}  // namespace dormouse::entities
