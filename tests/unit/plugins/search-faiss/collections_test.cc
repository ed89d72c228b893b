#include "collections.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "support/temp_folder.h"
#include "vectors.h"

namespace dormouse::search {
namespace {

Spec flat(uint32_t dimension) {
  Spec spec;
  spec.kind = Kind::flat;
  spec.dimension = dimension;
  return spec;
}

CollectionOptions quick() {
  CollectionOptions options;
  options.sync = false;
  return options;
}

const std::vector<float> kOne = {1, 2};

}  // namespace

TEST_CASE("a damaged collection is told with its cause and the others are served") {
  const TempFolder folder;
  {
    Collections collections(folder.path(), quick(), kNever);
    collections.create("good", flat(2))->add(numbered_rows(kOne, 2), kNever);
    collections.create("bad", flat(2))->add(numbered_rows(kOne, 2), kNever);
  }
  std::ofstream(folder.path() + "/bad.db", std::ios::trunc) << std::string(9000, '#');
  std::string warned;
  CollectionOptions options = quick();
  options.warn = [&](const std::string& line) { warned += line; };
  Collections collections(folder.path(), options, kNever);
  CHECK(ask(*collections.get("good"), kOne.data(), {}).size() == 1);
  CHECK_THROWS_WITH(collections.get("bad"), Catch::Contains("bad.db") && Catch::Contains("backup"));
  CHECK(collections.damaged().count("bad") == 1);
  CHECK_THAT(warned, Catch::Contains("bad"));
  // Its files are left for whoever repairs them.
  CHECK(std::filesystem::file_size(folder.path() + "/bad.db") == 9000);
  CHECK_THROWS_AS(collections.create("bad", flat(2)), Failure);
}

TEST_CASE("an unknown collection is refused with the names there are") {
  const TempFolder folder;
  Collections collections(folder.path(), quick(), kNever);
  collections.create("films", flat(2));
  CHECK_THROWS_WITH(collections.get("filsm"), Catch::Contains("'films'"));
}

TEST_CASE("a name that could leave the folder is refused") {
  const TempFolder folder;
  Collections collections(folder.path(), quick(), kNever);
  for (const char* name : {"", "..", "a/b", "a.b", "\xC3\xA4"})
    CHECK_THROWS_AS(collections.create(name, flat(2)), Failure);
}

TEST_CASE("a dropped collection takes its files along and its name is free") {
  const TempFolder folder;
  Collections collections(folder.path(), quick(), kNever);
  const Collections::Shared held = collections.create("a", flat(2));
  held->add(numbered_rows(kOne, 2), kNever);
  held->save(false, kNever);
  collections.drop("a");
  CHECK(std::filesystem::is_empty(folder.path()));
  CHECK_THROWS_AS(ask(*held, kOne.data(), {}), Failure);
  CHECK_THROWS_AS(collections.get("a"), Failure);
  CHECK(ask(*collections.create("a", flat(2)), kOne.data(), {}).empty());
}

TEST_CASE("a folder that is reached by a symbolic link holds collections") {
  const TempFolder folder;
  std::filesystem::create_directory(folder.path() + "/real");
  std::filesystem::create_symlink("real", folder.path() + "/link");
  Collections collections(folder.path() + "/link", quick(), kNever);
  CHECK(collections.create("a", flat(2))->add(numbered_rows(kOne, 2), kNever).count == 1);
}

TEST_CASE("a file that is itself a symbolic link is no collection") {
  const TempFolder folder;
  std::ofstream(folder.path() + "/elsewhere") << "";
  std::filesystem::create_symlink("elsewhere", folder.path() + "/a.db");
  const Collections collections(folder.path(), quick(), kNever);
  CHECK(collections.damaged().count("a") == 1);
}

TEST_CASE("what lies beside the collections is left alone") {
  const TempFolder folder;
  std::ofstream(folder.path() + "/notes.txt") << "x";
  std::ofstream(folder.path() + "/with space.db") << "x";
  const Collections collections(folder.path(), quick(), kNever);
  CHECK(collections.all().empty());
  CHECK(collections.damaged().empty());
}

}  // namespace dormouse::search
