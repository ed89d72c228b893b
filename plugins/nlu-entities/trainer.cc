#include "trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <set>
#include <string_view>

#include "dormouse/plugin.hpp"
#include "learners.h"
#include "nlu/mapped_file.h"

namespace dormouse::entities {
namespace {

constexpr uint64_t kDevOneIn = 10;
constexpr size_t kFolds = 4;  // of the first stage
constexpr unsigned kKindPasses = 4;
constexpr size_t kMostFeatures = 300'000;  // beyond, those seen once are left out
constexpr uint64_t kDevSpansMin = 20;      // fewer tell nothing about confidence
constexpr size_t kCalibrationPointsMax = 32;

// Examples, and the share of them, that must end with a sign before it counts as learnt.
constexpr uint64_t kFinalSignsMin = 3, kFinalSignsOneIn = 100;

// Limits that keep a training below 2 GB: hashes of features while they are counted, and three floats a weight.
constexpr uint64_t kTokensMax = 1'500'000;
constexpr uint64_t kWeightsMax = 100'000'000;

// Weights smaller than these change nothing; what a model may leave out first.
constexpr float kTagWeightMin = 0.02f;
constexpr float kKindWeightMin = 0.01f;

struct Prepared {
  const Example* example = nullptr;
  std::vector<Token> tokens;
  std::vector<uint32_t> tags;
  uint32_t kind = 0;         // as the data say
  uint32_t likely_kind = 0;  // as the first stage says that has not seen it
  bool dev = false;
};

// Counts of one key by type.
using TypeCounts = std::map<uint64_t, std::map<uint32_t, uint32_t>>;

// What spans of the training look like, without those of the example that is looked at: otherwise the learner would
// believe that every span of the world is known beforehand.
class TrainingMemory {
 public:
  TrainingMemory(const TypeCounts& phrases, const TypeCounts& words) : phrases_(phrases), words_(words) {}
  void leave_out(const Prepared& p, const TagSet& tags) {
    own_phrases_.clear();
    own_words_.clear();
    count(p, tags, &own_phrases_, &own_words_);
  }

  static void count(const Prepared& p, const TagSet& tags, TypeCounts* phrases, TypeCounts* words) {
    for (const TagSpan& span : Lattice::spans_of(tags, p.tags)) {
      const std::span<const Token> tokens = std::span(p.tokens).subspan(span.first, span.last - span.first + 1);
      if (tokens.size() <= kPhraseTokensMax) ++(*phrases)[phrase_hash(tokens)][span.type];
      for (const Token& token : tokens) ++(*words)[token.word][span.type];
    }
  }

  template <class Visit>
  void each_phrase(uint64_t hash, Visit visit) const {
    each(phrases_, own_phrases_, hash, [&](uint32_t type, uint32_t) { visit(type); });
  }
  template <class Visit>
  void each_word(uint64_t hash, Visit visit) const {
    each(words_, own_words_, hash, [&](uint32_t type, uint32_t count) { visit(type, seen_step(count)); });
  }

