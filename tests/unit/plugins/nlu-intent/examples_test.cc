#include "examples.h"

#include <catch2/catch.hpp>

#include <algorithm>

#include "small_set.h"
#include "support/temp_folder.h"

namespace dormouse::intent {

namespace {

Examples read(const std::string& content, const ExampleOptions& options = {}) {
  const TempFolder folder;
  return read_examples({write_text(folder / "d.tsv", content)}, options, [](double) {});
}

std::string problem_with(const std::string& content) {
  std::string failure = failure_of([&] { read(content); });
  const size_t at = failure.find("/d.tsv");
  const size_t begin = failure.find('/');
  return at == std::string::npos ? failure : failure.erase(begin, at + 1 - begin);
}

size_t measuring(const Examples& examples) {
  return static_cast<size_t>(
      std::count_if(examples.rows.begin(), examples.rows.end(), [](const Example& e) { return e.measures; }));
}

}  // namespace

TEST_CASE("labels are in order and out of scope stands behind them") {
  const Examples examples = read("text\tintent\nx\tb\ny\toos\nz\ta\n");
  CHECK(examples.labels == std::vector<std::string>{"a", "b"});
  CHECK(examples.rows[0].label == 1);
  CHECK(examples.rows[1].label == 2);
  CHECK(examples.out_of_scope == 1);
}

TEST_CASE("the label of what is out of scope is a choice") {
  ExampleOptions options;
  options.scope_label = "other";
  const Examples examples = read("text\tintent\nx\tb\ny\toos\nz\tother\n", options);
  CHECK(examples.labels == std::vector<std::string>{"b", "oos"});
  CHECK(examples.rows[2].label == 2);
}

TEST_CASE("a column says which rows measure") {
  const Examples examples = read("text\tintent\tsplit\nx\ta\ttrain\ny\ta\tval\nz\tb\t\n");
  CHECK(examples.split_given);
  CHECK_FALSE(examples.rows[0].measures);
  CHECK(examples.rows[1].measures);
  CHECK_FALSE(examples.rows[2].measures);
}

TEST_CASE("without it a tenth of each intent measures and the order of rows does not matter") {
  std::string forward = "text\tintent\n", backward = "text\tintent\n";
  for (int i = 0; i < 40; ++i) forward += "number " + std::to_string(i) + "\ta\n";
  for (int i = 39; i >= 0; --i) backward += "number " + std::to_string(i) + "\ta\n";
  forward += "rare\tb\n";
  backward += "rare\tb\n";
  const Examples a = read(forward), b = read(backward);
  CHECK(measuring(a) == 4);
  CHECK_FALSE(a.rows[40].measures);
  for (size_t i = 0; i < 40; ++i) CHECK(a.rows[i].measures == b.rows[39 - i].measures);
}

TEST_CASE("rows that cannot be learnt from are refused with a sentence") {
  CHECK(problem_with("text\tintent\nx\ta\ny\ta\n") ==
        "3 the training data: needed rows of two intents at least, found 1");
  CHECK(problem_with("text\tintent\nx\ta\ny\toos\n") ==
        "3 the training data: needed rows of two intents at least, found 1");
  CHECK(problem_with("text\tintent\tsplit\nx\ta\ttest\n") ==
        "3 d.tsv:2: column 'split' needs 'train' or 'val', found 'test'");
  CHECK(problem_with("text\tintent\tsplit\nx\ta\ttrain\nx\tb\tval\n") ==
        "3 the training data: intent 'b' has rows of split 'val' only; needed one to learn from");
  CHECK(problem_with("text\tlabel\nx\ta\n") ==
        "3 d.tsv:1: needed a line of column names with 'text' and 'intent', found 'text?label'");
  CHECK(problem_with("text\tintent\tsource\nx\ta\tb\n") ==
        "3 d.tsv:1: unknown column 'source'; known are 'text', 'intent' and 'split'");
  CHECK(problem_with("text\tintent\n \ta\n") == "3 d.tsv:2: column 'text' is empty");
  CHECK(problem_with("text\tintent\nx\xFF\ta\n") == "3 d.tsv:2: column 'text' is not UTF-8");
  CHECK(problem_with("text\tintent\nx\t" + std::string(201, 'a') + "\n") ==
        "3 d.tsv:2: column 'intent' is longer than 200 bytes");
}

}  // namespace dormouse::intent
