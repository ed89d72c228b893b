#include <zstd.h>
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "corpus.h"
#include "support/temp_folder.h"
#include "training_rows.h"

namespace dormouse::language {

namespace {
struct Kept {
  std::string label, text, id;
  double weight;
};

std::vector<Kept> rows_of(const std::string& path) {
  std::vector<Kept> kept;
  read_rows(
      path,
      [&](const Row& row) {
        kept.push_back({std::string(row.label), std::string(row.text), std::string(row.id), row.weight});
      },
      [](uint64_t, uint64_t) {});
  return kept;
}

std::string problem_with(const std::string& content) {
  const TempFolder folder;
  const std::string path = write_text(folder / "d.tsv", content);
  std::string failure = failure_of([&] { rows_of(path); });
  const size_t at = failure.find(path);
  return at == std::string::npos ? failure : failure.erase(at, path.size() - std::string("d.tsv").size());
}

std::string compressed(const std::string& content) {
  std::string out(ZSTD_compressBound(content.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), content.data(), content.size(), 3));
  return out;
}
}  // namespace

TEST_CASE("columns are found by name and others are ignored") {
  const TempFolder folder;
  const std::vector<Kept> rows = rows_of(write_text(
      folder / "d.tsv", "topic\ttext\tid\tlang\tweight\nsport\tEin Satz.\ts1\tdeu_Latn\t0.5\nx\tOne.\t\teng\t2\n"));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].label == "deu_Latn");
  CHECK(rows[0].text == "Ein Satz.");
  CHECK(rows[0].id == "s1");
  CHECK(rows[0].weight == 0.5);
  CHECK(rows[1].label == "eng");
}

TEST_CASE("the last line may lack its end and lines may end like DOS's") {
  const TempFolder folder;
  const std::vector<Kept> rows = rows_of(write_text(folder / "d.tsv", "lang\ttext\r\neng\tOne.\r\neng\tTwo."));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].text == "One.");
  CHECK(rows[1].text == "Two.");
}

TEST_CASE("an archive reads like its content") {
  const TempFolder folder;
  std::string content = "lang\ttext\n";
  for (int i = 0; i < 20'000; ++i) content += "eng\tLine number " + std::to_string(i) + "\n";
  const std::vector<Kept> rows = rows_of(write_text(folder / "d.tsv.zst", compressed(content)));
  REQUIRE(rows.size() == 20'000);
  CHECK(rows.back().text == "Line number 19999");
}

TEST_CASE("a damaged archive is refused") {
  const TempFolder folder;
  std::string archive = compressed(training_tsv());
  CHECK(failure_of([&] { rows_of(write_text(folder / "a", archive.substr(0, archive.size() / 2))); }).substr(0, 3) ==
        "15 ");
  archive[archive.size() / 2] ^= 0x55;
  archive.resize(archive.size() - 3);
  CHECK(failure_of([&] { rows_of(write_text(folder / "b", archive)); }).substr(0, 3) == "15 ");
}

TEST_CASE("bad rows are refused with file and line") {
  CHECK(problem_with("") == "3 d.tsv: the file is empty; needed a line of column names");
  CHECK(problem_with("language\ttext\n") ==
        "3 d.tsv:1: needed a line of column names with 'lang' and 'text', found 'language?text'");
  CHECK(problem_with("lang\ttext\neng\tOne.\neng\n") == "3 d.tsv:3: column 'text' is missing");
  CHECK(problem_with("lang\ttext\neng\t \n") == "3 d.tsv:2: column 'text' is empty");
  CHECK(problem_with("lang\ttext\neng\tbad \xFF\n") == "3 d.tsv:2: column 'text' is not UTF-8");
  CHECK(problem_with("lang\ttext\nenglish\tx\n") ==
        "3 d.tsv:2: needed an ISO 639-3 code like 'deu' or 'deu_Latn' in column 'lang', found 'english'");
  CHECK(problem_with("lang\ttext\tweight\neng\tx\t-1\n") ==
        "3 d.tsv:2: column 'weight' needs a number above 0 and up to 1000000");
  CHECK(problem_with("lang\ttext\neng\t" + std::string(3 << 20, 'x')) ==
        "3 d.tsv:2: longer than 1 MiB; needed one row a line");
}

TEST_CASE("a file that is not there is not found") {
  CHECK(failure_of([] { rows_of("/nowhere/rows.tsv"); }) == "5 /nowhere/rows.tsv: No such file or directory");
}

TEST_CASE("reports of what was read reach the total") {
  const TempFolder folder;
  const std::string path = write_text(folder / "d.tsv", training_tsv());
  uint64_t done = 0, total = 1;
  read_rows(
      path, [](const Row&) {}, [&](uint64_t d, uint64_t t) { done = d, total = t; });
  CHECK(done == total);
  CHECK(total == training_tsv().size());
}

}  // namespace dormouse::language
