#include "trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <map>
#include <set>

#include "calibration.h"
#include "corpus.h"
#include "detector.h"
#include "dormouse/plugin.hpp"
#include "nlu/row_hash.h"

namespace dormouse::language {
namespace {

// One row in ten is not learnt from until the calibration is done; half of these calibrate, the others measure.
constexpr uint64_t kHeldOutOneIn = 10;
// Of the measured texts, how many are scored a second time, from weights as they were before they became bytes.
constexpr uint64_t kExactOneIn = 8;
// A label belongs to every script that at least one in twenty of its rows is written in; the other rows are slips.
constexpr uint64_t kShareOneIn = 20;

// The same for a row and its translations when they share an id, and for repeated texts.
uint64_t row_hash(const Row& row) {
  return nlu::row_hash(row.id.empty() ? row.text : row.id) >> 32;
}

struct HeldOutText {
  std::u32string words;  // with boundaries
  uint64_t hash;
  bool measures() const { return hash / kHeldOutOneIn % 2 == 0; }
};

// All rows of one label in one script family.
struct Collected {
  std::string label;
  uint64_t rows = 0;
  double weight = 0;
  WordCounts words;
  std::vector<HeldOutText> held_out;
};

template <class Visit>
void each_word(std::u32string_view words, Visit visit) {
  for (size_t begin = 0; begin + 1 < words.size();) {
    const size_t end = words.find(kBoundary, begin + 1);
    visit(words.substr(begin, end - begin + 1));
    begin = end;
  }
}

class Collection {
 public:
  void add(const Row& row) {
    ++rows_;
    read_words(row.text, &scratch_);
    if (scratch_.letters == 0) {
      ++dropped_;
      return;
    }
    Collected& into = find(scratch_.family, row.label);
    const uint64_t hash = row_hash(row);
    const bool held_out = hash % kHeldOutOneIn == 0;
    ++into.rows;
    into.weight += row.weight;
    each_word(scratch_.view(), [&](std::u32string_view word) { into.words.add(word, held_out); });
    if (held_out) into.held_out.push_back({std::u32string(scratch_.view()), hash});
  }

  // Leaves to each label the scripts it is really written in, and to each script its labels in order.
  std::map<Script, std::vector<Collected>> settle() {
    std::map<std::string, uint64_t> most;
    for (auto& [script, labels] : families_) {
      for (auto& [label, c] : labels) most[label] = std::max(most[label], c.rows);
    }
    std::map<Script, std::vector<Collected>> settled;
    for (auto& [script, labels] : families_) {
      for (auto& [label, c] : labels) {
        const bool one_script = label.size() > 3;  // it was named with the label
        const bool kept = one_script ? c.rows == most[label] : c.rows * kShareOneIn >= most[label];
        if (kept) {
          settled[script].push_back(std::move(c));
        } else {
          dropped_ += c.rows;
        }
      }
    }
    families_.clear();
    return settled;
  }
  uint64_t rows() const { return rows_; }
  uint64_t dropped() const { return dropped_; }