 private:
  template <class Visit>
  static void each(const TypeCounts& all, const TypeCounts& own, uint64_t hash, Visit visit) {
    const auto at = all.find(hash);
    if (at == all.end()) return;
    const auto mine = own.find(hash);
    for (const auto& [type, count] : at->second) {
      uint32_t others = count;
      if (mine != own.end()) {
        if (const auto same = mine->second.find(type); same != mine->second.end()) others -= same->second;
      }
      if (others > 0) visit(type, others);
    }
  }
  const TypeCounts& phrases_;
  const TypeCounts& words_;
  TypeCounts own_phrases_, own_words_;
};

// Pool adjacent violators: the best ascending map from probability to correctness.
std::vector<CalibrationPoint> isotonic(std::vector<std::pair<float, bool>> seen) {
  struct Block {
    double probability, right, count;
    double share() const { return (right + 0.5) / (count + 1); }
  };
  std::sort(seen.begin(), seen.end());
  std::vector<Block> blocks;
  const size_t batch = std::max<size_t>(1, seen.size() / (2 * kCalibrationPointsMax));
  for (size_t i = 0; i < seen.size(); i += batch) {
    Block block{0, 0, 0};
    for (size_t k = i; k < std::min(seen.size(), i + batch); ++k) {
      block.probability += seen[k].first;
      block.right += seen[k].second;
      block.count += 1;
    }
    blocks.push_back(block);
    while (blocks.size() > 1 && blocks[blocks.size() - 2].share() >= blocks.back().share()) {
      const Block last = blocks.back();
      blocks.pop_back();
      blocks.back().probability += last.probability;
      blocks.back().right += last.right;
      blocks.back().count += last.count;
    }
  }
  std::vector<CalibrationPoint> points;
  points.reserve(blocks.size());
  for (const Block& b : blocks) {
    points.push_back({static_cast<float>(b.probability / b.count), static_cast<float>(b.share())});
  }
  return points;
}

class Training {
 public:
  Training(const TrainOptions& options, const std::function<void(double, const char*)>& on_progress)
      : options_(options), on_progress_(on_progress), start_(Clock::now()) {}

  TrainReport run(const std::vector<std::string>& paths, const std::string& output) {
    read(paths);
    return run(output);
  }

  TrainReport run(std::vector<Example> examples, const std::string& output) {
    examples_ = std::move(examples);
    return run(output);
  }

 private:
  using Clock = std::chrono::steady_clock;

  TrainReport run(const std::string& output) {
    number();
    prepare();
    const bool measured = measure();
    const std::vector<std::byte> bytes = encode_model(learn(true, measured ? 0.5 : 0.05, 0.97));
    progress(0.98, "writing the model");
    Model::view(bytes, output);  // a model that the host would refuse is not written
    nlu::write_file_atomically(output, bytes);
    report_.model_bytes = bytes.size();
    report_.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    return report_;
  }

  void progress(double done, const char* what) { on_progress_(done, what); }

  void read(const std::vector<std::string>& paths) {
    for (size_t i = 0; i < paths.size(); ++i) {
      read_examples(
          paths[i], [&](Example&& example) { examples_.push_back(std::move(example)); },
          [&](uint64_t done, uint64_t total) {
            const double part = total == 0 ? 1 : static_cast<double>(done) / static_cast<double>(total);
            progress(0.04 * (static_cast<double>(i) + part) / static_cast<double>(paths.size()), "reading examples");
          },
          Overlaps::refused, options_.skip_bad ? &report_.skipped : nullptr);
    }
    report_.skipped.check_rows_left(examples_.size());
  }

  void number() {
    report_.examples = examples_.size();
    for (const Example& example : examples_) {
      for (const ExampleSpan& span : example.spans) types_.emplace(span.type, 0);
      kinds_.emplace(example.intent, 0);
      report_.spans += example.spans.size();
    }
    uint32_t number = 0;
    for (auto& [type, n] : types_) n = number++;
    number = 0;
    for (auto& [kind, n] : kinds_) n = number++;
    check_counts();
  }

  void check_counts() {
    if (report_.spans == 0) {
      throw Failure(DM_INVALID_ARGUMENT, "the training data: needed texts with entities, found none in " +
                                             std::to_string(examples_.size()) + " examples");
    }
    if (types_.size() > kTypesMax) {
      throw Failure(DM_INVALID_ARGUMENT, "the training data: needed at most " + std::to_string(kTypesMax) +
                                             " types of entities, found " + std::to_string(types_.size()));
    }
    if (kinds_.size() > kKindsMax) {  // too many to be of use; the tags are learnt without them
      for (auto& [kind, n] : kinds_) n = 0;
      report_.kinds = 1;
    } else {
      report_.kinds = kinds_.size();
    }
    report_.types = types_.size();
    tags_.types = types_.size();
  }

