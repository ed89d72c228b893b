#include "corpus.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "dormouse/plugin.hpp"
#include "support/temp_folder.h"

namespace dormouse::entities {
namespace {

// What reading a file of that name and content says: the number of examples, or the refusal.
std::string reading(const std::string& name, const std::string& content) {
  TempFolder folder;
  const std::string path = folder / name;
  std::ofstream(path) << content;
  size_t count = 0;
  try {
    read_examples(
        path, [&](Example&&) { ++count; }, [](uint64_t, uint64_t) {});
  } catch (const Failure& failure) {
    const std::string what = failure.what();
    const size_t at = what.find(name);
    return at == std::string::npos ? what : what.substr(at);
  }
  return std::to_string(count);
}

bool refused(const std::string& name, const std::string& content, const std::string& why) {
  const std::string said = reading(name, content);
  INFO(said);
  CHECK(said.find(why) != std::string::npos);
  return said.find(why) != std::string::npos;
}

}  // namespace

TEST_CASE("examples are read from JSON lines and from tagged tokens") {
  CHECK(reading("a.jsonl",
                R"({"text":"fly to Bonn","intent":"fly","entities":[{"start":7,"end":11,"type":"city"}]})") == "1");
  CHECK(reading("a.bio", "# intent = fly\nfly\tO\nto\tO\nbonn\tB-city\n\nhi\tO\n") == "2");
}

TEST_CASE("offsets of JSON lines count code points") {
  TempFolder folder;
  const std::string path = folder / "a.jsonl";
  std::ofstream(path)
      << "{\"text\":\"\xC3\xA4\xC3\xA4 K\xC3\xB6ln\",\"entities\":[{\"start\":3,\"end\":7,\"type\":\"city\"}]}";
  Example example;
  read_examples(
      path, [&](Example&& e) { example = std::move(e); }, [](uint64_t, uint64_t) {});
  REQUIRE(example.spans.size() == 1);
  CHECK(example.text.substr(example.spans[0].begin, example.spans[0].end - example.spans[0].begin) == "K\xC3\xB6ln");
}

TEST_CASE("bad examples are refused with file and line") {
  const std::string good = R"({"text":"hi","entities":[]})"
                           "\n";
  CHECK(refused("a.jsonl", good + R"({"text":" ","entities":[]})", "a.jsonl:2: 'text' is empty"));
  CHECK(refused("a.jsonl", good + R"({"text":"hi","entities":[],"label":"x"})", "a.jsonl:2: unknown key 'label'"));
  CHECK(refused("a.jsonl", good + R"({"text":"hi","entities":[{"start":1,"end":3,"type":"x"}]})",
                "a.jsonl:2: needed an entity inside"));
  CHECK(
      refused("a.jsonl",
              good + R"({"text":"hi all","entities":[{"start":0,"end":4,"type":"x"},{"start":3,"end":6,"type":"y"}]})",
              "overlap"));
  CHECK(refused("a.jsonl", good + "{\"text\":\"\xFF\",\"entities\":[]}", "a.jsonl:2:"));
  CHECK(refused("a.jsonl", good + "nonsense", "a.jsonl:2: needed one JSON object"));
  CHECK(refused("a.bio", "hi\tO\nyou\tI-x\n", "a.bio:2: the tag 'I-x' does not follow"));
  CHECK(refused("a.bio", "hi\tQ\n", "a.bio:1: needed a tag"));
  CHECK(refused("a.bio", "hi\n", "a.bio:1: needed a token"));
  CHECK(refused("a.txt", "hi\n", "a.txt: needed a file"));
}

TEST_CASE("an example with a bad line is left out and noted when asked for") {
  TempFolder folder;
  const std::string bio = folder / "a.bio", jsonl = folder / "a.jsonl";
  std::ofstream(bio) << "fly\tO\nbonn\tB-city\n\nfly\tO\nrome\tI-city\nnow\tO\n\nto\tO\noslo\tB-city\n";
  std::ofstream(jsonl) << "{\"text\": \"a\", \"entities\": []}\nno json\n{\"text\": \"b\", \"entities\": []}\n";
  nlu::SkippedLines skipped;
  std::vector<std::string> texts;
  const auto keep = [&](Example&& e) { texts.push_back(e.text); };
  const auto silent = [](uint64_t, uint64_t) {};
  CHECK_THROWS_AS(read_examples(bio, keep, silent), nlu::RefusedLine);
  texts.clear();
  read_examples(bio, keep, silent, Overlaps::refused, &skipped);
  CHECK(texts == std::vector<std::string>{"fly bonn", "to oslo"});
  REQUIRE(skipped.count() == 1);
  CHECK(skipped.first()[0].place == bio + ":5");
  texts.clear();
  read_examples(jsonl, keep, silent, Overlaps::refused, &skipped);
  CHECK(texts == std::vector<std::string>{"a", "b"});
  CHECK(skipped.count() == 2);
  CHECK(skipped.first()[1].place == jsonl + ":2");
}

}  // namespace dormouse::entities