 private:
  Collected& find(Script family, std::string_view label) {
    auto& labels = families_[family];
    auto at = labels.find(label);
    if (at == labels.end()) {
      at = labels.emplace(std::string(label), Collected{}).first;
      at->second.label = label;
    }
    return at->second;
  }
  Words scratch_;
  std::map<Script, std::map<std::string, Collected, std::less<>>> families_;
  uint64_t rows_ = 0, dropped_ = 0;
};

Class class_of(const Collected& collected, Script family) {
  Class c;
  std::memcpy(c.code, collected.label.data(), 3);
  const std::string_view script =
      collected.label.size() > 3 ? std::string_view(collected.label).substr(4) : script_name(family);
  std::memcpy(c.script, script.data(), 4);
  c.log_prior = static_cast<float>(std::log(collected.weight / static_cast<double>(collected.rows)));
  return c;
}

// How much a weight matters: how often it is used times what it then changes.
double worth(const Weight& w) {
  return std::abs(w.weight) * w.count;
}

// The size of a file that keeps only weights worth at least `threshold`.
size_t bytes_worth(const std::vector<Weight>& weights, double threshold) {
  size_t kept = 0, ngrams = 0;
  uint64_t last = 0;
  for (const Weight& w : weights) {
    if (worth(w) < threshold) continue;
    ngrams += kept == 0 || w.hash != last;
    last = w.hash;
    ++kept;
  }
  return encoded_bytes(ngrams, kept);
}

// Scores as Model does, from the weights before they become bytes. Slow: for the report's sake only.
std::vector<float> exact_scores(const FamilyWeights& family, std::u32string_view words) {
  std::vector<float> scores(family.classes.size());
  const auto before = [](const Weight& w, uint64_t hash) { return w.hash < hash; };
  for (size_t end = 1; end < words.size(); ++end) {
    visit_ngrams_at(words, end, family.order_max, [&](uint64_t hash, unsigned) {
      auto at = std::lower_bound(family.weights.begin(), family.weights.end(), hash, before);
      for (; at != family.weights.end() && at->hash == hash; ++at) scores[at->cls] += at->weight;
    });
  }
  for (size_t i = 0; i < scores.size(); ++i) {
    scores[i] += family.classes[i].per_place * static_cast<float>(ngram_places(words));
  }
  return scores;
}

class Training {
 public:
  Training(const TrainOptions& options, const TrainProgress& progress) : options_(options), progress_(progress) {}

  TrainReport run(const std::vector<std::string>& paths, const std::string& output) {
    const auto start = std::chrono::steady_clock::now();
    read(paths);
    std::vector<FamilyWeights> families = weigh(false, 0.3, 0.5);
    calibrate_and_measure(families);
    families = weigh(true, 0.75, 0.95);
    for (size_t i = 0; i < families.size(); ++i) apply(calibrations_[i], &families[i]);
    progress_(0.95, "writing the model");
    const std::vector<std::byte> bytes = encode_model(families);
    Model::view(bytes, output);  // a model that the host would refuse is not written
    write_file_atomically(output, bytes);
    report_.model_bytes = bytes.size();
    count_weights(families);
    report_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return report_;
  }

 private:
  void read(const std::vector<std::string>& paths) {
    Collection collection;
    for (size_t i = 0; i < paths.size(); ++i) {
      read_rows(
          paths[i], [&](const Row& row) { collection.add(row); },
          [&](uint64_t done, uint64_t total) {
            const double part = total == 0 ? 1 : static_cast<double>(done) / static_cast<double>(total);
            progress_(0.3 * (static_cast<double>(i) + part) / static_cast<double>(paths.size()), "reading rows");
          },
          options_.skip_bad ? &report_.skipped : nullptr);
    }
    collected_ = collection.settle();
    report_.rows = collection.rows();
    report_.skipped.check_rows_left(report_.rows);
    report_.rows_dropped = collection.dropped();
    std::set<std::string> codes;
    for (const auto& [script, classes] : collected_) {
      for (const Collected& c : classes) codes.insert(c.label.substr(0, 3));
      report_.classes += classes.size();
      if (classes.size() > kFamilyClassesMax) {
        throw Failure(DM_INVALID_ARGUMENT, "needed at most 255 languages in one script, found " +
                                               std::to_string(classes.size()) + " in " +
                                               std::string(script_name(script)));
      }
    }
    report_.languages = codes.size();
    if (codes.size() < 2) {
      throw Failure(DM_INVALID_ARGUMENT,
                    "the training data: needed rows of two languages at least, found " + std::to_string(codes.size()));
    }
  }

