#include "snapshot.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "dormouse/value.hpp"
#include "support/temp_folder.h"

namespace dormouse::search {
namespace {

void write_sample(const std::string& path) {
  std::vector<int> numbers(100'000);
  std::iota(numbers.begin(), numbers.end(), 0);
  VectorRows rows(20);
  for (int i = 0; i < 1000; ++i) rows.append_row()[19] = static_cast<float>(i);
  SnapshotWriter out(path);
  out.section("numbers", numbers);
  out.section("rows", rows);
  out.finish();
}

void read_sample(const std::string& path) {
  SnapshotReader in(path);
  const std::vector<int> numbers = in.section<int>("numbers");
  VectorRows rows(20);
  in.section("rows", rows, 1000);
  in.begin("end");
  in.end();
  if (numbers.at(99'999) != 99'999 || rows.row(999)[19] != 999) throw std::logic_error("read something else");
}

}  // namespace

TEST_CASE("sections come back as they were written") {
  const TempFolder folder;
  write_sample(folder.path() + "/s");
  CHECK_NOTHROW(read_sample(folder.path() + "/s"));
  CHECK_FALSE(std::filesystem::exists(folder.path() + "/s.new"));
}

TEST_CASE("a snapshot that is not finished leaves the one before it") {
  const TempFolder folder;
  write_sample(folder.path() + "/s");
  {
    SnapshotWriter out(folder.path() + "/s");
    out.section("numbers", std::vector<int>(5));
  }
  CHECK_NOTHROW(read_sample(folder.path() + "/s"));
  CHECK_FALSE(std::filesystem::exists(folder.path() + "/s.new"));
}

TEST_CASE("every changed byte and every cut of a snapshot is found") {
  const TempFolder folder;
  const std::string path = folder.path() + "/s";
  write_sample(path);
  std::string bytes;
  {
    std::ifstream file(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(file), {});
  }
  const auto put = [&](const std::string& content) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
  };
  for (size_t i = 0; i < 300; ++i) {
    // Densely where the heads are, then over the whole file.
    const size_t at = i < 60 ? i : i * 2'654'435'761 % bytes.size();
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ (1 << i % 8));
    put(changed);
    REQUIRE_THROWS_AS(read_sample(path), SnapshotDamaged);
    put(bytes.substr(0, at));
    REQUIRE_THROWS_AS(read_sample(path), SnapshotDamaged);
  }
}

TEST_CASE("a folder in the place of a snapshot is no snapshot") {
  const TempFolder folder;
  CHECK_THROWS_AS(SnapshotReader(folder.path()), SnapshotDamaged);
  CHECK_THROWS_AS(SnapshotReader(folder.path() + "/none"), SnapshotDamaged);
}

TEST_CASE("a snapshot that cannot be made says so") {
  CHECK_THROWS_AS(SnapshotWriter("/nowhere/at/all"), Failure);
}

}  // namespace dormouse::search
