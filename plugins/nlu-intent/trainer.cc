#include "trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <numeric>
#include <unordered_map>

#include "classifier.h"
#include "dormouse/plugin.hpp"

namespace dormouse::intent {
namespace {

constexpr size_t kConfusedMax = 10;
// Weights in memory while learning: 1.6 GB of floats. Beyond it the rarest n-grams are left out before learning.
constexpr size_t kWeightsMax = 400'000'000;

// The n-grams of some texts that stand in enough of them, numbered; rows of one view follow each other.
class Vocabulary {
 public:
  Vocabulary(const std::vector<const Example*>& texts, const TrainOptions& options, size_t size_max) {
    std::unordered_map<uint64_t, uint32_t> counts;
    std::vector<Feature> features;
    for (const Example* text : texts) {
      features.clear();
      read_features(text->text, options.features, &features);
      std::sort(features.begin(), features.end(), [](const Feature& a, const Feature& b) { return a.hash < b.hash; });
      for (size_t i = 0; i < features.size(); ++i) {
        if (i == 0 || features[i].hash != features[i - 1].hash) ++counts[features[i].hash];
      }
    }
    std::vector<std::pair<uint64_t, uint32_t>> kept;
    for (const auto& entry : counts) {
      if (entry.second >= options.rows_min) kept.push_back(entry);
    }
    const auto before = [](const auto& a, const auto& b) {
      return a.second != b.second ? a.second > b.second : a.first < b.first;
    };
    std::sort(kept.begin(), kept.end(), before);
    if (kept.size() > size_max) kept.resize(size_max);
    for (const auto& [hash, count] : kept) {
      rows_.emplace(hash, static_cast<uint32_t>(hashes_.size()));
      hashes_.push_back(hash);
      counts_.push_back(count);
      const double share = (1 + static_cast<double>(texts.size())) / (1 + static_cast<double>(count));
      idf_.push_back(static_cast<float>(std::pow(std::log(share) + 1, options.idf_power)));
    }
  }

  std::vector<Term> terms_of(const Example& text, const FeatureOptions& options) const {
    std::vector<Feature> features;
    read_features(text.text, options, &features);
    std::vector<nlu::Found> found;
    for (const Feature& feature : features) {
      const auto at = rows_.find(feature.hash);
      if (at != rows_.end()) found.push_back({at->second, feature.view});
    }
    std::vector<Term> terms;
    make_terms(
        &found, [&](uint32_t row) { return idf_[row]; }, &terms);
    return terms;
  }
  size_t size() const { return hashes_.size(); }
  const std::vector<uint64_t>& hashes() const { return hashes_; }
  const std::vector<float>& idf() const { return idf_; }
  const std::vector<uint32_t>& counts() const { return counts_; }

 private:
  std::unordered_map<uint64_t, uint32_t> rows_;
  std::vector<uint64_t> hashes_;
  std::vector<uint32_t> counts_;
  std::vector<float> idf_;
};

// What was learnt, with how often each n-gram was seen.
struct Learnt {
  ModelContent content;
  std::vector<uint32_t> counts;  // by row
};

// Leaves the rows that matter most: how often one is seen times how much it then says.
ModelContent shrink(const Learnt& learnt, size_t rows_max) {
  const ModelContent& from = learnt.content;
  if (from.hashes.size() <= rows_max) return from;
  const size_t columns = from.bias.size();
  std::vector<double> worth(from.hashes.size());
  for (size_t row = 0; row < worth.size(); ++row) {
    double squares = 0;
    for (size_t i = row * columns; i < (row + 1) * columns; ++i) {
      squares += static_cast<double>(from.weights[i]) * from.weights[i];
    }
    worth[row] = std::sqrt(squares) * from.idf[row] * learnt.counts[row];
  }
  std::vector<uint32_t> order(worth.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return worth[a] != worth[b] ? worth[a] > worth[b] : a < b; });
  order.resize(rows_max);
  std::sort(order.begin(), order.end());
  ModelContent to{from.labels, from.has_scope, from.features, {}, {}, {}, from.bias};
  for (uint32_t row : order) {
    to.hashes.push_back(from.hashes[row]);
    to.idf.push_back(from.idf[row]);
    const auto begin = from.weights.begin() + static_cast<ptrdiff_t>(row * columns);
    to.weights.insert(to.weights.end(), begin, begin + static_cast<ptrdiff_t>(columns));
  }
  return to;
}

class Training {
 public:
  Training(TrainOptions options, const TrainProgress& progress) : options_(std::move(options)), progress_(progress) {}

  TrainReport run(const std::vector<std::string>& paths, const std::string& output) {
    const auto start = std::chrono::steady_clock::now();
    examples_ = read_examples(paths, options_.examples, [&](double share) { progress_(0.02 * share, "reading rows"); });
    report_.dev_rows = count_dev();
    fit_to_size();
    const bool again = options_.learn_dev && report_.dev_rows > 0;
    Learnt learnt = learn(false, 0.02, again ? 0.48 : 0.93);
    measure_on_dev(learnt);
    if (again) learnt = learn(true, 0.5, 0.97);
    progress_(0.97, "writing the model");
    const ModelContent content = shrink(learnt, rows_max());
    const std::vector<std::byte> bytes = encode_model(content, report_.calibration, options_.precision);
    Model::view(bytes, output);  // a model that the host would refuse is not written
    nlu::write_file_atomically(output, bytes);
    report_.rows = examples_.rows.size();
    report_.intents = examples_.labels.size();
    report_.out_of_scope_rows = examples_.out_of_scope;
    report_.skipped = examples_.skipped;
    report_.ngrams = content.hashes.size();
    report_.ngrams_left_out = learnt.content.hashes.size() - content.hashes.size();
    report_.model_bytes = bytes.size();
    report_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return report_;
  }