  // Estimates all families; progress goes from `begin` to `end`.
  std::vector<FamilyWeights> weigh(bool with_held_out, double begin, double end) {
    std::vector<FamilyWeights> families;
    uint64_t done = 0;
    for (const auto& [script, classes] : collected_) {
      FamilyWeights family;
      family.script = script;
      family.order_max = classes.size() > 1 ? options_.estimate.order : 0;
      family.temperature.fill(1);
      for (size_t i = 0; i < classes.size(); ++i) {
        progress_(begin + (end - begin) * static_cast<double>(done++) / static_cast<double>(report_.classes),
                  with_held_out ? "learning from all rows" : "learning");
        family.classes.push_back(class_of(classes[i], script));
        if (family.order_max > 0) add_class(classes[i], with_held_out, static_cast<uint8_t>(i), &family);
      }
      const auto before = [](const Weight& a, const Weight& b) {
        return a.hash != b.hash ? a.hash < b.hash : a.cls < b.cls;
      };
      std::sort(family.weights.begin(), family.weights.end(), before);
      families.push_back(std::move(family));
    }
    shrink(&families);
    return families;
  }

  void add_class(const Collected& collected, bool with_held_out, uint8_t number, FamilyWeights* family) {
    Estimate e = estimate(collected.words, with_held_out, options_.estimate);
    family->classes.back().per_place = e.per_place;
    for (Weight& w : e.weights) {
      w.cls = number;
      family->weights.push_back(w);
    }
  }

  // Leaves out the n-grams that matter least until the file is as small as asked for.
  void shrink(std::vector<FamilyWeights>* families) {
    const auto size_at = [&](double threshold) {
      size_t size = 0;
      for (const FamilyWeights& f : *families) size += bytes_worth(f.weights, threshold);
      return static_cast<double>(size);
    };
    if (size_at(0) <= options_.bytes_max) return;
    double low = 0, high = 1;
    while (size_at(high) > options_.bytes_max && high < 1e6) high *= 2;
    for (int i = 0; i < 12; ++i) {
      const double middle = (low + high) / 2;
      (size_at(middle) > options_.bytes_max ? low : high) = middle;
    }
    for (FamilyWeights& f : *families) {
      std::erase_if(f.weights, [&](const Weight& w) { return worth(w) < high; });
    }
  }

  // Visits a word, a pair of words and the whole of each held-out text of a class.
  template <class Visit>
  static void each_snippet(const Collected& collected, Visit visit) {
    for (const HeldOutText& text : collected.held_out) {
      std::vector<size_t> ends = {0};  // of words
      each_word(text.words, [&](std::u32string_view word) { ends.push_back(ends.back() + word.size() - 1); });
      const std::u32string_view words = text.words;
      const size_t count = ends.size() - 1;
      const size_t pick = (text.hash >> 8) % count;
      visit(text, 0, words.substr(ends[pick], ends[pick + 1] - ends[pick] + 1));
      if (count > 1) {
        const size_t pair = pick % (count - 1);
        visit(text, 1, words.substr(ends[pair], ends[pair + 2] - ends[pair] + 1));
      }
      visit(text, 2, words);
    }
  }

  static ScoredText scored(const Model& model, const FamilyRecord& record, std::u32string_view words, size_t cls) {
    Scores scores;
    model.score(record, words, &scores);
    ScoredText text;
    text.cls = static_cast<uint8_t>(cls);
    text.places = static_cast<uint32_t>(ngram_places(words));
    text.letters = static_cast<uint32_t>(words.size() - std::count(words.begin(), words.end(), kBoundary));
    text.scores.assign(scores.begin(), scores.begin() + record.class_count);
    return text;
  }

