#include "model.h"

#include <algorithm>
#include <cmath>

#include "dormouse/plugin.hpp"

namespace dormouse::entities {
namespace {

struct Facts {
  uint32_t types = 0;
  uint32_t kinds = 0;
};

// Beyond these a number is no weight but damage; sums of a sentence's weights stay finite.
constexpr float kWeightMax = 1e4f;

void check_numbers(const nlu::ModelFile& file, std::span<const float> numbers, size_t needed, const char* what) {
  if (numbers.size() != needed) file.damaged(std::string("section '") + what + "' has an impossible size");
  for (const float x : numbers) {
    if (!(std::abs(x) <= kWeightMax)) file.damaged(std::string("section '") + what + "' has an impossible number");
  }
}

std::vector<std::string> read_names(const nlu::ModelFile& file, size_t count) {
  const std::span<const std::byte> bytes = file.section("types");
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::vector<std::string> names;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    names.emplace_back(text.substr(at, end - at));
    if (names.back().empty() ||
        !dm_utf8_valid(bytes.data() == nullptr ? nullptr : reinterpret_cast<const unsigned char*>(bytes.data() + at),
                       end - at)) {
      file.damaged("the name of a type is none");
    }
    at = end + 1;
  }
  if (names.size() != count) file.damaged("it names another number of types than it has");
  return names;
}

class TableMemory {
 public:
  TableMemory(const WeightTable& phrases, const WeightTable& words) : phrases_(phrases), words_(words) {}
  template <class Visit>
  void each_phrase(uint64_t hash, Visit visit) const {
    phrases_.each(hash, [&](uint8_t type, float weight) {
      if (weight > 0) visit(type);
    });
  }
  template <class Visit>
  void each_word(uint64_t hash, Visit visit) const {
    words_.each(hash, [&](uint8_t type, float weight) {
      if (weight > 0.5f) visit(type, static_cast<int>(std::min(weight + 0.5f, 3.0f)));
    });
  }

 private:
  const WeightTable& phrases_;
  const WeightTable& words_;
};

// Where the window that begins at `begin` ends: behind a sentence's end, or at the limit.
size_t window_end(std::span<const Token> tokens, size_t begin) {
  const size_t limit = std::min(tokens.size(), begin + kWindowTokensMax);
  if (limit == tokens.size()) return limit;
  for (size_t end = limit; end > begin + kWindowTokensMax / 4; --end) {
    if (tokens[end - 1].ends_sentence) return end;
  }
  return limit;
}

}  // namespace

struct Model::Scratch {
  FeatureList features;
  MemoryScratch memory;
  std::vector<uint64_t> kind_features;
  Lattice lattice;
  std::vector<uint32_t> path;
  LabelScores scores;
};

float calibrated(std::span<const CalibrationPoint> points, float p) {
  if (points.empty()) return p;
  if (p <= points.front().probability) return points.front().confidence;
  for (size_t i = 1; i < points.size(); ++i) {
    if (p > points[i].probability) continue;
    const CalibrationPoint &a = points[i - 1], &b = points[i];
    const float width = b.probability - a.probability;
    const float part = width > 0 ? (p - a.probability) / width : 1;
    return a.confidence + part * (b.confidence - a.confidence);
  }
  return points.back().confidence;
}

Model::Model(nlu::ModelFile file) : file_(std::move(file)) {
  const auto& facts = file_.record<Facts>("facts");
  if (facts.types == 0 || facts.types > kTypesMax || facts.kinds == 0 || facts.kinds > kKindsMax) {
    file_.damaged("it has an impossible number of types");
  }
  tags_.types = facts.types;
  kinds_ = facts.kinds;
  types_ = read_names(file_, facts.types);
  emissions_ = WeightTable(file_, "tags", tags_.size());
  kind_weights_ = WeightTable(file_, "kinds", kinds_);
  phrases_ = WeightTable(file_, "phrases", facts.types);
  words_ = WeightTable(file_, "words", facts.types);
  if (file_.has("final_signs")) {  // older files have learnt none
    const auto signs = file_.array<uint64_t>("final_signs");
    final_signs_.assign(signs.begin(), signs.end());
    std::sort(final_signs_.begin(), final_signs_.end());
  }
  open_ = file_.array<float>("open");
  from_begin_ = file_.array<float>("from_begin");
  from_inside_ = file_.array<float>("from_inside");
  calibration_ = file_.array<CalibrationPoint>("calibration");
  check_numbers(file_, open_, tags_.size() * tags_.open_count(), "open");
  check_numbers(file_, from_begin_, facts.types, "from_begin");
  check_numbers(file_, from_inside_, facts.types, "from_inside");
  for (const CalibrationPoint& point : calibration_) {
    if (!(point.probability >= 0 && point.probability <= 1 && point.confidence >= 0 && point.confidence <= 1)) {
      file_.damaged("its calibration is no probability");
    }
  }
}