 private:
  uint64_t count_dev() const {
    return static_cast<uint64_t>(
        std::count_if(examples_.rows.begin(), examples_.rows.end(), [](const Example& e) { return e.measures; }));
  }

  // An n-gram of one text is most of what few examples have; of many it is noise.
  void fit_to_size() {
    const uint64_t learnt = examples_.rows.size() - report_.dev_rows;
    const bool few = learnt <= kFewExamples * classes();
    if (options_.rows_min == 0) options_.rows_min = few ? 1 : 2;
    report_.rows_min = options_.rows_min;
  }

  size_t classes() const { return examples_.labels.size(); }

  size_t rows_max() const {
    return static_cast<size_t>(options_.bytes_max) / nlu::encoded_row_bytes(classes() + 1, options_.precision);
  }

  Learnt learn(bool with_dev, double begin, double end) const {
    const char* what = with_dev ? "learning from all rows" : "learning";
    progress_(begin, what);
    std::vector<const Example*> texts;
    for (const Example& row : examples_.rows) {
      if (with_dev || !row.measures) texts.push_back(&row);
    }
    const Vocabulary vocabulary(texts, options_, kWeightsMax / (classes() + 1));
    if (vocabulary.size() == 0) {
      throw Failure(DM_INVALID_ARGUMENT, "the training data: no letter or digit stands in " +
                                             std::to_string(options_.rows_min) +
                                             (options_.rows_min == 1 ? " text" : " texts"));
    }
    std::vector<std::vector<Term>> terms;
    terms.reserve(texts.size());
    for (const Example* text : texts) terms.push_back(vocabulary.terms_of(*text, options_.features));
    Learnt learnt;
    learnt.counts = vocabulary.counts();
    ModelContent& content = learnt.content;
    content.labels = examples_.labels;
    content.features = options_.features;
    content.hashes = vocabulary.hashes();
    content.idf = vocabulary.idf();
    content.has_scope =
        std::any_of(texts.begin(), texts.end(), [&](const Example* e) { return e->label == classes(); });
    separate_all(
        texts, terms, [&](double share) { progress_(begin + (end - begin) * share, what); }, &content);
    return learnt;
  }

  void separate_all(const std::vector<const Example*>& texts, const std::vector<std::vector<Term>>& terms,
                    const std::function<void(double)>& on_share, ModelContent* content) const {
    const size_t rows = content->hashes.size(), columns = classes() + (content->has_scope ? 1 : 0);
    content->weights.resize(rows * columns);
    content->bias.resize(columns);
    Solver solver(terms, static_cast<uint32_t>(rows), options_.solver);
    std::vector<bool> positive(texts.size());
    for (size_t column = 0; column < columns; ++column) {
      on_share(static_cast<double>(column) / static_cast<double>(columns));
      for (size_t i = 0; i < texts.size(); ++i) positive[i] = texts[i]->label == column;
      const std::vector<float> weights = solver.separate(positive);
      for (size_t row = 0; row < rows; ++row) content->weights[row * columns + column] = weights[row];
      content->bias[column] = weights[rows];
    }
  }

  std::vector<ScoredText> score_dev(const ModelContent& content, Precision precision) const {
    const std::vector<std::byte> bytes = encode_model(content, {}, precision);
    const Model model = Model::view(bytes, "in training");
    std::vector<ScoredText> texts;
    TermSearch search;
    for (const Example& row : examples_.rows) {
      if (!row.measures) continue;
      ScoredText text{row.label, row.hash, std::vector<float>(model.facts().columns())};
      model.find_terms(row.text, &search);
      model.score(search.terms, text.scores);
      texts.push_back(std::move(text));
    }
    return texts;
  }

  void measure_on_dev(const Learnt& learnt) {
    const std::vector<ScoredText> exact = score_dev(learnt.content, Precision::float32);
    report_.float32_accuracy = measure(exact, classes(), {}).accuracy;
    const std::vector<ScoredText> texts = score_dev(shrink(learnt, rows_max()), options_.precision);
    report_.calibration = calibrate(texts, classes(), options_.rejection_max);
    report_.dev = measure_across(texts, classes(), options_.rejection_max);
    find_confused(texts);
  }

  void find_confused(const std::vector<ScoredText>& texts) {
    std::map<std::pair<uint32_t, size_t>, uint64_t> pairs;
    for (const ScoredText& text : texts) {
      const size_t best = lead_of(text.scores, classes()).best;
      if (text.right < classes() && best != text.right) ++pairs[{text.right, best}];
    }
    for (const auto& [pair, count] : pairs) {
      report_.confused.push_back({examples_.labels[pair.first], examples_.labels[pair.second], count});
    }
    std::stable_sort(report_.confused.begin(), report_.confused.end(),
                     [](const Confusion& a, const Confusion& b) { return a.texts > b.texts; });
    if (report_.confused.size() > kConfusedMax) report_.confused.resize(kConfusedMax);
  }

  TrainOptions options_;
  const TrainProgress& progress_;
  Examples examples_;
  TrainReport report_;
};

}  // namespace

TrainReport train(const std::vector<std::string>& paths, const std::string& output, const TrainOptions& options,
                  const TrainProgress& progress) {
  return Training(options, progress).run(paths, output);
}

}  // namespace dormouse::intent
