#include "model.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "dormouse/plugin.hpp"
#include "support/temp_folder.h"
#include "trainer.h"

namespace dormouse::entities {
namespace {

std::vector<Example> flights() {
  std::vector<Example> examples;
  for (const char* verb : {"fly", "go", "travel"}) {
    for (const char* city : {"bonn", "cairo", "rome", "oslo", "lima"}) {
      Example e;
      e.text = std::string(verb) + " to " + city + " please";
      e.intent = "travel";
      const size_t at = e.text.find(city);
      e.spans.push_back({at, at + std::strlen(city), "city"});
      examples.push_back(e);
    }
    Example none;
    none.text = std::string(verb) + " away";
    none.intent = "other";
    examples.push_back(none);
  }
  return examples;
}

std::vector<char> trained(const std::string& path) {
  train(flights(), path, TrainOptions(), [](double, const char*) {});
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

TEST_CASE("a model finds what it was taught in a place it has not seen") {
  TempFolder folder;
  trained(folder / "m");
  const Model model = Model::open(folder / "m");
  const std::string text = "fly to paris please";
  const auto found = model.find(text, {}, [] {});
  REQUIRE(found.size() == 1);
  CHECK(text.substr(found[0].begin, found[0].end - found[0].begin) == "paris");
  CHECK(model.types()[found[0].type] == "city");
  CHECK(found[0].confidence > 0.3);
  CHECK(found[0].confidence <= 1);
}

TEST_CASE("a sign that ends the text is no part of a name unless the examples say so") {
  TempFolder folder;
  std::vector<Example> examples = flights();
  for (Example& e : examples)
    if (const size_t please = e.text.find(" please"); please != std::string::npos) e.text.resize(please);
  train(examples, folder / "m", TrainOptions(), [](double, const char*) {});
  const Model model = Model::open(folder / "m");
  for (const std::string end : {"?", "!", "...", " ?!"}) {
    const std::string text = "go to cairo" + end;
    INFO(text);
    const auto found = model.find(text, {}, [] {});
    REQUIRE(found.size() == 1);
    CHECK(text.substr(found[0].begin, found[0].end - found[0].begin) == "cairo");
  }
  for (Example& e : examples)
    if (!e.spans.empty()) {
      e.text += " st.";
      e.spans[0].end = e.text.size();
    }
  train(examples, folder / "d", TrainOptions(), [](double, const char*) {});
  CHECK(Model::open(folder / "d").types().size() == 1);
}

TEST_CASE("a text is read with the final signs that its training had") {
  TempFolder folder;
  std::vector<Example> examples;
  for (const char* verb : {"book", "come", "meet", "call"}) {
    for (const char* hour : {"5", "6", "7", "8"}) {
      Example e;
      e.text = std::string(verb) + " at " + hour + " p.m.";
      e.spans.push_back({e.text.find(hour), e.text.size(), "time"});
      examples.push_back(e);
      e.text = std::string(verb) + " at " + hour + ".";
      e.spans.back().end = e.text.size() - 1;
      examples.push_back(e);
    }
  }
  train(examples, folder / "m", TrainOptions(), [](double, const char*) {});
  const Model model = Model::open(folder / "m");
  for (const auto& [text, time] : {std::pair{"go at 6 p.m.", "6 p.m."}, std::pair{"go at 6.", "6"}}) {
    INFO(text);
    const auto found = model.find(text, {}, [] {});
    REQUIRE(found.size() == 1);
    CHECK(std::string(text).substr(found[0].begin, found[0].end - found[0].begin) == time);
  }
}

TEST_CASE("the same examples give the same bytes") {
  TempFolder folder;
  CHECK(trained(folder / "a") == trained(folder / "b"));
}

TEST_CASE("data without any span are refused") {
  TempFolder folder;
  std::vector<Example> examples = flights();
  for (Example& e : examples) e.spans.clear();
  CHECK_THROWS_WITH(train(examples, folder / "m", TrainOptions(), [](double, const char*) {}),
                    Catch::Contains("needed texts with entities"));
  CHECK(!std::filesystem::exists(folder / "m"));
}

TEST_CASE("a damaged model is refused or stays harmless") {
  TempFolder folder;
  const std::vector<char> good = trained(folder / "m");
  uint64_t random = 7;
  size_t refused = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<uint64_t> image((good.size() + 7) / 8);
    std::memcpy(image.data(), good.data(), good.size());
    auto* bytes = reinterpret_cast<std::byte*>(image.data());
    for (int k = 0; k < 4; ++k) {
      random = mix(random + 1);
      bytes[random % good.size()] ^= static_cast<std::byte>(1 + (random >> 40) % 255);
    }
    const std::span<std::byte> span(bytes, good.size());
    if (round % 2 == 0) nlu::seal_model_file(span);  // behind the checksums
    try {
      const Model model = Model::view(span, "damaged");
      for (const LearnedSpan& s : model.find("fly to bonn please. go to rome", {}, [] {})) {
        CHECK(s.begin < s.end);
        CHECK(s.end <= 30);
      }
    } catch (const Failure& failure) {
      CHECK(std::string(failure.what()).find("damaged") != std::string::npos);
      ++refused;
    }
  }
  CHECK(refused > 100);
}

}  // namespace dormouse::entities
