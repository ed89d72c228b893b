#include "trainer.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>

#include "classifier.h"
#include "small_set.h"
#include "support/temp_folder.h"

namespace dormouse::intent {

namespace {
const auto kSilent = [](double, const char*) {};
}

TEST_CASE("the same rows give the same bytes") {
  const TempFolder folder;
  const std::string rows = write_text(folder / "rows.tsv", small_tsv());
  train({rows}, folder / "a", {}, kSilent);
  train({rows}, folder / "b", {}, kSilent);
  CHECK(content_of(folder / "a") == content_of(folder / "b"));
}

TEST_CASE("the report counts what was there") {
  const TempFolder folder;
  const TrainReport report = train({write_text(folder / "rows.tsv", small_tsv())}, folder / "model", {}, kSilent);
  CHECK(report.intents == 4);
  CHECK(report.rows == 60);
  CHECK(report.out_of_scope_rows == 12);
  CHECK(report.dev_rows == 5);
  CHECK(report.dev.in_scope == 4);
  CHECK(report.dev.out_of_scope == 1);
  CHECK(report.model_bytes == std::filesystem::file_size(folder / "model"));
}

TEST_CASE("what was learnt is answered in every precision") {
  const TempFolder folder;
  const std::string rows = write_text(folder / "rows.tsv", small_tsv());
  for (const Precision precision : {Precision::int8, Precision::float16, Precision::float32}) {
    TrainOptions options;
    options.precision = precision;
    train({rows}, folder / "model", options, kSilent);
    const Model model = Model::open(folder / "model");
    CHECK(model.facts().precision == precision);
    CHECK(Classifier(model).classify("will it rain in Paris", 0).best.name == "weather");
    CHECK(Classifier(model).classify("wie komme ich zum Museum", 0).best.name == "reise");
  }
}

TEST_CASE("confusions are counted on rows that were not learnt from") {
  const TempFolder folder;
  std::string tsv = "text\tintent\tsplit\n";
  for (int i = 0; i < 8; ++i) tsv += "left turn\ta\ttrain\nright turn\tb\ttrain\n";
  tsv += "left turn\tb\tval\nleft turn\ta\tval\n";
  TrainOptions options;
  options.learn_dev = false;
  const TrainReport report = train({write_text(folder / "rows.tsv", tsv)}, folder / "model", options, kSilent);
  REQUIRE(report.confused.size() == 1);
  CHECK(report.confused[0].intent == "b");
  CHECK(report.confused[0].taken_for == "a");
  CHECK(report.dev.accuracy == 0.5);
}

TEST_CASE("a small limit leaves out n-grams and keeps the answers") {
  const TempFolder folder;
  const std::string rows = write_text(folder / "rows.tsv", small_tsv());
  const TrainReport whole = train({rows}, folder / "whole", {}, kSilent);
  TrainOptions options;
  options.bytes_max = 0.3 * static_cast<double>(whole.model_bytes);
  const TrainReport small = train({rows}, folder / "small", options, kSilent);
  CHECK(small.model_bytes < whole.model_bytes / 2);
  CHECK(small.ngrams_left_out > 0);
  const Model model = Model::open(folder / "small");
  CHECK(Classifier(model).classify("set an alarm at seven", 0).best.name == "alarm");
}

TEST_CASE("few examples keep every n-gram and many do not") {
  const TempFolder folder;
  const auto trained = [&](int rows_each) {
    std::string tsv = "text\tintent\tsplit\n";
    for (int i = 0; i < rows_each; ++i) {
      for (const char* intent : {"left", "right"}) {
        tsv += std::string("go ") + intent + " " + std::to_string(i) + "\t" + intent + "\ttrain\n";
      }
    }
    TrainOptions options;
    options.examples.dev_share = 0;
    return train({write_text(folder / "rows.tsv", tsv)}, folder / "model", options, kSilent);
  };
  const TrainReport few = trained(51), many = trained(52);  // one row of each measures
  CHECK(few.rows_min == 1);
  CHECK(many.rows_min == 2);
}

TEST_CASE("bad rows are left out and counted when the training is told so") {
  const TempFolder folder;
  std::string tsv = small_tsv();
  const auto line = static_cast<size_t>(std::count(tsv.begin(), tsv.end(), '\n')) + 1;
  for (int i = 0; i < 12; ++i) tsv += "\tweather\n";
  const std::string rows = write_text(folder / "rows.tsv", tsv);
  const std::string place = rows + ":" + std::to_string(line);
  CHECK(failure_of([&] { train({rows}, folder / "model", {}, kSilent); }) == "3 " + place + ": column 'text' is empty");
  TrainOptions options;
  options.examples.skip_bad = true;
  const TrainReport report = train({rows}, folder / "model", options, kSilent);
  CHECK(report.rows == 60);
  CHECK(report.skipped.count() == 12);
  REQUIRE(report.skipped.first().size() == 10);
  CHECK(report.skipped.first()[0].place == place);
  CHECK(report.skipped.first()[0].why == "column 'text' is empty");
  const std::string bad = write_text(folder / "bad.tsv", "text\tintent\n\ta\n\tb\n");
  CHECK(failure_of([&] { train({bad}, folder / "model", options, kSilent); }) ==
        "3 the training data: all 2 rows were refused, the first of them " + bad + ":2: column 'text' is empty");
}

TEST_CASE("texts out of scope that only measure are refused") {
  const TempFolder folder;
  const std::string rows =
      write_text(folder / "rows.tsv", "text\tintent\tsplit\nleft\ta\ttrain\nright\tb\ttrain\nelse\toos\tval\n");
  CHECK(failure_of([&] { train({rows}, folder / "model", {}, kSilent); }) ==
        "3 the training data: intent 'oos' (out of scope) has rows of split 'val' only; needed one to learn from");
}

TEST_CASE("texts without a letter are refused and no model is written") {
  const TempFolder folder;
  const std::string rows = write_text(folder / "rows.tsv", "text\tintent\n?\ta\n!\tb\n");
  CHECK(failure_of([&] { train({rows}, folder / "model", {}, kSilent); }) ==
        "3 the training data: no letter or digit stands in 1 text");
  CHECK_FALSE(std::filesystem::exists(folder / "model"));
}

TEST_CASE("progress rises from 0 to 1 and can stop the training") {
  const TempFolder folder;
  const std::string rows = write_text(folder / "rows.tsv", small_tsv());
  double last = 0;
  bool rose = true;
  train({rows}, folder / "model", {}, [&](double done, const char*) {
    rose = rose && done >= last && done <= 1;
    last = done;
  });
  CHECK(rose);
  CHECK(last > 0.9);
  const auto stop = [](double done, const char*) {
    if (done > 0.4) throw Failure(DM_CANCELLED, "stop");
  };
  CHECK(failure_of([&] { train({rows}, folder / "stopped", {}, stop); }) == "1 stop");
  CHECK_FALSE(std::filesystem::exists(folder / "stopped"));
}

}  // namespace dormouse::intent