  // Signs that enough examples end with, in a span or behind it, to be learnt like a word: read as they are trained.
  void find_final_signs() {
    std::map<uint64_t, uint64_t> counts;
    std::vector<Token> tokens;
    for (const Example& example : examples_) {
      read_tokens(example.text, kTextTokensMax, &tokens);
      std::set<uint64_t> own;
      while (!tokens.empty() && tokens.back().ends_sentence) {
        own.insert(tokens.back().word);
        tokens.pop_back();
      }
      for (const uint64_t sign : own) ++counts[sign];
    }
    for (const auto& [sign, count] : counts) {
      if (count >= kFinalSignsMin && count * kFinalSignsOneIn >= examples_.size()) final_signs_.push_back(sign);
    }
  }

  void prepare() {
    find_final_signs();
    prepared_.reserve(examples_.size());
    for (const Example& example : examples_) {
      Prepared p;
      p.example = &example;
      read_tokens(example.text, kTextTokensMax, &p.tokens);
      drop_final_signs(example.spans.empty() ? 0 : static_cast<uint32_t>(example.spans.back().end), final_signs_,
                       &p.tokens);
      report_.tokens += p.tokens.size();
      if (report_.tokens > kTokensMax) {
        throw Failure(DM_INVALID_ARGUMENT, "the training data: needed at most " + std::to_string(kTokensMax) +
                                               " words, found more; leave some out");
      }
      p.kind = kinds_.at(example.intent);
      p.dev = mix(hash_of(example.text)) % kDevOneIn == 0;
      project(&p);
      prepared_.push_back(std::move(p));
    }
    guess_kinds();
  }

  // Spans become tags; a token belongs to the span that begins first in it.
  void project(Prepared* p) {
    p->tags.assign(p->tokens.size(), 0);
    size_t token = 0;
    for (const ExampleSpan& span : p->example->spans) {
      while (token < p->tokens.size() && p->tokens[token].end <= span.begin) ++token;
      const size_t first = token;
      const uint32_t type = types_.at(span.type);
      for (; token < p->tokens.size() && p->tokens[token].begin < span.end; ++token) {
        p->tags[token] = static_cast<uint32_t>(token == first ? tags_.begin(type) : tags_.inside(type));
      }
      const bool exact = token > first && p->tokens[first].begin == span.begin && p->tokens[token - 1].end == span.end;
      report_.spans_widened += !exact;
    }
  }

  // The kind of each sentence as a model says that has not seen it: what the second stage will get in service.
  void guess_kinds() {
    if (report_.kinds < 2) return;
    std::vector<uint64_t> all, own;
    for (const Prepared& p : prepared_) {
      kind_features(p.tokens, &own);
      all.insert(all.end(), own.begin(), own.end());
    }
    kind_numbers_ = FeatureNumbers(std::move(all), 1, kWeightsMax / 4 / report_.kinds);
    for (const Prepared& p : prepared_) {
      kind_features(p.tokens, &own);
      kind_examples_.push_back({kind_numbers_.numbers(own), p.kind});
    }
    for (size_t fold = 0; fold < kFolds; ++fold) {
      std::vector<const KindExample*> others;
      for (size_t i = 0; i < kind_examples_.size(); ++i) {
        if (i % kFolds != fold) others.push_back(&kind_examples_[i]);
      }
      const auto weights = learn_kinds(others, kind_numbers_.size(), report_.kinds, kKindPasses, [&] {
        progress(0.04 + 0.06 * static_cast<double>(fold) / kFolds, "learning what sentences are about");
      });
      for (size_t i = fold; i < kind_examples_.size(); i += kFolds) {
        prepared_[i].likely_kind = likely_kind(weights, report_.kinds, kind_examples_[i].features);
      }
    }
  }

  // Learns from nine tenths; the rest gives the report and the calibration. False when there is too little of it.
  bool measure() {
    std::vector<Example> dev;
    uint64_t spans = 0;
    for (const Prepared& p : prepared_) {
      if (!p.dev) continue;
      dev.push_back(*p.example);
      spans += p.example->spans.size();
    }
    if (spans < kDevSpansMin || spans == report_.spans) return false;
    const auto between = [&] { progress(0.5, "measuring"); };
    const std::vector<std::byte> bytes = encode_model(learn(false, 0.1, 0.49));
    calibrate(Model::view(bytes, "in training"), dev, between);
    report_.dev = evaluate(Model::view(bytes, "in training"), dev, between);
    return true;
  }