uint32_t Model::kind_of(std::span<const Token> tokens) const {
  if (kinds_ == 1) return 0;
  std::vector<uint64_t> features;
  kind_features(tokens, &features);
  LabelScores scores{};
  for (const uint64_t f : features) kind_weights_.add(f, &scores);
  return static_cast<uint32_t>(std::max_element(scores.begin(), scores.begin() + static_cast<ptrdiff_t>(kinds_)) -
                               scores.begin());
}

void Model::find_in(std::span<const Token> tokens, std::span<const uint64_t> expected, Scratch* s,
                    std::vector<LearnedSpan>* found) const {
  extract_features(tokens, {kind_of(tokens), expected}, TableMemory(phrases_, words_), &s->memory, &s->features);
  s->lattice.reset(tags_, tokens.size());
  constexpr size_t kAhead = 8;  // look-ups between asking for a slot's cache line and reading it
  const std::vector<uint64_t>& all = s->features.hashes;
  size_t next = 0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    s->scores.fill(0);
    for (; next < s->features.ends[i]; ++next) {
      if (next + kAhead < all.size()) emissions_.prefetch(all[next + kAhead]);
      emissions_.add(all[next], &s->scores);
    }
    const std::span<float> row = s->lattice.scores(i);
    for (size_t tag = 0; tag < row.size(); ++tag) {
      const float score = s->scores[tag];
      row[tag] = std::abs(score) <= kWeightMax ? score : 0;  // a damaged scale must not make infinities
    }
  }
  s->lattice.decode(transitions(), &s->path);
  const std::vector<TagSpan> spans = Lattice::spans_of(tags_, s->path);
  if (spans.empty()) return;
  s->lattice.sum(transitions());
  for (const TagSpan& span : spans) {
    const float p = s->lattice.probability(span.first, span.last, span.type);
    found->push_back({tokens[span.first].begin, tokens[span.last].end, span.type, p, calibrated(calibration_, p)});
  }
}

std::vector<LearnedSpan> Model::find(std::string_view text, std::span<const std::string> expected,
                                     const std::function<void()>& between_windows) const {
  std::vector<Token> tokens;
  read_tokens(text, kTextTokensMax, &tokens);
  drop_final_signs(0, final_signs_, &tokens);
  std::vector<uint64_t> expected_types;
  for (const std::string& type : expected) expected_types.push_back(hash_of(type));
  Scratch scratch;
  std::vector<LearnedSpan> found;
  for (size_t begin = 0; begin < tokens.size();) {
    const size_t end = window_end(tokens, begin);
    find_in(std::span(tokens).subspan(begin, end - begin), expected_types, &scratch, &found);
    begin = end;
    if (begin < tokens.size()) between_windows();
  }
  return found;
}

std::vector<std::byte> encode_model(const ModelParts& parts) {
  nlu::ModelFileWriter file(kModelFormat);
  file.add_record("facts", Facts{static_cast<uint32_t>(parts.types.size()), parts.kinds});
  std::string names;
  for (const std::string& type : parts.types) names.append(names.empty() ? "" : "\n").append(type);
  file.add("types", std::as_bytes(std::span(names)));
  const TagSet tags{parts.types.size()};
  write_weight_table(parts.emissions, "tags", tags.size(), &file);
  write_weight_table(parts.kind_weights, "kinds", parts.kinds, &file);
  write_weight_table(parts.phrases, "phrases", parts.types.size(), &file);
  write_weight_table(parts.words, "words", parts.types.size(), &file);
  file.add_array("open", parts.open);
  file.add_array("from_begin", parts.from_begin);
  file.add_array("from_inside", parts.from_inside);
  file.add_array("calibration", parts.calibration);
  file.add_array("final_signs", parts.final_signs);
  return file.finish();
}

}  // namespace dormouse::entities
