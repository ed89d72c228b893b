#include "trainer.h"

#include <catch2/catch.hpp>

#include "small_corpus.h"
#include "support/temp_folder.h"

namespace dormouse::lsa {
namespace {

std::string refusal_of(const std::string& content, TrainOptions options = small_options()) {
  const TempFolder folder;
  const std::string rows = write_text(folder.path() + "/rows.tsv", content);
  std::string said = failure_of([&] { train({rows}, folder.path() + "/m", options, [](double, const char*) {}); });
  const size_t at = said.find(folder.path() + "/");
  return at == std::string::npos ? said : said.erase(at, folder.path().size() + 1);
}

}  // namespace

TEST_CASE("texts about the same are near without a word in common") {
  const TempFolder folder;
  const Model model = Model::open(small_model(folder.path()));
  CHECK(cosine(model, "rain", "storm wind") > 0.4);
  CHECK(cosine(model, "pasta", "garlic oil") > 0.7);
  CHECK(cosine(model, "rain", "pasta") < 0.3);
  CHECK(cosine(model, "wake", "storm wind") < 0.3);
}

TEST_CASE("a word written wrong is near the right one by its letters") {
  const TempFolder folder;
  TrainOptions options = small_options();
  options.features.letters_min = 2;
  const Model model = Model::open(small_model(folder.path(), options));
  CHECK(cosine(model, "garlik", "garlic") > 0.7);
  CHECK(cosine(model, "garlik", "storm") < 0.3);
}

TEST_CASE("the same rows make the same embedding model") {
  const TempFolder one, two;
  CHECK(content_of(small_model(one.path())) == content_of(small_model(two.path())));
}

TEST_CASE("texts marked val measure and are learnt afterwards unless told otherwise") {
  const TempFolder folder;
  std::string rows = "text\tsplit\n";
  for (int i = 0; i < 20; ++i) rows += "sun and rain day " + std::to_string(i) + "\ttrain\n";
  rows += "moonlight and rain\tval\nmoonlight and sun\tval\n";
  const std::string path = write_text(folder.path() + "/rows.tsv", rows);
  TrainOptions options = small_options();
  const TrainReport report = train({path}, folder.path() + "/all", options, [](double, const char*) {});
  CHECK(report.texts == 22);
  CHECK(report.dev_texts == 2);
  CHECK(report.dev_kept > 0.1);
  CHECK(report.dev_cosine > 0.99);
  options.learn_dev = false;
  train({path}, folder.path() + "/part", options, [](double, const char*) {});
  CHECK(cosine(Model::open(folder.path() + "/all"), "moonlight", "moonlight") == Approx(1));
  CHECK(cosine(Model::open(folder.path() + "/part"), "moonlight", "moonlight") == 0);
}

TEST_CASE("fewer n-grams than there are leaves out those of the fewest texts") {
  const TempFolder folder;
  const std::string rows = write_text(folder.path() + "/rows.tsv", small_tsv());
  TrainOptions options = small_options();
  options.features_max = 10;
  const TrainReport report = train({rows}, folder.path() + "/m", options, [](double, const char*) {});
  CHECK(report.ngrams == 10);
  CHECK(report.ngrams_left_out > 10);
}

TEST_CASE("rows that nothing can be learnt from are refused with file and line") {
  CHECK(refusal_of("intent\na\n").find("rows.tsv:1: ") != std::string::npos);
  CHECK(refusal_of("text\tsplit\nhello\ttrain\nyou\ttest\n") ==
        "3 rows.tsv:3: column 'split' needs 'train' or 'val', found 'test'");
  CHECK(refusal_of("text\nhello\n") == "3 the training data: needed two texts to learn from at least, found 1");
  CHECK(refusal_of("text\nhello\nworld\n").find("no n-gram stands in 2 texts") != std::string::npos);
  CHECK(refusal_of("text\nhello\n\xFF\n").find("rows.tsv:3: ") != std::string::npos);
}

}  // namespace dormouse::lsa
