#include "collections.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

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

TEST_CASE("an add that fails takes the collection it made away but not what others added to it meanwhile") {
  const TempFolder folder;
  Collections collections(folder.path(), quick(), kNever);
  const CheckCancelled cancelled = [] { throw Failure(DM_CANCELLED, "nobody waits"); };
  CHECK_THROWS_AS(collections.add("a", flat(2), numbered_rows(kOne, 2), cancelled), Failure);
  CHECK(collections.all().empty());
  CHECK(std::filesystem::is_empty(folder.path()));

  int lost = 0;
  for (int round = 0; round < 300; ++round) {
    std::thread adding;
    std::atomic<bool> begun{false};
    const CheckCancelled cancelled_beside_another = [&] {
      adding = std::thread([&] {
        begun = true;
        collections.add("b", flat(2), numbered_rows(kOne, 2, 7), kNever);
      });
      while (!begun) std::this_thread::yield();
      for (int i = 0; i < round; ++i) std::this_thread::yield();
      throw Failure(DM_CANCELLED, "nobody waits");
    };
    CHECK_THROWS_AS(collections.add("b", flat(2), numbered_rows(kOne, 2), cancelled_beside_another), Failure);
    adding.join();
    lost += ask(*collections.get("b"), kOne.data(), {}).size() != 1;
    collections.drop("b");
  }
  CHECK(lost == 0);
}

TEST_CASE("dropping a collection that is being trained keeps nobody else waiting") {
  const TempFolder folder;
  Collections collections(folder.path(), quick(), kNever);
  Spec lists = flat(2);
  lists.kind = Kind::ivf_flat;
  std::vector<float> many(2 * 64);
  for (size_t i = 0; i < many.size(); ++i) many[i] = static_cast<float>(i % 7 * i);
  const Collections::Shared trained = collections.create("trained", lists);
  trained->add(numbered_rows(many, 2), kNever);
  collections.create("other", flat(2))->add(numbered_rows(kOne, 2), kNever);
  std::thread dropping;
  trained->train([&] {
    if (dropping.joinable()) return;
    dropping = std::thread([&] { collections.drop("trained"); });
    // Long enough for the drop to wait for the training, which waits for these searches.
    for (int i = 0; i < 20'000; ++i) {
      ask(*collections.get("other"), kOne.data(), {});
      std::this_thread::yield();
    }
  });
  dropping.join();
  CHECK_THROWS_AS(collections.get("trained"), Failure);
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