  void calibrate(const Model& model, const std::vector<Example>& dev, const std::function<void()>& between) {
    std::vector<std::pair<float, bool>> seen;
    for (const Example& example : dev) {
      between();
      for (const LearnedSpan& found : model.find(example.text, example.expected, between)) {
        seen.emplace_back(found.probability,
                          std::any_of(example.spans.begin(), example.spans.end(), [&](const ExampleSpan& s) {
                            return s.begin == found.begin && s.end == found.end && s.type == model.types()[found.type];
                          }));
      }
    }
    if (seen.size() >= kDevSpansMin) calibration_ = isotonic(std::move(seen));
  }

  // Learns from all examples or all but the held-out ones; progress goes from `begin` to `end`.
  ModelParts learn(bool with_dev, double begin, double end) {
    ModelParts parts;
    for (const auto& [type, n] : types_) parts.types.push_back(type);
    parts.kinds = static_cast<uint32_t>(report_.kinds);
    parts.calibration = calibration_;
    parts.final_signs = final_signs_;
    learn_all_kinds(with_dev, &parts);
    TypeCounts phrases, words;
    for (const Prepared& p : prepared_) {
      if (with_dev || !p.dev) TrainingMemory::count(p, tags_, &phrases, &words);
    }
    parts.phrases = rows_of(phrases, [](uint32_t) { return 1; });
    parts.words = rows_of(words, seen_step);
    FeatureNumbers numbers;
    const std::vector<TagExample> examples = number_features(with_dev, phrases, words, &numbers);
    const TagLearning learning{options_.passes, static_cast<float>(options_.rate)};
    TagWeights weights = learn_tags(examples, tags_, numbers.size(), learning, [&](double part) {
      progress(begin + (end - begin) * (0.05 + 0.95 * part),
               with_dev ? "learning from all examples" : "learning, to measure");
    });
    report_.features = numbers.size();
    parts.emissions = prune(numbers, weights.emissions);
    parts.open = std::move(weights.open);
    parts.from_begin = std::move(weights.from_begin);
    parts.from_inside = std::move(weights.from_inside);
    return parts;
  }

  void learn_all_kinds(bool with_dev, ModelParts* parts) {
    if (report_.kinds < 2) return;
    std::vector<const KindExample*> examples;
    for (size_t i = 0; i < prepared_.size(); ++i) {
      if (with_dev || !prepared_[i].dev) examples.push_back(&kind_examples_[i]);
    }
    const auto weights = learn_kinds(examples, kind_numbers_.size(), report_.kinds, kKindPasses + 1,
                                     [&] { progress(with_dev ? 0.5 : 0.1, "learning what sentences are about"); });
    for (size_t f = 0; f < kind_numbers_.size(); ++f) {
      WeightRow row{kind_numbers_.hash(f), {}};
      for (size_t k = 0; k < report_.kinds; ++k) {
        const float w = weights[f * report_.kinds + k];
        if (std::abs(w) >= kKindWeightMin) row.weights.emplace_back(static_cast<uint8_t>(k), w);
      }
      if (!row.weights.empty()) parts->kind_weights.push_back(std::move(row));
    }
  }

  template <class Weight>
  static std::vector<WeightRow> rows_of(const TypeCounts& counts, Weight weight) {
    std::vector<WeightRow> rows;
    for (const auto& [hash, types] : counts) {
      WeightRow row{hash, {}};
      for (const auto& [type, count] : types) {
        row.weights.emplace_back(static_cast<uint8_t>(type), static_cast<float>(weight(count)));
      }
      rows.push_back(std::move(row));
    }
    return rows;
  }

