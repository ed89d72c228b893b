#include "nlu/rows.h"

#include <catch2/catch.hpp>

#include <fstream>
#include <string>
#include <vector>

#include "dormouse/plugin.hpp"
#include "support/temp_folder.h"

namespace dormouse::nlu {

namespace {

const std::vector<Column> kColumns = {{"text"}, {"intent"}, {"split", false}};

std::string write(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

// "STATUS NAME:LINE: ..." or "" when all rows are good.
std::string problem_with(const std::string& content, OtherColumns others = OtherColumns::refused) {
  const TempFolder folder;
  const std::string path = write(folder / "d.tsv", content);
  try {
    read_rows(
        path, kColumns, others, [](const Row&) {}, [](uint64_t, uint64_t) {});
  } catch (const Failure& failure) {
    std::string what = failure.what();
    const size_t at = what.find(path);
    if (at != std::string::npos) what.replace(at, path.size(), "d.tsv");
    return std::to_string(failure.status()) + " " + what;
  }
  return "";
}

}  // namespace

TEST_CASE("fields are given in the order asked for") {
  const TempFolder folder;
  std::vector<std::string> seen;
  read_rows(
      write(folder / "d.tsv", "intent\ttext\ngreet\thello\nleave\tbye"), kColumns, OtherColumns::refused,
      [&](const Row& row) {
        seen.push_back(std::string(row[0]) + "|" + std::string(row[1]) + "|" + std::string(row[2]) + "|" +
                       std::to_string(row.line()));
      },
      [](uint64_t, uint64_t) {});
  CHECK(seen == std::vector<std::string>{"hello|greet||2", "bye|leave||3"});
}

TEST_CASE("bad tables are refused with file and line") {
  CHECK(problem_with("text\tintent\na\tb\n") == "");
  CHECK(problem_with("text\tintnet\n") ==
        "3 d.tsv:1: needed a line of column names with 'text' and 'intent', found 'text?intnet'");
  CHECK(problem_with("text\tintent\tmood\n") ==
        "3 d.tsv:1: unknown column 'mood'; known are 'text', 'intent' and 'split'");
  CHECK(problem_with("text\tintent\tmood\na\tb\tc\n", OtherColumns::ignored) == "");
  CHECK(problem_with("text\tintent\ttext\n") == "3 d.tsv:1: the column 'text' stands there twice");
  CHECK(problem_with("text\tintent\na\tb\n\n") == "3 d.tsv:3: column 'text' is empty");
  CHECK(problem_with("text\tintent\na\n") == "3 d.tsv:2: column 'intent' is missing");
  CHECK(problem_with("text\tintent\na\tb\tc\n") == "3 d.tsv:2: needed at most 2 fields, found 3");
  CHECK(problem_with("text\tintent\n \tb\n") == "3 d.tsv:2: column 'text' is empty");
  CHECK(problem_with("text\tintent\na\t\xC3\n") == "3 d.tsv:2: column 'intent' is not UTF-8");
  CHECK(problem_with("") == "3 d.tsv: the file is empty; needed a line of column names");
  CHECK(problem_with("text\tintent\n" + std::string(3 << 20, 'x')) ==
        "3 d.tsv:2: longer than 1 MiB; needed one row a line");
}

TEST_CASE("a folder is no file of rows") {
  const TempFolder folder;
  CHECK_THROWS_AS(Lines(folder.path()), Failure);
}

}  // namespace dormouse::nlu
