#include "trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <unordered_map>

#include "dormouse/plugin.hpp"
#include "nlu/row_hash.h"
#include "nlu/rows.h"
#include "svd.h"

namespace dormouse::lsa {
namespace {

constexpr size_t kTextsBetweenChecks = 256;

struct Text {
  std::string text, title;
  bool measures = false;
};

uint64_t hash_of(std::string_view text) {
  return nlu::row_hash(text) >> 16;
}

// The n-grams of some texts that stand in enough of them, numbered, those of most texts first.
class Vocabulary {
 public:
  Vocabulary(const std::vector<const Text*>& texts, const TrainOptions& options, const std::function<void()>& check)
      : options_(options) {
    std::unordered_map<uint64_t, uint32_t> counts;
    std::vector<nlu::Feature> features;
    for (size_t i = 0; i < texts.size(); ++i) {
      if (i % kTextsBetweenChecks == 0) check();
      read(*texts[i], &features);
      std::sort(features.begin(), features.end(), [](const auto& a, const auto& b) { return a.hash < b.hash; });
      for (size_t k = 0; k < features.size(); ++k) {
        if (k == 0 || features[k].hash != features[k - 1].hash) ++counts[features[k].hash];
      }
    }
    std::vector<std::pair<uint64_t, uint32_t>> kept;
    for (const auto& entry : counts) {
      if (entry.second >= options.rows_min) kept.push_back(entry);
    }
    std::sort(kept.begin(), kept.end(), [](const auto& a, const auto& b) {
      return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
    left_out_ = kept.size() - std::min<size_t>(kept.size(), options.features_max);
    kept.resize(kept.size() - left_out_);
    for (const auto& [hash, count] : kept) {
      rows_.emplace(hash, static_cast<uint32_t>(hashes_.size()));
      hashes_.push_back(hash);
      const double share = (1 + static_cast<double>(texts.size())) / (1 + static_cast<double>(count));
      idf_.push_back(static_cast<float>(std::pow(std::log(share) + 1, options.idf_power)));
    }
    factors_.assign(hashes_.size(), 1);
  }

  // Appends a row of length 1. Also learns which n-grams are letters.
  void add_row(const Text& text, SparseRows* matrix) {
    read(text, &features_);
    found_.clear();
    const auto letters = static_cast<float>(options_.letters_weight);
    for (const nlu::Feature& feature : features_) {
      const auto at = rows_.find(feature.hash);
      if (at == rows_.end()) continue;
      found_.push_back({at->second, feature.view});
      factors_[at->second] = feature.view == nlu::kLetters ? letters : 1;
    }
    nlu::make_terms(
        &found_, [&](uint32_t row) { return idf_[row]; }, &terms_);
    double squares = 0;
    for (nlu::Term& term : terms_) {
      term.value *= factors_[term.row];
      squares += static_cast<double>(term.value) * static_cast<double>(term.value);
    }
    const auto scale = squares > 0 ? static_cast<float>(1 / std::sqrt(squares)) : 0.0f;
    for (const nlu::Term& term : terms_) matrix->entries.push_back({term.row, term.value * scale});
    matrix->end_row();
  }

  size_t size() const { return hashes_.size(); }
  uint64_t left_out() const { return left_out_; }
  const std::vector<uint64_t>& hashes() const { return hashes_; }
  const std::vector<float>& idf() const { return idf_; }
  float factor(size_t row) const { return factors_[row]; }

 private:
  void read(const Text& text, std::vector<nlu::Feature>* features) {
    features->clear();
    nlu::read_features(joined_text({text.text, text.title}, &joined_), options_.features, features, kTextBytesMax);
  }

  const TrainOptions& options_;
  std::unordered_map<uint64_t, uint32_t> rows_;
  std::vector<uint64_t> hashes_;
  std::vector<float> idf_, factors_;
  uint64_t left_out_ = 0;
  std::string joined_;
  std::vector<nlu::Feature> features_;
  std::vector<nlu::Found> found_;
  std::vector<nlu::Term> terms_;
};

struct Learnt {
  ModelContent content;
  Svd svd;
};

class Training {
 public:
  Training(const TrainOptions& options, const TrainProgress& progress) : options_(options), progress_(progress) {}

  TrainReport run(const std::vector<std::string>& paths, const std::string& output) {
    const auto start = std::chrono::steady_clock::now();
    for (size_t i = 0; i < paths.size(); ++i) read(paths[i]);
    report_.skipped.check_rows_left(texts_.size());
    choose_measuring();
    check_texts();
    const bool again = options_.learn_dev && report_.dev_texts > 0;
    const bool measure = report_.dev_texts > 0;
    ModelContent content = learn(!measure, 0.02, again ? 0.49 : 0.95);
    if (measure) measure_on_dev(content);
    if (again) content = learn(true, 0.5, 0.95);
    progress_(0.96, "writing the model");
    const std::vector<std::byte> bytes = encode_model(content, options_.precision);
    Model::view(bytes, output);  // a model that the host would refuse is not written
    nlu::write_file_atomically(output, bytes);
    report_.texts = texts_.size();
    report_.ngrams = content.hashes.size();
    report_.dimension = content.dimension;
    report_.model_bytes = bytes.size();
    report_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return report_;
  }

 private:
  void read(const std::string& path) {
    enum { kText, kTitle, kSplit };
    nlu::read_rows(
        path, {{"text"}, {"title", false}, {"split", false}}, nlu::OtherColumns::ignored,
        [&](const nlu::Row& row) {
          const std::string_view split = row[kSplit];
          const bool measures = split == "val" || split == "dev";
          if (!measures && !split.empty() && split != "train")
            row.refuse("column 'split' needs 'train' or 'val', found '" + nlu::printable(split) + "'");
          if (texts_.size() == kTextsMax) row.refuse("more than 2 million texts");
          split_given_ |= measures;
          texts_.push_back({std::string(row[kText]), std::string(row[kTitle]), measures});
        },
        [&](uint64_t done, uint64_t total) {
          progress_(total == 0 ? 0 : 0.02 * static_cast<double>(done) / static_cast<double>(total), "reading rows");
        },
        options_.skip_bad ? &report_.skipped : nullptr);
  }

  // Which texts measure depends on the texts alone.
  void choose_measuring() {
    constexpr double kParts = 1000;
    if (!split_given_) {
      const auto end = static_cast<uint64_t>(std::lround(options_.dev_share * kParts));
      for (Text& text : texts_) text.measures = hash_of(text.text) % static_cast<uint64_t>(kParts) < end;
    }
    for (const Text& text : texts_) report_.dev_texts += text.measures;
  }

  void check_texts() const {
    const uint64_t learnt = texts_.size() - report_.dev_texts;
    if (learnt < 2) {
      throw Failure(DM_INVALID_ARGUMENT,
                    "the training data: needed two texts to learn from at least, found " + std::to_string(learnt));
    }
  }

  ModelContent learn(bool all, double from, double to) {
    std::vector<const Text*> learnt;
    for (const Text& text : texts_) {
      if (all || !text.measures) learnt.push_back(&text);
    }
    Vocabulary vocabulary(learnt, options_, [&] { progress_(from, "counting n-grams"); });
    if (vocabulary.size() == 0) {
      throw Failure(DM_INVALID_ARGUMENT, "the training data: no n-gram stands in " + std::to_string(options_.rows_min) +
                                             " texts; needed more texts, or a smaller rows_min");
    }
    report_.ngrams_left_out = vocabulary.left_out();
    SparseRows matrix;
    matrix.columns = static_cast<uint32_t>(vocabulary.size());
    for (size_t i = 0; i < learnt.size(); ++i) {
      if (i % kTextsBetweenChecks == 0) progress_(from, "weighing n-grams");
      vocabulary.add_row(*learnt[i], &matrix);
    }
    SvdOptions options;
    options.rank = options_.dimension;
    options.iterations = options_.iterations;
    const Svd svd = truncated_svd(matrix, options,
                                  [&](double share) { progress_(from + share * (to - from), "finding directions"); });
    if (!all) kept_ = mean_kept(vocabulary, svd);
    return content_of(vocabulary, svd);
  }

  // A text's vector is the sum of its n-grams' rows, so all that weighs n-grams or directions goes into the rows.
  ModelContent content_of(const Vocabulary& vocabulary, const Svd& svd) const {
    ModelContent content;
    content.features = options_.features;
    content.hashes = vocabulary.hashes();
    content.idf = vocabulary.idf();
    content.dimension = options_.dimension;
    const size_t rank = svd.values.size();
    content.vectors.assign(vocabulary.size() * options_.dimension, 0);
    for (size_t row = 0; row < vocabulary.size(); ++row) {
      for (size_t k = 0; k < rank; ++k) {
        const double weight = std::pow(svd.values[k] / svd.values[0], -options_.flatten) * vocabulary.factor(row);
        content.vectors[row * options_.dimension + k] =
            static_cast<float>(weight * static_cast<double>(svd.directions[row * rank + k]));
      }
    }
    return content;
  }

  double mean_kept(Vocabulary& vocabulary, const Svd& svd) const {
    SparseRows matrix;
    for (const Text& text : texts_) {
      if (text.measures) vocabulary.add_row(text, &matrix);
    }
    const size_t rank = svd.values.size();
    std::vector<double> along(rank);
    double kept = 0;
    size_t at = 0;
    for (const size_t end : matrix.ends) {
      std::fill(along.begin(), along.end(), 0);
      for (; at < end; ++at) {
        const auto [column, value] = matrix.entries[at];
        for (size_t k = 0; k < rank; ++k)
          along[k] += static_cast<double>(value) * static_cast<double>(svd.directions[column * rank + k]);
      }
      for (const double x : along) kept += x * x;
    }
    return kept / static_cast<double>(std::max<size_t>(matrix.rows(), 1));
  }

  void measure_on_dev(const ModelContent& content) {
    const std::vector<std::byte> exact = encode_model(content, nlu::Precision::float32),
                                 written = encode_model(content, options_.precision);
    const Model reference = Model::view(exact, "in float32"), model = Model::view(written, "as written");
    Scratch scratch;
    std::vector<float> a(content.dimension), b(content.dimension);
    double cosine = 0;
    for (const Text& text : texts_) {
      if (!text.measures) continue;
      reference.embed({text.text, text.title}, &scratch, a.data());
      model.embed({text.text, text.title}, &scratch, b.data());
      double product = 0;
      for (size_t k = 0; k < a.size(); ++k) product += static_cast<double>(a[k]) * static_cast<double>(b[k]);
      const bool nothing = std::all_of(a.begin(), a.end(), [](float x) { return x == 0; });
      cosine += nothing ? 1 : product;
    }
    report_.dev_kept = kept_;
    report_.dev_cosine = cosine / static_cast<double>(report_.dev_texts);
  }

  const TrainOptions& options_;
  const TrainProgress& progress_;
  std::vector<Text> texts_;
  bool split_given_ = false;
  double kept_ = 0;
  TrainReport report_;
};

}  // namespace

TrainReport train(const std::vector<std::string>& paths, const std::string& output, const TrainOptions& options,
                  const TrainProgress& progress) {
  return Training(options, progress).run(paths, output);
}

}  // namespace dormouse::lsa