  std::vector<TagExample> number_features(bool with_dev, const TypeCounts& phrases, const TypeCounts& words,
                                          FeatureNumbers* numbers) {
    TrainingMemory memory(phrases, words);
    MemoryScratch scratch;
    std::vector<FeatureList> lists;
    std::vector<uint64_t> all;
    std::vector<uint64_t> expected;
    std::vector<TagExample> examples;
    for (const Prepared& p : prepared_) {
      if (p.dev && !with_dev) continue;
      memory.leave_out(p, tags_);
      expected.clear();
      for (const std::string& type : p.example->expected) expected.push_back(hash_of(type));
      FeatureList& list = lists.emplace_back();
      extract_features(p.tokens, {p.likely_kind, expected}, memory, &scratch, &list);
      all.insert(all.end(), list.hashes.begin(), list.hashes.end());
      examples.push_back({{}, {}, p.tags});
    }
    const size_t kept_max = kWeightsMax / tags_.size();
    uint32_t count_min = options_.count_min;
    if (count_min == 0) {
      std::vector<uint64_t> sorted = all;
      std::sort(sorted.begin(), sorted.end());
      const auto distinct = static_cast<size_t>(std::unique(sorted.begin(), sorted.end()) - sorted.begin());
      count_min = distinct > kMostFeatures ? 2 : 1;
    }
    *numbers = FeatureNumbers(std::move(all), count_min, kept_max);
    for (size_t i = 0; i < lists.size(); ++i) {
      for (size_t token = 0; token < lists[i].ends.size(); ++token) {
        const std::vector<uint32_t> own = numbers->numbers(lists[i].of(token));
        examples[i].features.insert(examples[i].features.end(), own.begin(), own.end());
        examples[i].ends.push_back(static_cast<uint32_t>(examples[i].features.size()));
      }
      lists[i] = FeatureList();
    }
    return examples;
  }

  // Leaves out the smallest weights, so many that the file keeps to its size.
  std::vector<WeightRow> prune(const FeatureNumbers& numbers, const std::vector<float>& weights) {
    const size_t width = tags_.size();
    const auto count_of = [&](size_t f, float least) {
      return static_cast<size_t>(std::count_if(weights.begin() + static_cast<ptrdiff_t>(f * width),
                                               weights.begin() + static_cast<ptrdiff_t>((f + 1) * width),
                                               [&](float w) { return std::abs(w) >= least; }));
    };
    const auto bytes_at = [&](float least) {
      double bytes = 0;
      for (size_t f = 0; f < numbers.size(); ++f) {
        const size_t count = count_of(f, least);
        if (count > 0) bytes += static_cast<double>(row_bytes(count, width));
      }
      return bytes;
    };
    float least = kTagWeightMin;
    while (bytes_at(least) > 0.8 * options_.bytes_max) least *= 1.2f;
    std::vector<WeightRow> rows;
    report_.weights = 0;
    for (size_t f = 0; f < numbers.size(); ++f) {
      WeightRow row{numbers.hash(f), {}};
      for (size_t tag = 0; tag < width; ++tag) {
        const float w = weights[f * width + tag];
        if (std::abs(w) >= least) row.weights.emplace_back(static_cast<uint8_t>(tag), w);
      }
      if (row.weights.empty()) continue;
      report_.weights += row.weights.size();
      rows.push_back(std::move(row));
    }
    return rows;
  }

  const TrainOptions& options_;
  const std::function<void(double, const char*)>& on_progress_;
  const Clock::time_point start_;
  std::vector<Example> examples_;
  std::vector<Prepared> prepared_;
  std::map<std::string, uint32_t> types_, kinds_;
  TagSet tags_;
  FeatureNumbers kind_numbers_;
  std::vector<KindExample> kind_examples_;
  std::vector<CalibrationPoint> calibration_;
  std::vector<uint64_t> final_signs_;  // sorted
  TrainReport report_;
};

}  // namespace

TrainReport train(const std::vector<std::string>& paths, const std::string& output, const TrainOptions& options,
                  const std::function<void(double, const char*)>& on_progress) {
  return Training(options, on_progress).run(paths, output);
}

TrainReport train(std::vector<Example> examples, const std::string& output, const TrainOptions& options,
                  const std::function<void(double, const char*)>& on_progress) {
  return Training(options, on_progress).run(std::move(examples), output);
}

}  // namespace dormouse::entities
