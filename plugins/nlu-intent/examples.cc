#include "examples.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "dormouse/plugin.hpp"
#include "nlu/row_hash.h"
#include "nlu/rows.h"

namespace dormouse::intent {
namespace {

uint64_t hash_of(std::string_view text) {
  return nlu::row_hash(text) >> 16;
}

class Reader {
 public:
  explicit Reader(const ExampleOptions& options) : options_(options) {}

  void add(const nlu::Row& row) {
    enum { kText, kIntent, kSplit };
    const std::string_view label = row[kIntent], split = row[kSplit];
    if (label.size() > kLabelBytesMax) row.refuse("column 'intent' is longer than 200 bytes");
    const bool measures = split == "val" || split == "dev" || split == "validation";
    if (!measures && !split.empty() && split != "train") {
      row.refuse("column 'split' needs 'train' or 'val', found '" + nlu::printable(split) + "'");
    }
    if (examples_.rows.size() == kExamplesMax) row.refuse("more than 4 million rows");
    examples_.split_given |= measures;
    // Numbers in the order of appearance, until all labels are known.
    const auto number = static_cast<uint32_t>(numbers_.size());
    const auto at = numbers_.try_emplace(std::string(label), number).first;
    examples_.rows.push_back({std::string(row[kText]), at->second, measures, hash_of(row[kText])});
  }

  nlu::SkippedLines* skipped() { return options_.skip_bad ? &examples_.skipped : nullptr; }

  Examples finish() {
    examples_.skipped.check_rows_left(examples_.rows.size());
    number_labels();
    if (!examples_.split_given) choose_measuring();
    check();
    return std::move(examples_);
  }

 private:
  void number_labels() {
    std::vector<uint32_t> renumbered(numbers_.size());
    for (const auto& [label, number] : numbers_) {
      if (label == options_.scope_label) continue;
      renumbered[number] = static_cast<uint32_t>(examples_.labels.size());
      examples_.labels.push_back(label);
    }
    const auto scope = numbers_.find(options_.scope_label);
    if (scope != numbers_.end()) renumbered[scope->second] = static_cast<uint32_t>(examples_.labels.size());
    for (Example& row : examples_.rows) {
      row.label = renumbered[row.label];
      examples_.out_of_scope += row.label == examples_.labels.size();
    }
  }

  // A share of each intent's rows, those of the smallest hashes; of fewer than five, none.
  void choose_measuring() {
    constexpr size_t kRowsMin = 5;
    std::vector<std::vector<size_t>> of_label(examples_.labels.size() + 1);
    for (size_t i = 0; i < examples_.rows.size(); ++i) of_label[examples_.rows[i].label].push_back(i);
    for (std::vector<size_t>& rows : of_label) {
      if (rows.size() < kRowsMin) continue;
      std::stable_sort(rows.begin(), rows.end(),
                       [&](size_t a, size_t b) { return examples_.rows[a].hash < examples_.rows[b].hash; });
      const auto share = static_cast<size_t>(std::lround(options_.dev_share * static_cast<double>(rows.size())));
      for (size_t i = 0; i < std::min(std::max<size_t>(share, 1), rows.size() - 1); ++i) {
        examples_.rows[rows[i]].measures = true;
      }
    }
  }

  void check() const {
    const auto refuse = [](const std::string& what) {
      throw Failure(DM_INVALID_ARGUMENT, "the training data: " + what);
    };
    if (examples_.labels.size() < 2) {
      refuse("needed rows of two intents at least, found " + std::to_string(examples_.labels.size()));
    }
    std::vector<bool> learnt(examples_.labels.size() + 1);
    for (const Example& row : examples_.rows) {
      if (!row.measures) learnt[row.label] = true;
    }
    for (size_t i = 0; i < examples_.labels.size(); ++i) {
      if (!learnt[i])
        refuse("intent '" + examples_.labels[i] + "' has rows of split 'val' only; needed one to learn from");
    }
    if (examples_.out_of_scope > 0 && !learnt[examples_.labels.size()]) {
      refuse("intent '" + options_.scope_label +
             "' (out of scope) has rows of split 'val' only; needed one to learn from");
    }
  }

  const ExampleOptions& options_;
  Examples examples_;
  std::map<std::string, uint32_t> numbers_;
};

}  // namespace

Examples read_examples(const std::vector<std::string>& paths, const ExampleOptions& options,
                       const std::function<void(double)>& on_share) {
  Reader reader(options);
  for (size_t i = 0; i < paths.size(); ++i) {
    nlu::read_rows(
        paths[i], {{"text"}, {"intent"}, {"split", false}}, nlu::OtherColumns::refused,
        [&](const nlu::Row& row) { reader.add(row); },
        [&](uint64_t done, uint64_t total) {
          const double part = total == 0 ? 1 : static_cast<double>(done) / static_cast<double>(total);
          on_share((static_cast<double>(i) + part) / static_cast<double>(paths.size()));
        },
        reader.skipped());
  }
  return reader.finish();
}

}  // namespace dormouse::intent
