#include "model.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "dormouse/plugin.hpp"

namespace dormouse::intent {
namespace {

constexpr uint32_t kVersion = 1;
constexpr uint32_t kEmpty = UINT32_MAX;
constexpr uint32_t kTableBitsMax = 28, kRowsMax = 1u << 27;
constexpr uint32_t kProbesMax = 64;  // slots looked at; the writer takes a larger table rather than more
// No sum of a text's terms can then leave the range of a float.
constexpr float kScoreMax = 1e6f;

// False for NaN.
bool within(float x, float low, float high) {
  return x >= low && x <= high;
}

bool all_within(std::span<const float> numbers, float low, float high) {
  bool good = true;
  for (float x : numbers) good &= within(x, low, high);
  return good;
}

uint32_t slot_of(uint64_t hash, uint32_t bits) {
  return bits == 0 ? 0 : static_cast<uint32_t>(hash >> (64 - bits));
}

template <class Number, class ToFloat>
void add_row(const std::byte* from, size_t columns, float factor, float* scores, ToFloat to_float) {
  for (size_t i = 0; i < columns; ++i) {
    Number x;
    std::memcpy(&x, from + i * sizeof x, sizeof x);
    scores[i] += factor * to_float(x);
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

nlu::ModelFormat Model::format() {
  return {{'D', 'M', 'I', 'N', 'T', 'E', '\r', '\n'}, kVersion, "intent model"};
}

Model::Model(nlu::ModelFile file) : file_(std::move(file)), facts_(&file_.record<Facts>("facts")) {
  bias_ = file_.array<float>("bias");
  idf_ = file_.array<float>("idf");
  scale_ = file_.array<float>("scale");
  table_ = file_.array<Slot>("table");
  weights_ = file_.section("weights");
  check();
  read_labels();
}

void Model::check() const {
  const Facts& f = *facts_;
  if (f.classes == 0 || f.classes > kClassesMax || f.has_scope > 1 || f.rows > kRowsMax ||
      f.table_bits > kTableBitsMax) {
    file_.damaged("it has impossible sizes");
  }
  if (f.precision != Precision::int8 && f.precision != Precision::float16 && f.precision != Precision::float32) {
    file_.damaged("it has an unknown precision");
  }
  if (f.features.words > kWordOrderMax || f.features.letters_min == 0 || f.features.letters_max > kLetterOrderMax ||
      f.features.pair_distance > kPairDistanceMax || f.features.pair_letters > kPairLettersMax) {
    file_.damaged("it has impossible n-grams");
  }
  const uint64_t weights_bytes = uint64_t{f.rows} * f.columns() * static_cast<uint32_t>(f.precision);
  if (bias_.size() != f.columns() || idf_.size() != f.rows || scale_.size() != f.rows ||
      table_.size() != size_t{1} << f.table_bits || weights_.size() != weights_bytes) {
    file_.damaged("its sections do not fit each other");
  }
  if (!within(f.calibration.temperature, 0, 1000) || !within(f.calibration.threshold, -1e7f, 1e7f) ||
      !all_within(bias_, -1e4f, 1e4f) || !all_within(idf_, 0, 1e4f) || !all_within(scale_, 0, 1e4f)) {
    file_.damaged("it has impossible numbers");
  }
}

void Model::read_labels() {
  const std::span<const std::byte> bytes = file_.section("labels");
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!dm_utf8_valid(reinterpret_cast<const unsigned char*>(text.data()), text.size())) {
    file_.damaged("its labels are not UTF-8");
  }
  labels_.reserve(facts_->classes);
  for (size_t end; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1)) {
    labels_.push_back(text.substr(0, end));
    if (labels_.size() > facts_->classes) break;
  }
  if (labels_.size() != facts_->classes || !text.empty()) file_.damaged("it has another number of labels than intents");
}

uint32_t Model::find(uint64_t hash) const {
  const auto mask = static_cast<uint32_t>(table_.size() - 1);
  const auto wanted = static_cast<uint32_t>(hash);
  uint32_t at = slot_of(hash, facts_->table_bits);
  for (uint32_t probe = 0; probe < kProbesMax; ++probe, at = (at + 1) & mask) {
    if (table_[at].row >= facts_->rows) return kEmpty;  // empty, or damaged
    if (table_[at].fingerprint == wanted) return table_[at].row;
  }
  return kEmpty;
}

void Model::find_terms(std::string_view utf8, TermSearch* search) const {
  search->features.clear();
  search->found.clear();
  read_features(utf8, facts_->features, &search->features);
  for (const Feature& feature : search->features) {
    const uint32_t row = find(feature.hash);
    if (row != kEmpty) search->found.push_back({row, feature.view});
  }
  make_terms(
      &search->found, [&](uint32_t row) { return idf_[row]; }, &search->terms);
}

void Model::add(const Term& term, float* scores) const {
  const size_t columns = facts_->columns();
  const std::byte* from = weights_.data() + size_t{term.row} * columns * static_cast<uint32_t>(facts_->precision);
  const float factor = term.value * scale_[term.row];
  switch (facts_->precision) {
    case Precision::int8:
      return add_row<int8_t>(from, columns, factor, scores, [](int8_t x) { return static_cast<float>(x); });
    case Precision::float16:
      return add_row<uint16_t>(from, columns, factor, scores, from_half);
    case Precision::float32:
      return add_row<float>(from, columns, factor, scores, [](float x) { return x; });
  }
}

void Model::score(std::span<const Term> terms, std::span<float> scores) const {
  std::copy(bias_.begin(), bias_.end(), scores.begin());
  for (const Term& term : terms) add(term, scores.data());
  for (float& x : scores) x = within(x, -kScoreMax, kScoreMax) ? x : 0;
}

// ---- writing ----

// The table from hashes to rows. Two features of the same fingerprint in one place are one to a reader: the first wins.
class ModelTable {
 public:
  explicit ModelTable(const std::vector<uint64_t>& hashes) {
    bits_ = static_cast<uint32_t>(std::bit_width(hashes.size() + hashes.size() / 2));
    while (!fill(hashes)) {
      if (++bits_ > kTableBitsMax) throw Failure(DM_INVALID_ARGUMENT, "the n-grams of these texts do not fit a table");
    }
  }
  uint32_t bits() const { return bits_; }
  const std::vector<Model::Slot>& slots() const { return slots_; }

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
  std::vector<Model::Slot> slots_;
};

namespace {

// Rows of weights, and the factor of each.
struct EncodedWeights {
  std::vector<std::byte> bytes;
  std::vector<float> scale;
};

EncodedWeights encode_weights(const std::vector<float>& weights, size_t columns, Precision precision) {
  EncodedWeights out;
  const size_t rows = weights.size() / columns;
  const auto width = static_cast<size_t>(precision);
  out.bytes.resize(weights.size() * width);
  out.scale.assign(rows, 1);
  const auto put = [&](size_t i, const auto& number) { std::memcpy(&out.bytes[i * width], &number, width); };
  for (size_t row = 0; row < rows; ++row) {
    float most = 0;
    for (size_t i = row * columns; i < (row + 1) * columns; ++i) most = std::max(most, std::fabs(weights[i]));
    if (precision == Precision::int8) out.scale[row] = most / 127;
    for (size_t i = row * columns; i < (row + 1) * columns; ++i) {
      if (precision == Precision::float32) put(i, weights[i]);
      if (precision == Precision::float16) put(i, to_half(weights[i]));
      if (precision == Precision::int8) {
        put(i, static_cast<int8_t>(most > 0 ? std::lround(weights[i] / most * 127) : 0));
      }
    }
  }
  return out;
}

}  // namespace

size_t encoded_row_bytes(size_t columns, Precision precision) {
  constexpr size_t kTableBytes = 16, kIdfAndScale = 8;  // a slot takes 8 and about half of them are empty
  return columns * static_cast<size_t>(precision) + kTableBytes + kIdfAndScale;
}

std::vector<std::byte> encode_model(const ModelContent& content, const Calibration& calibration, Precision precision) {
  const ModelTable table(content.hashes);
  Facts facts;
  facts.classes = static_cast<uint32_t>(content.labels.size());
  facts.has_scope = content.has_scope ? 1 : 0;
  facts.rows = static_cast<uint32_t>(content.hashes.size());
  facts.table_bits = table.bits();
  facts.precision = precision;
  facts.features = content.features;
  facts.calibration = calibration;
  const EncodedWeights weights = encode_weights(content.weights, facts.columns(), precision);
  std::string labels;
  for (const std::string& label : content.labels) labels.append(label).append("\n");
  nlu::ModelFileWriter writer(Model::format());
  writer.add_record("facts", facts);
  writer.add("labels", std::as_bytes(std::span(labels)));
  writer.add_array("bias", content.bias);
  writer.add_array("table", table.slots());
  writer.add_array("idf", content.idf);
  writer.add_array("scale", weights.scale);
  writer.add("weights", weights.bytes);
  return writer.finish();
}

}  // namespace dormouse::intent