  void calibrate_and_measure(const std::vector<FamilyWeights>& families) {
    const std::vector<std::byte> bytes = encode_model(families);
    const Model model = Model::view(bytes, "in training");
    std::array<std::vector<double>, 3> accuracy;  // by length, a class each
    size_t i = 0;
    for (const auto& [script, classes] : collected_) {
      const auto show = [&] {
        progress_(0.5 + 0.25 * static_cast<double>(i) / static_cast<double>(families.size()), "calibrating");
      };
      show();
      const FamilyRecord& record = *model.find_family(script);
      std::vector<ScoredText> texts;
      for (size_t cls = 0; cls < classes.size(); ++cls) {
        report_.held_out_rows += classes[cls].held_out.size();
        each_snippet(classes[cls], [&](const HeldOutText& text, int, std::u32string_view words) {
          if (!text.measures()) texts.push_back(scored(model, record, words, cls));
        });
      }
      Calibration calibration;
      if (classes.size() > 1) {
        calibration = calibrate(texts, classes.size(), show);
      } else {
        calibration.per_place.assign(1, 0);
        calibration.bias.assign(1, 0);
        calibration.temperature.fill(1);
      }
      measure(model, record, families[i], classes, calibration, &accuracy);
      calibrations_.push_back(std::move(calibration));
      ++i;
    }
    const auto mean = [](const std::vector<double>& values) {
      double sum = 0;
      for (double x : values) sum += x;
      return values.empty() ? 0 : 100 * sum / static_cast<double>(values.size());
    };
    if (compared_ > 0) report_.quantisation_loss = 100.0 * static_cast<double>(lost_) / static_cast<double>(compared_);
    report_.held_out = {mean(accuracy[0]), mean(accuracy[1]), mean(accuracy[2])};
  }

  static size_t decide(const FamilyWeights& family, const Calibration& calibration, const ScoredText& text) {
    size_t best = 0;
    double top = -1e300;
    for (size_t i = 0; i < family.classes.size(); ++i) {
      const double score = calibration.temperature[length_bin(text.letters)] *
                               (text.scores[i] + text.places * calibration.per_place[i]) +
                           calibration.bias[i] + family.classes[i].log_prior;
      if (score > top) {
        top = score;
        best = i;
      }
    }
    return best;
  }

  void measure(const Model& model, const FamilyRecord& record, const FamilyWeights& family,
               const std::vector<Collected>& classes, const Calibration& calibration,
               std::array<std::vector<double>, 3>* accuracy) {
    for (size_t cls = 0; cls < classes.size(); ++cls) {
      std::array<double, 3> right{}, all{};
      each_snippet(classes[cls], [&](const HeldOutText& text, int kind, std::u32string_view words) {
        if (!text.measures()) return;
        ScoredText scores = scored(model, record, words, cls);
        const auto is_right = [&] {
          return classes[decide(family, calibration, scores)].label.compare(0, 3, classes[cls].label, 0, 3) == 0;
        };
        const bool hit = is_right();
        ++all[kind];
        right[kind] += hit;
        if (family.order_max == 0 || text.hash / (2 * kHeldOutOneIn) % kExactOneIn != 0) return;
        scores.scores = exact_scores(family, words);
        ++compared_;
        lost_ += static_cast<int>(is_right()) - static_cast<int>(hit);
      });
      for (int kind = 0; kind < 3; ++kind) {
        if (all[kind] > 0) (*accuracy)[kind].push_back(right[kind] / all[kind]);
      }
    }
  }

  static void apply(const Calibration& calibration, FamilyWeights* family) {
    family->temperature = calibration.temperature;
    for (size_t i = 0; i < family->classes.size(); ++i) {
      family->classes[i].per_place += calibration.per_place[i];
      family->classes[i].bias = calibration.bias[i];
    }
  }

  void count_weights(const std::vector<FamilyWeights>& families) {
    for (const FamilyWeights& f : families) {
      report_.weights += f.weights.size();
      for (size_t i = 0; i < f.weights.size(); ++i) {
        report_.ngrams += i == 0 || f.weights[i].hash != f.weights[i - 1].hash;
      }
    }
  }

  const TrainOptions& options_;
  const TrainProgress& progress_;
  TrainReport report_;
  int64_t compared_ = 0, lost_ = 0;
  std::map<Script, std::vector<Collected>> collected_;
  std::vector<Calibration> calibrations_;
};

}  // namespace

TrainReport train(const std::vector<std::string>& paths, const std::string& output, const TrainOptions& options,
                  const TrainProgress& progress) {
  return Training(options, progress).run(paths, output);
}

}  // namespace dormouse::language
