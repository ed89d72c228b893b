#include "nlu/feature_rows.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <string>

#include "dormouse/plugin.hpp"

namespace dormouse::nlu {
namespace {

constexpr uint32_t kEmpty = UINT32_MAX;
constexpr uint32_t kTableBitsMax = 28, kRowsMax = 1u << 27;
constexpr uint32_t kProbesMax = 64;  // slots looked at; the writer takes a larger table rather than more

uint32_t slot_of(uint64_t hash, uint32_t bits) {
  return bits == 0 ? 0 : static_cast<uint32_t>(hash >> (64 - bits));
}

template <class Number, class ToFloat>
void add_row(const std::byte* from, size_t columns, float factor, float* sums, ToFloat to_float) {
  for (size_t i = 0; i < columns; ++i) {
    Number x;
    std::memcpy(&x, from + i * sizeof x, sizeof x);
    sums[i] += factor * to_float(x);
  }
}

}  // namespace

std::string_view precision_name(Precision precision) {
  switch (precision) {
    case Precision::int8:
      return "int8";
    case Precision::float16:
      return "float16";
    case Precision::float32:
      return "float32";
  }
  return "unknown";
}

// Numbers of 16 bits have 5 bits of exponent with a bias of 15, floats 8 with 127: the difference is a factor.
uint16_t to_half(float x) {
  const float limited = std::isnan(x) ? 0 : std::fmin(std::fmax(x, -65504.0f), 65504.0f);
  uint32_t bits = std::bit_cast<uint32_t>(std::fabs(limited) * 0x1p-112f);
  bits += 0xFFF + ((bits >> 13) & 1);  // to the nearest, ties to even
  return static_cast<uint16_t>((bits >> 13) | (std::signbit(limited) ? 0x8000u : 0u));
}

float from_half(uint16_t bits) {
  const uint32_t magnitude = static_cast<uint32_t>(bits & 0x7FFF) << 13;
  const float value = std::bit_cast<float>(magnitude) * 0x1p112f;
  return std::bit_cast<float>(std::bit_cast<uint32_t>(value) | static_cast<uint32_t>(bits & 0x8000) << 16);
}

bool all_within(std::span<const float> numbers, float low, float high) {
  bool good = true;
  for (float x : numbers) good &= x >= low && x <= high;  // false for NaN
  return good;
}

FeatureRows::FeatureRows(const ModelFile& file, const FeatureRowsSize& size) : size_(size) {
  table_ = file.array<Slot>("table");
  idf_ = file.array<float>("idf");
  scale_ = file.array<float>("scale");
  weights_ = file.section("weights");
  if (size.rows > kRowsMax || size.table_bits > kTableBitsMax) file.damaged("it has impossible sizes");
  if (size.precision != Precision::int8 && size.precision != Precision::float16 &&
      size.precision != Precision::float32) {
    file.damaged("it has an unknown precision");
  }
  const uint64_t weights_bytes = uint64_t{size.rows} * size.columns * static_cast<uint32_t>(size.precision);
  if (idf_.size() != size.rows || scale_.size() != size.rows || table_.size() != size_t{1} << size.table_bits ||
      weights_.size() != weights_bytes) {
    file.damaged("its sections do not fit each other");
  }
  if (!all_within(idf_, 0, 1e4f) || !all_within(scale_, 0, 1e4f)) file.damaged("it has impossible numbers");
}

uint32_t FeatureRows::find(uint64_t hash) const {
  const auto mask = static_cast<uint32_t>(table_.size() - 1);
  const auto wanted = static_cast<uint32_t>(hash);
  uint32_t at = slot_of(hash, size_.table_bits);
  for (uint32_t probe = 0; probe < kProbesMax; ++probe, at = (at + 1) & mask) {
    if (table_[at].row >= size_.rows) return kEmpty;  // empty, or damaged
    if (table_[at].fingerprint == wanted) return table_[at].row;
  }
  return kEmpty;
}

void FeatureRows::find_terms(std::string_view utf8, const FeatureOptions& options, size_t bytes_max,
                             TermSearch* search) const {
  search->features.clear();
  search->found.clear();
  read_features(utf8, options, &search->features, bytes_max);
  for (const Feature& feature : search->features) {
    const uint32_t row = find(feature.hash);
    if (row != kEmpty) search->found.push_back({row, feature.view});
  }
  make_terms(
      &search->found, [&](uint32_t row) { return idf_[row]; }, &search->terms);
}

void FeatureRows::add(const Term& term, float* sums) const {
  const size_t columns = size_.columns;
  const std::byte* from = weights_.data() + size_t{term.row} * columns * static_cast<uint32_t>(size_.precision);
  const float factor = term.value * scale_[term.row];
  switch (size_.precision) {
    case Precision::int8:
      return add_row<int8_t>(from, columns, factor, sums, [](int8_t x) { return static_cast<float>(x); });
    case Precision::float16:
      return add_row<uint16_t>(from, columns, factor, sums, from_half);
    case Precision::float32:
      return add_row<float>(from, columns, factor, sums, [](float x) { return x; });
  }
}

void check_feature_options(const ModelFile& file, const FeatureOptions& options) {
  if (options.words > kWordOrderMax || options.letters_min == 0 || options.letters_max > kLetterOrderMax ||
      options.pair_distance > kPairDistanceMax || options.pair_letters > kPairLettersMax) {
    file.damaged("it has impossible n-grams");
  }
}

// ---- writing ----

// The table from hashes to rows. Two features of the same fingerprint in one place are one to a reader: the first wins.
class FeatureTable {
 public:
  explicit FeatureTable(const std::vector<uint64_t>& hashes) {
    bits_ = static_cast<uint32_t>(std::bit_width(hashes.size() + hashes.size() / 2));
    while (!fill(hashes)) {
      if (++bits_ > kTableBitsMax) throw Failure(DM_INVALID_ARGUMENT, "the n-grams of these texts do not fit a table");
    }
  }
  uint32_t bits() const { return bits_; }
  std::span<const std::byte> bytes() const { return std::as_bytes(std::span(slots_)); }

