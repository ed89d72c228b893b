#include "extractor.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "dormouse/plugin.hpp"
#include "nlu/text_position.h"
#include "support/temp_folder.h"
#include "trainer.h"

namespace dormouse::entities {
namespace {

constexpr uint32_t kAll = (1u << kExactCount) - 1;

Question ask(std::string_view text) {
  Question q;
  q.text = text;
  q.now = {2026, 11, 20};
  return q;
}

std::string said(const std::vector<Entity>& entities, std::string_view text) {
  std::string out;
  for (const Entity& e : entities) {
    out += out.empty() ? "" : "; ";
    out.append(e.type).append(" ").append(text.substr(e.begin, e.end - e.begin));
  }
  return out;
}

Gazetteer names(const TempFolder& folder, const std::string& rows) {
  std::ofstream(folder / "g.tsv") << "type\ttext\tvalue\n" << rows;
  return Gazetteer::read(folder / "g.tsv");
}

}  // namespace

TEST_CASE("without a model the exact recognisers and the gazetteer answer") {
  TempFolder folder;
  const Extractor extractor(std::nullopt, names(folder, "city\tNew York\tNYC\ncity\tYork\t\n"), kAll, 0);
  const std::string text = "two flights to NEW york tomorrow";
  const auto found = extractor.extract(ask(text), [] {});
  CHECK(said(found, text) == "number two; city NEW york; date tomorrow");
  CHECK(std::get<std::string>(*found[1].value) == "NYC");
}

TEST_CASE("the gazetteer wins over the exact recognisers") {
  TempFolder folder;
  const Extractor extractor(std::nullopt, names(folder, "film\tocean's eleven\t\n"), kAll, 0);
  const std::string text = "watch Ocean's Eleven at eleven";
  CHECK(said(extractor.extract(ask(text), [] {}), text) == "film Ocean's Eleven; number eleven");
}

TEST_CASE("a type that was learnt is the model's and takes values from the exact recognisers") {
  TempFolder folder;
  std::vector<Example> examples;
  for (const char* day : {"tomorrow", "today", "monday", "friday"}) {
    for (const char* what : {"a table", "a room", "a car"}) {
      Example e;
      e.text = std::string("book ") + what + " for " + day;
      const size_t at = e.text.find(day);
      e.spans.push_back({at, e.text.size(), "date"});
      examples.push_back(e);
    }
    Example e;
    e.text = std::string("my song is called ") + day;
    examples.push_back(e);
  }
  train(examples, folder / "m", TrainOptions(), [](double, const char*) {});
  const Extractor extractor(Model::open(folder / "m"), Gazetteer(), kAll, 0);
  const std::string text = "book a table for tomorrow";
  const auto found = extractor.extract(ask(text), [] {});
  REQUIRE(said(found, text) == "date tomorrow");
  REQUIRE(found[0].value);
  CHECK(std::get<std::string>(*found[0].value) == "2026-11-21");
  const std::string song = "my song is called tomorrow";
  CHECK(said(extractor.extract(ask(song), [] {}), song).empty());
}

TEST_CASE("only wanted types are answered") {
  const Extractor extractor(std::nullopt, Gazetteer(), kAll, 0);
  Question q = ask("5 apples tomorrow");
  q.types = {"date"};
  CHECK(said(extractor.extract(q, [] {}), q.text) == "date tomorrow");
}

TEST_CASE("offsets count code points") {
  const Extractor extractor(std::nullopt, Gazetteer(), kAll, 0);
  const auto found = extractor.extract(ask("\xC3\xA4\xF0\x9F\x98\x80 14:30"), [] {});
  REQUIRE(found.size() == 1);
  CHECK(found[0].start == 3);
  CHECK(found[0].stop == 8);
}

TEST_CASE("whatever the text is entities are sorted and apart and begin and end on code points") {
  TempFolder folder;
  const Extractor extractor(std::nullopt, names(folder, "x\t\xD7\xA9\xD7\x9C\t\nx\t2 pm\t\n"), kAll, 0);
  const char* pieces[] = {"2",
                          " ",
                          "pm",
                          ":",
                          "30",
                          "-",
                          "\xD7\xA9\xD7\x9C",
                          "\xCC\x81",
                          "\xF0\x9F\x98\x80",
                          "@",
                          "a.b",
                          ".",
                          "www",
                          "://",
                          "http",
                          "(",
                          "twenty",
                          "first",
                          "million",
                          "and",
                          "$",
                          "next",
                          "may",
                          "half",
                          "past",
                          "%",
                          "\xE2\x82\xAC",
                          ",",
                          "::",
                          "friday"};
  uint64_t random = 1;
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (int k = 0; k < 12; ++k) {
      random = mix(random + 1);
      text += pieces[random % std::size(pieces)];
      if (random >> 60 & 1) text += ' ';
    }
    size_t before = 0;
    const size_t length = nlu::code_point_count(text);
    INFO(text);
    for (const Entity& e : extractor.extract(ask(text), [] {})) {
      REQUIRE(e.start >= before);
      REQUIRE(e.start < e.stop);
      REQUIRE(e.stop <= length);
      REQUIRE(nlu::byte_offset(text, e.start) == e.begin);
      REQUIRE(nlu::byte_offset(text, e.stop) == e.end);
      before = e.stop;
    }
  }
}

TEST_CASE("a megabyte of anything is answered from a bounded part") {
  const Extractor extractor(std::nullopt, Gazetteer(), kAll, 0);
  for (const char* piece :
       {"a", "1", "@", "1.", "a@", "::", "twenty ", "\xF0\x9F\x98\x80", "\xD7\xA9", "e\xCC\x81", "www.", "(1-"}) {
    std::string text;
    while (text.size() < (size_t{1} << 20)) text += piece;
    for (const Entity& e : extractor.extract(ask(text), [] {})) REQUIRE(e.end <= kTextBytesMax);
  }
}

TEST_CASE("a bad gazetteer is refused with file and line") {
  TempFolder folder;
  CHECK_THROWS_WITH(names(folder, "city\t\t\n"), Catch::Contains("g.tsv:2: column 'text' is empty"));
}

}  // namespace dormouse::entities
