#include "model.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <cstring>
#include <random>

#include "classifier.h"
#include "small_set.h"
#include "support/temp_folder.h"

namespace dormouse::intent {

namespace {

const std::vector<Precision> kPrecisions = {Precision::int8, Precision::float16, Precision::float32};

std::string refusal_of(std::span<const std::byte> bytes) {
  return failure_of([&] { Model::view(bytes, "m"); });
}

// Bytes on a boundary that a mapping would have.
class AlignedCopy {
 public:
  explicit AlignedCopy(std::string_view from) : words_(from.size() / 8 + 1), size_(from.size()) {
    if (!from.empty()) std::memcpy(words_.data(), from.data(), from.size());
  }
  std::span<std::byte> bytes() { return {reinterpret_cast<std::byte*>(words_.data()), size_}; }

 private:
  std::vector<uint64_t> words_;
  size_t size_;
};

}  // namespace

TEST_CASE("what was written is looked up in every precision") {
  for (Precision precision : kPrecisions) {
    const std::vector<std::byte> bytes = encode_model(two_intents(false), {}, precision);
    const Model model = Model::view(bytes, "m");
    INFO(precision_name(precision));
    TermSearch search;
    model.find_terms("go left and left", &search);
    std::vector<float> scores(2);
    model.score(search.terms, scores);
    CHECK(scores[0] == Approx(1));
    CHECK(scores[1] == Approx(-1));
    CHECK(model.label(1) == "b");
  }
}

TEST_CASE("a truncated model is refused at every length") {
  const TempFolder folder;
  const std::string whole = content_of(small_model(folder.path()));
  for (size_t size = 0; size < whole.size(); size = size < 600 ? size + 1 : size + 997) {
    AlignedCopy cut(std::string_view(whole).substr(0, size));
    const std::string failure = refusal_of(cut.bytes());
    INFO(size);
    CHECK(failure.substr(0, 3) == "15 ");
    CHECK(failure.find("train it again") != std::string::npos);
  }
}

TEST_CASE("a model with any bit of a section turned is refused") {
  const TempFolder folder;
  const std::string whole = content_of(small_model(folder.path()));
  for (size_t at = 0; at < whole.size(); at = at < 600 ? at + 1 : at + 499) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    AlignedCopy copy(damaged);
    // Between sections are bytes that mean nothing.
    if (whole[at] == 0 && refusal_of(copy.bytes()).empty()) continue;
    INFO(at);
    const std::string failure = refusal_of(copy.bytes());
    CHECK((failure.substr(0, 3) == "15 " || failure.substr(0, 2) == "9 "));
  }
}

TEST_CASE("sections that do not fit each other are refused") {
  ModelContent content = two_intents(false);
  content.idf.pop_back();
  CHECK(refusal_of(encode_model(content, {}, Precision::int8)) ==
        "15 model m: its sections do not fit each other; train it again");
  content = two_intents(false);
  content.idf[0] = NAN;
  CHECK(refusal_of(encode_model(content, {}, Precision::int8)) ==
        "15 model m: it has impossible numbers; train it again");
  content = two_intents(false);
  content.labels[0] = "a\nc";
  CHECK(refusal_of(encode_model(content, {}, Precision::int8)) ==
        "15 model m: it has another number of labels than intents; train it again");
  content = two_intents(false);
  content.features.letters_max = 100;
  CHECK(refusal_of(encode_model(content, {}, Precision::int8)) ==
        "15 model m: it has impossible n-grams; train it again");
}

TEST_CASE("damage behind valid checksums is refused or harmless") {
  // What an attacker, or a bug in the writer, could do: reading stays inside the file. Run under the address sanitizer.
  const TempFolder folder;
  const std::string whole = content_of(small_model(folder.path()));
  std::mt19937 random(1);
  size_t answered = 0;
  for (int round = 0; round < 3000; ++round) {
    AlignedCopy copy(whole);
    // Half of the damage goes to the tables in front, where offsets and counts are.
    const size_t from = 32, to = round % 2 == 0 ? 800 : whole.size();
    for (int i = 0; i < 3; ++i) copy.bytes()[from + random() % (to - from)] = static_cast<std::byte>(random());
    nlu::seal_model_file(copy.bytes());
    try {
      const Model model = Model::view(copy.bytes(), "m");
      const Classifier classifier(model);
      for (const char* text : {"will it rain tomorrow", "wie komme ich nach Köln", "", "小さな動物"}) {
        const Decision decision = classifier.classify(text, 10);
        CHECK(decision.alternative_count <= 10);
        CHECK((decision.best.confidence >= 0 && decision.best.confidence <= 1));
      }
      ++answered;
    } catch (const Failure& failure) {
      CHECK((failure.status() == DM_DATA_LOSS || failure.status() == DM_FAILED_PRECONDITION));
    }
  }
  CHECK(answered > 100);
}

TEST_CASE("weights that are no numbers give finite scores") {
  ModelContent content = two_intents(false);
  content.weights[0] = INFINITY;
  content.weights[1] = NAN;
  const std::vector<std::byte> bytes = encode_model(content, {}, Precision::float32);
  const Model model = Model::view(bytes, "m");
  const Decision decision = Classifier(model).classify("left", 1);
  CHECK(std::isfinite(decision.best.confidence));
}

TEST_CASE("a model that is not there is not found") {
  CHECK(failure_of([] { Model::open("/nowhere/model"); }) == "5 model /nowhere/model: No such file or directory");
}

}  // namespace dormouse::intent
