#include "classifier.h"

#include <catch2/catch.hpp>

#include <cmath>

#include "small_set.h"
#include "support/temp_folder.h"

namespace dormouse::intent {

namespace {

struct TwoIntents {
  explicit TwoIntents(bool scope, Calibration calibration = {4, -1e6f})
      : bytes(encode_model(two_intents(scope), calibration, Precision::int8)) {}
  const std::vector<std::byte> bytes;
  const Model model = Model::view(bytes, "m");
  const Classifier classifier{model};
};

}  // namespace

TEST_CASE("the best intent is named with its probability") {
  const TwoIntents two(false);
  const Decision decision = two.classifier.classify("turn left", 3);
  CHECK(decision.best.name == "a");
  CHECK(decision.best.confidence == Approx(1 / (1 + std::exp(-8.0))));
  REQUIRE(decision.alternative_count == 1);
  CHECK(decision.alternatives[0].name == "b");
  CHECK(decision.best.confidence + decision.alternatives[0].confidence == Approx(1));
}

TEST_CASE("the name stays the best intent when the text is out of scope") {
  const TwoIntents two(true, {4, 0});
  const Decision inside = two.classifier.classify("left", 0);
  CHECK_FALSE(inside.out_of_scope);
  const Decision outside = two.classifier.classify("something else", 0);
  CHECK(outside.out_of_scope);
  CHECK((outside.best.name == "a" || outside.best.name == "b"));
  CHECK(outside.best.confidence < 0.1);
  CHECK(outside.alternative_count == 0);
}

TEST_CASE("a text without anything known is out of scope") {
  const TwoIntents two(true);
  CHECK(two.classifier.classify("", 3).out_of_scope);
  CHECK(two.classifier.classify("نص", 3).out_of_scope);
  CHECK_FALSE(two.classifier.classify("left", 3).out_of_scope);
}

TEST_CASE("a model that has learnt nothing out of scope calls nothing so") {
  const TwoIntents two(false, {4, 1e6f});  // files of former versions have such a threshold
  for (const char* text : {"left", "something else", "", "نص"}) {
    INFO(text);
    CHECK_FALSE(two.classifier.classify(text, 0).out_of_scope);
  }
}

TEST_CASE("scratch memory carries nothing from one text to the next") {
  const TempFolder folder;
  const Model model = Model::open(small_model(folder.path()));
  const Classifier classifier(model);
  Classifier::Scratch scratch;
  for (const char* text :
       {"will it rain", "", "play a song now", "zeig mir Fahrkarten nach Köln", "wake me up at seven"}) {
    const Decision fresh = classifier.classify(text, 3);
    const Decision reused = classifier.classify(text, 3, &scratch);
    CHECK(fresh.best.name == reused.best.name);
    CHECK(fresh.best.confidence == reused.best.confidence);
    CHECK(fresh.out_of_scope == reused.out_of_scope);
    for (size_t i = 0; i < fresh.alternative_count; ++i)
      CHECK(fresh.alternatives[i].name == reused.alternatives[i].name);
  }
}

TEST_CASE("alternatives come most probable first and without the best") {
  const TempFolder folder;
  const Model model = Model::open(small_model(folder.path()));
  const Decision decision = Classifier(model).classify("play a song in the kitchen", kAlternativesMax);
  CHECK(decision.best.name == "music");
  REQUIRE(decision.alternative_count == 3);
  float last = decision.best.confidence;
  for (size_t i = 0; i < decision.alternative_count; ++i) {
    CHECK(decision.alternatives[i].confidence <= last);
    CHECK(decision.alternatives[i].name != "music");
    last = decision.alternatives[i].confidence;
  }
}

TEST_CASE("any text is answered") {
  const TempFolder folder;
  const Model model = Model::open(small_model(folder.path()));
  const Classifier classifier(model);
  for (const std::string& text : {std::string(1 << 20, 'a'), std::string(1 << 20, '\x80'), std::string("\0\0", 2),
                                  std::string("🎵🎵"), std::string("مرحبا بالعالم"), std::string("e\xCC\x81\xCC\x81")}) {
    const Decision decision = classifier.classify(text, 3);
    CHECK_FALSE(decision.best.name.empty());
    CHECK((decision.best.confidence >= 0 && decision.best.confidence <= 1));
  }
}

}  // namespace dormouse::intent
