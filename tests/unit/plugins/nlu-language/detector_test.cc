#include <catch2/catch.hpp>

#include <string>
#include <thread>

#include "detector.h"
#include "support/temp_folder.h"
#include "training_rows.h"

namespace dormouse::language {

namespace {
struct Fixture {
  TempFolder folder;
  Model model = small_model(folder.path());
  Detector detector{model, {}, 0};
  std::string code(const std::string& text) const { return std::string(detector.detect(text, 3).best.code); }
};
}  // namespace

TEST_CASE("languages of one script are told apart by their words") {
  const Fixture f;
  CHECK(f.code("what is the weather like in the morning") == "eng");
  CHECK(f.code("wie wird das Wetter morgen früh") == "deu");
  CHECK(f.code("quel temps fait-il dans la forêt") == "fra");
  CHECK(f.code("какая погода будет утром") == "rus");
  CHECK(f.code("какво ще бъде времето") == "bul");
}

TEST_CASE("a script of one language decides alone") {
  const Fixture f;
  const Detection d = f.detector.detect("Καλημέρα σας", 3);
  CHECK(d.best.code == "ell");
  CHECK(d.best.script == "Grek");
  CHECK(d.best.confidence > 0.99);
  CHECK(d.alternative_count == 0);
}

TEST_CASE("Chinese in two scripts is one language") {
  const Fixture f;
  CHECK(f.detector.detect("没有人知道天气", 3).best.script == "Hans");
  const Detection d = f.detector.detect("沒有人知道天氣", 3);
  CHECK(d.best.code == "zho");
  CHECK(d.best.script == "Hant");
  for (size_t i = 0; i < d.alternative_count; ++i) CHECK(d.alternatives[i].code != "zho");
}

TEST_CASE("a text that does not tell is und with confidence 0") {
  const Fixture f;
  for (const char* text : {"", "   ", "12345", "!?", "😀👍", "https://example.org/"}) {
    const Detection d = f.detector.detect(text, 3);
    CHECK(d.best.code == "und");
    CHECK(d.best.script == "Zyyy");
    CHECK(d.best.confidence == 0);
    CHECK(d.alternative_count == 0);
  }
}

TEST_CASE("a script nobody taught is und with its script named") {
  const Fixture f;
  const Detection d = f.detector.detect("ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ", 3);
  CHECK(d.best.code == "und");
  CHECK(d.best.script == "Cher");
  CHECK(d.best.confidence == 0);
}

TEST_CASE("confidences are probabilities in order") {
  const Fixture f;
  const Detection d = f.detector.detect("hotel", 10);
  double sum = d.best.confidence, before = d.best.confidence;
  CHECK(d.alternative_count == 2);
  for (size_t i = 0; i < d.alternative_count; ++i) {
    CHECK(d.alternatives[i].confidence <= before);
    before = d.alternatives[i].confidence;
    sum += before;
  }
  CHECK(sum <= 1.0 + 1e-6);
  CHECK(sum > 0.99);
}

TEST_CASE("as many runners-up as were asked for") {
  const Fixture f;
  CHECK(f.detector.detect("hotel", 0).alternative_count == 0);
  CHECK(f.detector.detect("hotel", 1).alternative_count == 1);
}

TEST_CASE("one letter is trusted less than a word") {
  const Fixture f;
  CHECK(f.detector.detect("α", 0).best.confidence == Approx(0.75));
  CHECK(f.detector.detect("αβγδ", 0).best.confidence > 0.99);
}

TEST_CASE("only allowed languages are answered") {
  const Fixture f;
  const Detector detector(f.model, {"deu", "fra"}, 0);
  const Detection d = detector.detect("what is the weather like", 10);
  CHECK(d.best.code != "eng");
  CHECK(d.alternative_count == 1);
  CHECK(detector.detect("какая погода", 3).best.code == "und");
  CHECK(detector.detect("какая погода", 3).best.script == "Cyrl");
}

TEST_CASE("a code the model does not know is refused by name") {
  const Fixture f;
  CHECK(
      failure_of([&] {
        Detector(f.model, {"deu", "xxx"}, 0);
      }) ==
      "3 setting 'languages': the model has no language 'xxx'; needed ISO 639-3 codes of languages it was trained on");
}

TEST_CASE("below the confidence asked for the answer is und and the guess an alternative") {
  const Fixture f;
  const Detector detector(f.model, {}, 1.0);
  const Detection d = detector.detect("wie wird das Wetter", 3);
  CHECK(d.best.code == "und");
  CHECK(d.best.script == "Latn");
  CHECK(d.best.confidence == 0);
  REQUIRE(d.alternative_count == 3);
  CHECK(d.alternatives[0].code == "deu");
}

TEST_CASE("any bytes of any length get an answer") {
  const Fixture f;
  for (const char* unit : {"a", "ж", "語", "\xFF", "\xCC\x81", "שלום ", "a b ", "\xF0\x9F\x98\x80"}) {
    std::string text;
    while (text.size() < 1'000'000) text += unit;
    CHECK(f.detector.detect(text, 3).best.code.size() == 3);
  }
}

TEST_CASE("many threads get the answers that one gets") {
  const Fixture f;
  const std::vector<std::string> texts = {"the house which they had bought", "das Haus im Wald", "la maison", "погода"};
  std::vector<std::string> alone;
  for (const std::string& text : texts) alone.push_back(f.code(text));
  std::vector<std::thread> threads;
  std::array<int, 4> wrong{};
  for (size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        for (size_t k = 0; k < texts.size(); ++k) wrong[t] += f.code(texts[k]) != alone[k];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == std::array<int, 4>{});
}

}  // namespace dormouse::language
