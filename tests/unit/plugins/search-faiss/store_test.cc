#include "store.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "support/temp_folder.h"
#include "vectors.h"

namespace dormouse::search {
namespace {

Spec small_spec(bool text_ids = false) {
  Spec spec;
  spec.kind = Kind::flat;
  spec.dimension = 3;
  spec.text_ids = text_ids;
  return spec;
}

struct Seen {
  int64_t sequence;
  std::string id, metadata;
  std::vector<float> vector;
};

std::vector<Seen> all_rows(Store& store, int64_t first = 0) {
  std::vector<Seen> seen;
  store.each_row(first, [&](const Store::Row& row) {
    seen.push_back({row.sequence, row.id.to_string(), std::string(row.metadata), {row.vector, row.vector + 3}});
  });
  return seen;
}

const float kVectors[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

}  // namespace

TEST_CASE("rows come back from the file as they were written") {
  const TempFolder folder;
  const std::string path = folder.path() + "/a.db";
  const Id one{true, 0, "one"}, two{true, 0, "zw\xC3\xB6lf"};
  {
    const StoreLibrary library;
    Store store = Store::create(path, small_spec(true), true);
    const NewRow rows[] = {{&one, "meta", kVectors}, {&two, {}, kVectors + 3}};
    store.commit({}, rows);
  }
  std::optional<Store> store = Store::open(path, true);
  REQUIRE(store);
  CHECK(store->spec().dimension == 3);
  CHECK(store->spec().text_ids);
  CHECK(store->state().transaction == 1);
  const std::vector<Seen> seen = all_rows(*store);
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].id == "'one'");
  CHECK(seen[0].metadata == "meta");
  CHECK(seen[1].id == "'zw\xC3\xB6lf'");
  CHECK(seen[1].vector == std::vector<float>{4, 5, 6});
  CHECK(all_rows(*store, seen[1].sequence).size() == 1);
}

TEST_CASE("a removal is told to snapshots that are older and forgotten with the next one") {
  const TempFolder folder;
  Store store = Store::create(folder.path() + "/a.db", small_spec(), false);
  const Id id{false, -5, {}};
  const NewRow row{&id, {}, kVectors};
  store.commit({}, std::span(&row, 1));
  const int64_t sequence = all_rows(store).at(0).sequence;
  store.commit(std::span(&sequence, 1), {});
  CHECK(all_rows(store).empty());
  CHECK(store.removed_after(1) == std::vector<int64_t>{sequence});
  CHECK(store.removed_after(2).empty());
  store.snapshot_saved(2);
  CHECK(store.removed_after(1).empty());
  CHECK(store.state().removed_from == 2);
}

TEST_CASE("a changed byte in a row is found and the row is named") {
  const TempFolder folder;
  const std::string path = folder.path() + "/a.db";
  const Id id{false, 4711, {}};
  {
    Store store = Store::create(path, small_spec(), false);
    const NewRow row{&id, "abcdefgh", kVectors};
    store.commit({}, std::span(&row, 1));
  }
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), {});
  const size_t at = bytes.find("abcdefgh");
  REQUIRE(at != std::string::npos);
  file.clear();
  file.seekp(static_cast<std::streamoff>(at));
  file.put('X');
  file.close();
  std::optional<Store> store = Store::open(path, false);
  REQUIRE(store);
  CHECK_THROWS_WITH(all_rows(*store), Catch::Contains("4711") && Catch::Contains("backup"));
}

TEST_CASE("a file that is no store is refused with a remedy") {
  const TempFolder folder;
  const std::string path = folder.path() + "/a.db";
  std::ofstream(path) << std::string(20'000, 'x');
  try {
    Store::open(path, false);
    FAIL("it was taken for a store");
  } catch (const Failure& failure) {
    CHECK(failure.status() == DM_DATA_LOSS);
    CHECK_THAT(failure.what(), Catch::Contains("backup"));
  }
}

TEST_CASE("a store whose creation was cut short is none") {
  const TempFolder folder;
  std::ofstream(folder.path() + "/a.db");
  CHECK_FALSE(Store::open(folder.path() + "/a.db", false));
}

TEST_CASE("a training is kept and checked") {
  const TempFolder folder;
  Store store = Store::create(folder.path() + "/a.db", small_spec(), false);
  CHECK_THROWS_AS(store.read_training(), Failure);
  store.commit_training("centres");
  CHECK(store.read_training() == "centres");
  CHECK(store.state().trained_at == 1);
}

}  // namespace dormouse::search
