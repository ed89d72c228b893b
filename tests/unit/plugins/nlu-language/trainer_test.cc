#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "detector.h"
#include "support/temp_folder.h"
#include "trainer.h"
#include "training_rows.h"

namespace dormouse::language {

namespace {
const auto kSilent = [](double, const char*) {};

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
}  // namespace

TEST_CASE("the same rows give the same bytes") {
  const TempFolder folder;
  const std::string rows = write_text(folder / "rows.tsv", training_tsv());
  train({rows}, folder / "a", {}, kSilent);
  train({rows}, folder / "b", {}, kSilent);
  CHECK(content_of(folder / "a") == content_of(folder / "b"));
}

TEST_CASE("the report counts what was there") {
  const TempFolder folder;
  std::string tsv = training_tsv();
  tsv += "eng_Latn\t12345\n";               // no letter
  tsv += "rus_Cyrl\tonly Latin letters\n";  // a slip
  const TrainReport report = train({write_text(folder / "rows.tsv", tsv)}, folder / "model", {}, kSilent);
  CHECK(report.languages == 8);
  CHECK(report.classes == 9);
  CHECK(report.rows == training_rows().size() + 2);
  CHECK(report.rows_dropped == 2);
  CHECK(report.model_bytes == std::filesystem::file_size(folder / "model"));
  CHECK(report.weights >= report.ngrams);
}

TEST_CASE("rows of several files add up") {
  const TempFolder folder;
  const std::string a = write_text(folder / "a.tsv", "lang\ttext\neng\tthe weather is fine\n");
  const std::string b = write_text(folder / "b.tsv", "text\tlang\ndas Wetter ist schön\tdeu\n");
  const TrainReport report = train({a, b}, folder / "model", {}, kSilent);
  CHECK(report.languages == 2);
  CHECK(report.rows == 2);
  const Model model = Model::open(folder / "model");
  CHECK(Detector(model, {}, 0).detect("schön ist das", 0).best.code == "deu");
}

TEST_CASE("a label without a script takes the script of its rows") {
  const TempFolder folder;
  const std::string rows =
      write_text(folder / "rows.tsv", "lang\ttext\nsrp\tдобар дан\nsrp\tdobar dan\neng\tgood day\n");
  const TrainReport report = train({rows}, folder / "model", {}, kSilent);
  CHECK(report.languages == 2);
  CHECK(report.classes == 3);
  const Model model = Model::open(folder / "model");
  const Detector detector(model, {}, 0);
  CHECK(detector.detect("добар дан", 0).best.script == "Cyrl");
  CHECK(detector.detect("dobar dan", 0).best.script == "Latn");
  CHECK(detector.detect("dobar dan", 0).best.code == "srp");
}

TEST_CASE("a language that is rare in practice loses a tie") {
  const TempFolder folder;
  const auto winner = [&](const char* weight_of_a) {
    const std::string rows = std::string("lang\tweight\ttext\naaa\t") + weight_of_a + "\thotel\nbbb\t1\thotel\n";
    train({write_text(folder / "rows.tsv", rows)}, folder / "model", {}, kSilent);
    const Model model = Model::open(folder / "model");
    return std::string(Detector(model, {}, 0).detect("hotel", 0).best.code);
  };
  CHECK(winner("0.05") == "bbb");
  CHECK(winner("20") == "aaa");
}

TEST_CASE("one language alone is refused") {
  const TempFolder folder;
  const std::string rows = write_text(folder / "rows.tsv", "lang\ttext\neng\tone\neng\ttwo\n");
  CHECK(failure_of([&] { train({rows}, folder / "model", {}, kSilent); }) ==
        "3 the training data: needed rows of two languages at least, found 1");
  CHECK_FALSE(std::filesystem::exists(folder / "model"));
}

TEST_CASE("a small limit leaves out n-grams and keeps the answers") {
  const TempFolder folder;
  const std::string rows = write_text(folder / "rows.tsv", training_tsv());
  const TrainReport whole = train({rows}, folder / "whole", {}, kSilent);
  TrainOptions options;
  options.bytes_max = 0.5 * static_cast<double>(whole.model_bytes);
  const TrainReport half = train({rows}, folder / "half", options, kSilent);
  CHECK(half.model_bytes < 0.6 * static_cast<double>(whole.model_bytes));
  const Model model = Model::open(folder / "half");
  CHECK(Detector(model, {}, 0).detect("das Haus, das sie gekauft hatten", 0).best.code == "deu");
}

TEST_CASE("progress rises from 0 to 1 and can stop the training") {
  const TempFolder folder;
  const std::string rows = write_text(folder / "rows.tsv", training_tsv());
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

}  // namespace dormouse::language
