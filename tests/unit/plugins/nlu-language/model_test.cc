#include <catch2/catch.hpp>

#include <cstring>
#include <filesystem>
#include <random>

#include "detector.h"
#include "model.h"
#include "support/temp_folder.h"
#include "training_rows.h"

namespace dormouse::language {

namespace {

Class latin_class(const char* code) {
  Class c;
  std::memcpy(c.code, code, 3);
  std::memcpy(c.script, "Latn", 4);
  return c;
}

std::vector<FamilyWeights> two_classes(std::vector<Weight> weights) {
  FamilyWeights family;
  family.script = kLatin;
  family.classes = {latin_class("aaa"), latin_class("bbb")};
  family.order_max = 2;
  family.temperature.fill(1);
  family.weights = std::move(weights);
  return {family};
}

uint64_t unigram(char32_t c) {
  NgramHash hash;
  hash.add(c);
  return hash.value();
}

std::string bytes_of(const std::string& path) {
  std::string bytes(std::filesystem::file_size(path), '\0');
  std::FILE* file = std::fopen(path.c_str(), "rb");
  const size_t n = std::fread(bytes.data(), 1, bytes.size(), file);
  std::fclose(file);
  bytes.resize(n);
  return bytes;
}

}  // namespace

TEST_CASE("what was written is looked up") {
  std::vector<Weight> weights = {{unigram(U'x'), 2.0f, 0, 1, 1}, {unigram(U'y'), -1.0f, 1, 1, 1}};
  if (weights[0].hash > weights[1].hash) std::swap(weights[0], weights[1]);
  const std::vector<std::byte> bytes = encode_model(two_classes(weights));
  const Model model = Model::view(bytes, "m");
  Scores scores;
  model.score(*model.find_family(kLatin), U" xxy ", &scores);
  CHECK(scores[0] == Approx(4.0).epsilon(0.01));
  CHECK(scores[1] == Approx(-1.0).epsilon(0.01));
}

TEST_CASE("an n-gram of many languages is one dense row") {
  FamilyWeights family;
  family.script = kLatin;
  family.order_max = 1;
  family.temperature.fill(1);
  for (int i = 0; i < 200; ++i) {
    const std::string code = {static_cast<char>('a' + i / 26), static_cast<char>('a' + i % 26), 'x'};
    family.classes.push_back(latin_class(code.c_str()));
    family.weights.push_back({unigram(U'x'), static_cast<float>(i) / 10, static_cast<uint8_t>(i), 1, 1});
  }
  const std::vector<std::byte> bytes = encode_model({family});
  const Model model = Model::view(bytes, "m");
  CHECK(model.families()[0].dense_rows == 1);
  Scores scores;
  model.score(model.families()[0], U" x ", &scores);
  CHECK(scores[199] == Approx(19.9).epsilon(0.01));
  CHECK(scores[100] == Approx(10.0).epsilon(0.02));
}

TEST_CASE("a scripts' family that was not trained is not found") {
  const std::vector<std::byte> bytes = encode_model(two_classes({}));
  CHECK(Model::view(bytes, "m").find_family(kHan) == nullptr);
}

TEST_CASE("a model that is not there is not found") {
  CHECK(failure_of([] { Model::open("/nowhere/model"); }) == "5 model /nowhere/model: No such file or directory");
}

TEST_CASE("a truncated model is refused at every length") {
  const TempFolder folder;
  small_model(folder.path());
  const std::string whole = bytes_of(folder / "model");
  for (size_t size = 0; size < whole.size(); size = size < 600 ? size + 1 : size + 997) {
    const std::string path = write_text(folder / "cut", whole.substr(0, size));
    const std::string failure = failure_of([&] { Model::open(path); });
    INFO(size);
    CHECK(failure.substr(0, 3) == "15 ");
    CHECK(failure.find("train it again") != std::string::npos);
  }
}

TEST_CASE("a model with any byte changed is refused") {
  const TempFolder folder;
  small_model(folder.path());
  const std::string whole = bytes_of(folder / "model");
  for (size_t at = 0; at < whole.size(); at = at < 600 ? at + 1 : at + 499) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    const std::string path = write_text(folder / "bad", damaged);
    INFO(at);
    const std::string failure = failure_of([&] { Model::open(path); });
    CHECK((failure.substr(0, 3) == "15 " || failure.substr(0, 2) == "9 "));
  }
}

TEST_CASE("another version of the format says so") {
  std::vector<std::byte> bytes = encode_model(two_classes({}));
  bytes[8] = std::byte{9};
  CHECK(failure_of([&] { Model::view(bytes, "m"); }) == "9 model m: needed format version 1, found 9; train it again");
}

TEST_CASE("damage behind a valid checksum is refused or harmless") {
  // What an attacker, or a bug in the writer, could do: reading stays inside the file. Run under the address sanitizer.
  const TempFolder folder;
  small_model(folder.path());
  const std::string whole = bytes_of(folder / "model");
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::vector<uint64_t> words((whole.size() + 7) / 8);
    auto* bytes = reinterpret_cast<std::byte*>(words.data());
    std::memcpy(bytes, whole.data(), whole.size());
    // Half of the damage goes to the tables in front, where offsets and counts are.
    const size_t from = 48, to = round % 2 == 0 ? 1400 : whole.size();
    for (int i = 0; i < 4; ++i) bytes[from + random() % (to - from)] = static_cast<std::byte>(random());
    seal_model({bytes, whole.size()});
    try {
      const Model model = Model::view({bytes, whole.size()}, "m");
      const Detector detector(model, {}, 0);
      for (const char* text : {"nobody knows the weather", "никто не знает погоду", "小さな動物", "Κανείς"}) {
        const Detection d = detector.detect(text, 10);
        CHECK(d.alternative_count <= 10);
      }
    } catch (const Failure& failure) {
      CHECK(failure.status() == DM_DATA_LOSS);
    }
  }
}

TEST_CASE("writing replaces a file at once and leaves nothing beside it") {
  const TempFolder folder;
  const std::string path = write_text(folder / "model", "old");
  const std::string text = "new content";
  write_file_atomically(path, std::as_bytes(std::span(text)));
  CHECK(bytes_of(path) == text);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("a folder that is not there is told when writing") {
  CHECK(failure_of([] { write_file_atomically("/nowhere/model", {}); }) ==
        "14 model /nowhere/model cannot be written: No such file or directory");
}

TEST_CASE("lengths fall into bins in order") {
  CHECK(length_bin(0) == 0);
  CHECK(length_bin(1) == 0);
  CHECK(length_bin(2) == 1);
  CHECK(length_bin(100'000) == kLengthBins - 1);
  for (uint32_t i = 1; i < 200; ++i) CHECK(length_bin(i) <= length_bin(i + 1));
}

}  // namespace dormouse::language