 private:
  bool fill(const std::vector<uint64_t>& hashes) {
    slots_.assign(size_t{1} << bits_, {0, kEmpty});
    const auto mask = static_cast<uint32_t>(slots_.size() - 1);
    for (size_t row = 0; row < hashes.size(); ++row) {
      uint32_t at = slot_of(hashes[row], bits_), probe = 0;
      for (; probe < kProbesMax && slots_[at].row != kEmpty; ++probe) at = (at + 1) & mask;
      if (probe == kProbesMax) return false;
      slots_[at] = {static_cast<uint32_t>(hashes[row]), static_cast<uint32_t>(row)};
    }
    return true;
  }
  uint32_t bits_ = 0;
  std::vector<FeatureRows::Slot> slots_;
};

namespace {

void encode_weights(const std::vector<float>& weights, size_t columns, EncodedFeatureRows* out) {
  const size_t rows = columns == 0 ? 0 : weights.size() / columns;
  const auto width = static_cast<size_t>(out->size.precision);
  out->weights.resize(weights.size() * width);
  out->scale.assign(rows, 1);
  const auto put = [&](size_t i, const auto& number) { std::memcpy(&out->weights[i * width], &number, width); };
  for (size_t row = 0; row < rows; ++row) {
    float most = 0;
    for (size_t i = row * columns; i < (row + 1) * columns; ++i) most = std::max(most, std::fabs(weights[i]));
    if (out->size.precision == Precision::int8) out->scale[row] = most / 127;
    for (size_t i = row * columns; i < (row + 1) * columns; ++i) {
      if (out->size.precision == Precision::float32) put(i, weights[i]);
      if (out->size.precision == Precision::float16) put(i, to_half(weights[i]));
      if (out->size.precision == Precision::int8) {
        put(i, static_cast<int8_t>(most > 0 ? std::lround(weights[i] / most * 127) : 0));
      }
    }
  }
}

}  // namespace

void EncodedFeatureRows::add_to(ModelFileWriter* writer) const {
  writer->add("table", table);
  writer->add_array("idf", idf);
  writer->add_array("scale", scale);
  writer->add("weights", weights);
}

EncodedFeatureRows encode_feature_rows(const std::vector<uint64_t>& hashes, const std::vector<float>& idf,
                                       const std::vector<float>& weights, size_t columns, Precision precision) {
  const FeatureTable table(hashes);
  EncodedFeatureRows out;
  out.size = {static_cast<uint32_t>(hashes.size()), static_cast<uint32_t>(columns), table.bits(), precision};
  out.table.assign(table.bytes().begin(), table.bytes().end());
  out.idf = idf;
  encode_weights(weights, columns, &out);
  return out;
}

size_t encoded_row_bytes(size_t columns, Precision precision) {
  constexpr size_t kTableBytes = 16, kIdfAndScale = 8;  // a slot takes 8 and about half of them are empty
  return columns * static_cast<size_t>(precision) + kTableBytes + kIdfAndScale;
}

}  // namespace dormouse::nlu
