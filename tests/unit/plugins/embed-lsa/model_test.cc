#include "model.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <cstring>
#include <random>

#include "small_corpus.h"
#include "support/temp_folder.h"

namespace dormouse::lsa {
namespace {

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

// Knows "left" and "right", in opposite directions, and "both", which is neither.
ModelContent two_words() {
  ModelContent content;
  content.features = {1, 1, 0, 0, 1, 0};
  content.dimension = 2;
  std::vector<nlu::Feature> features;
  nlu::read_features("left right both", content.features, &features);
  for (const nlu::Feature& feature : features) content.hashes.push_back(feature.hash);
  content.idf.assign(content.hashes.size(), 1);
  content.vectors = {1, 0, -1, 0, 0, 2};
  return content;
}

std::vector<float> vector_of(const Model& model, const std::string& text, const std::string& title = "") {
  Scratch scratch;
  std::vector<float> out(model.dimension());
  model.embed({text, title}, &scratch, out.data());
  return out;
}

}  // namespace

TEST_CASE("the vector of a text is the sum of its words scaled to length 1 in every precision") {
  REQUIRE(two_words().hashes.size() == 3);
  for (nlu::Precision precision : {nlu::Precision::int8, nlu::Precision::float16, nlu::Precision::float32}) {
    const std::vector<std::byte> bytes = encode_model(two_words(), precision);
    const Model model = Model::view(bytes, "m");
    INFO(nlu::precision_name(precision));
    CHECK(vector_of(model, "LEFT") == std::vector<float>{1, 0});
    CHECK(vector_of(model, "right, right") == std::vector<float>{-1, 0});
    const std::vector<float> mixed = vector_of(model, "left both");
    CHECK(mixed[0] == Approx(1 / std::sqrt(5.0)).margin(1e-6));
    CHECK(mixed[1] == Approx(2 / std::sqrt(5.0)).margin(1e-6));
    CHECK(vector_of(model, "both", "left") == mixed);  // a title is read like text
  }
}

TEST_CASE("a text of which nothing is known is zero") {
  const std::vector<std::byte> bytes = encode_model(two_words(), nlu::Precision::int8);
  const Model model = Model::view(bytes, "m");
  CHECK(vector_of(model, "unheard of") == std::vector<float>{0, 0});
  CHECK(vector_of(model, "") == std::vector<float>{0, 0});
  CHECK(vector_of(model, "left right") == std::vector<float>{0, 0});  // they cancel each other out
}

TEST_CASE("of a very long text beginning and end are read") {
  const std::vector<std::byte> bytes = encode_model(two_words(), nlu::Precision::int8);
  const Model model = Model::view(bytes, "m");
  const std::string long_text(10 * kTextBytesMax, ' ');
  CHECK(vector_of(model, "left" + long_text) == std::vector<float>{1, 0});
  CHECK(vector_of(model, long_text + "left") == std::vector<float>{1, 0});
  CHECK(vector_of(model, long_text + "left" + long_text) == std::vector<float>{0, 0});
}

TEST_CASE("a truncated embedding model is refused at every length") {
  const TempFolder folder;
  const std::string whole = content_of(small_model(folder.path()));
  for (size_t size = 0; size < whole.size(); size = size < 600 ? size + 1 : size + 997) {
    AlignedCopy cut(std::string_view(whole).substr(0, size));
    INFO(size);
    const std::string failure = failure_of([&] { Model::view(cut.bytes(), "m"); });
    CHECK(failure.substr(0, 3) == "15 ");
    CHECK(failure.find("train it again") != std::string::npos);
  }
}

TEST_CASE("damage behind valid checksums of an embedding model is refused or harmless") {
  const TempFolder folder;
  const std::string whole = content_of(small_model(folder.path()));
  std::mt19937 random(1);
  size_t answered = 0;
  for (int round = 0; round < 3000; ++round) {
    AlignedCopy copy(whole);
    const size_t from = 32, to = round % 2 == 0 ? 600 : whole.size();
    for (int i = 0; i < 3; ++i) copy.bytes()[from + random() % (to - from)] = static_cast<std::byte>(random());
    nlu::seal_model_file(copy.bytes());
    try {
      const Model model = Model::view(copy.bytes(), "m");
      for (const char* text : {"will it rain tomorrow", "", "\xE5\xB0\x8F\xE3\x81\x95\xE3\x81\xAA"}) {
        for (const float x : vector_of(model, text)) CHECK(std::fabs(x) <= 1.001f);
      }
      ++answered;
    } catch (const Failure& failure) {
      CHECK((failure.status() == DM_DATA_LOSS || failure.status() == DM_FAILED_PRECONDITION));
    }
  }
  CHECK(answered > 100);
}

TEST_CASE("numbers that are none give a vector of zeros") {
  ModelContent content = two_words();
  content.vectors[0] = INFINITY;
  const std::vector<std::byte> bytes = encode_model(content, nlu::Precision::float32);
  CHECK(vector_of(Model::view(bytes, "m"), "left") == std::vector<float>{0, 0});
}

}  // namespace dormouse::lsa
