#include "collection.h"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>

#include "bounds.h"
#include "support/temp_folder.h"
#include "vectors.h"

namespace dormouse::search {
namespace {

constexpr size_t kDimension = 16;

CollectionOptions quick() {
  CollectionOptions options;
  options.sync = false;
  return options;
}

Spec spec_of(Kind kind, Metric metric = Metric::l2, bool text_ids = false) {
  Spec spec;
  spec.kind = kind;
  spec.metric = metric;
  spec.dimension = kDimension;
  spec.text_ids = text_ids;
  spec.ef_construction = 60;
  return spec;
}

std::unique_ptr<Collection> make(const TempFolder& folder, Kind kind, Metric metric = Metric::l2) {
  return Collection::create(folder.path(), "c", spec_of(kind, metric), quick());
}

std::unique_ptr<Collection> reopen(const TempFolder& folder) {
  return Collection::open(folder.path(), "c", quick(), kNever);
}

Question top(uint32_t k) {
  Question question;
  question.k = k;
  return question;
}

// The id of the row equal to `vector`, which must be found at distance 0.
int64_t who_is(const Collection& collection, const float* vector) {
  const std::vector<Hit> hits = ask(collection, vector, top(1));
  REQUIRE(hits.size() == 1);
  REQUIRE(hits[0].score == Approx(0).margin(1e-3));
  return hits[0].id.number;
}

std::string field(const std::string& key, int64_t value) {
  std::string bytes = {2, static_cast<char>(key.size())};
  bytes += key;
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  return bytes;
}

Kind any_kind() {
  return GENERATE(Kind::flat, Kind::hnsw, Kind::ivf_flat);
}

}  // namespace

TEST_CASE("what was added is found and found again after reopening with and without a snapshot") {
  const Kind kind = any_kind();
  const bool save = GENERATE(true, false);
  const TempFolder folder;
  const std::vector<float> vectors = clustered_vectors(500, kDimension, 3);
  {
    const std::unique_ptr<Collection> collection = make(folder, kind);
    const AddResult result = collection->add(numbered_rows(vectors, kDimension, 1000), kNever);
    CHECK(result.added == 500);
    CHECK(result.count == 500);
    CHECK(who_is(*collection, vectors.data() + 7 * kDimension) == 1007);
    if (save) collection->save(false, kNever);
  }
  const std::unique_ptr<Collection> collection = reopen(folder);
  REQUIRE(collection);
  CHECK(collection->stats().count == 500);
  CHECK(collection->stats().note.empty());
  CHECK(collection->changed() == !save);
  for (size_t i = 0; i < 500; ++i)
    REQUIRE(who_is(*collection, vectors.data() + i * kDimension) == static_cast<int64_t>(1000 + i));
}

TEST_CASE("what came after a snapshot is replayed onto it") {
  const Kind kind = any_kind();
  const TempFolder folder;
  const std::vector<float> vectors = clustered_vectors(300, kDimension, 4),
                           later = clustered_vectors(50, kDimension, 5);
  {
    const std::unique_ptr<Collection> collection = make(folder, kind);
    collection->add(numbered_rows(vectors, kDimension), kNever);
    collection->save(false, kNever);
    CHECK_FALSE(collection->changed());
    // Removed, replaced, replaced and removed, new, new and removed.
    collection->remove({std::vector<Id>{{false, 0, {}}, {false, 1, {}}}, {}});
    collection->add(numbered_rows(later, kDimension, 280), kNever);  // 280 to 299 replaced, 300 to 329 new
    collection->remove({std::vector<Id>{{false, 281, {}}, {false, 301, {}}}, {}});
    CHECK(collection->changed());
  }
  const std::unique_ptr<Collection> collection = reopen(folder);
  CHECK(collection->stats().note.empty());
  CHECK(collection->stats().snapshot_transaction == 1);
  CHECK(collection->stats().count == 300 - 2 + 30 - 2);
  CHECK(who_is(*collection, vectors.data() + 2 * kDimension) == 2);
  CHECK(who_is(*collection, later.data()) == 280);
  CHECK(who_is(*collection, later.data() + 49 * kDimension) == 329);
  for (const Hit& hit : ask(*collection, vectors.data(), top(1000)))
    for (const int64_t gone : {0, 1, 281, 301}) REQUIRE(hit.id.number != gone);
  CHECK_NOTHROW(collection->verify(kNever));
}

TEST_CASE("a damaged snapshot costs time and nothing else") {
  const TempFolder folder;
  const std::vector<float> vectors = clustered_vectors(200, kDimension, 6);
  {
    const std::unique_ptr<Collection> collection = make(folder, Kind::hnsw);
    collection->add(numbered_rows(vectors, kDimension), kNever);
    collection->save(false, kNever);
  }
  const std::string path = folder.path() + "/c.snapshot";
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(path) / 2));
    file.put(0x55);
  }
  const std::unique_ptr<Collection> collection = reopen(folder);
  CHECK(collection->stats().count == 200);
  CHECK_THAT(collection->stats().note, Catch::Contains("checksum") && Catch::Contains("built from the store"));
  CHECK(who_is(*collection, vectors.data()) == 0);
  CHECK(collection->changed());  // so that the next one is written
}

TEST_CASE("a snapshot of another collection or from the future is not taken") {
  const TempFolder folder, other;
  const std::vector<float> vectors = clustered_vectors(20, kDimension, 7);
  for (const TempFolder* f : {&folder, &other}) {
    const std::unique_ptr<Collection> collection = make(*f, Kind::flat);
    collection->add(numbered_rows(vectors, kDimension, f == &folder ? 0 : 100), kNever);
    collection->save(false, kNever);
  }
  std::filesystem::copy_file(other.path() + "/c.snapshot", folder.path() + "/c.snapshot",
                             std::filesystem::copy_options::overwrite_existing);
  const std::unique_ptr<Collection> collection = reopen(folder);
  CHECK_THAT(collection->stats().note, Catch::Contains("of another collection"));
  CHECK(who_is(*collection, vectors.data()) == 0);
}

TEST_CASE("a snapshot of rows that the store has lost is never taken, nor once the store has grown past it") {
  const TempFolder folder;
  const std::string store = folder.path() + "/c.db", backup = folder.path() + "/backup";
  const std::vector<float> vectors = clustered_vectors(60, kDimension, 17);
  const std::vector<float> before(vectors.begin(), vectors.begin() + 10 * kDimension),
      lost(vectors.begin() + 10 * kDimension, vectors.begin() + 20 * kDimension),
      later(vectors.begin() + 20 * kDimension, vectors.begin() + 30 * kDimension),
      last(vectors.begin() + 30 * kDimension, vectors.begin() + 40 * kDimension);
  make(folder, Kind::flat)->add(numbered_rows(before, kDimension, 0), kNever);
  std::filesystem::copy_file(store, backup);
  {
    const std::unique_ptr<Collection> collection = reopen(folder);
    collection->add(numbered_rows(lost, kDimension, 100), kNever);
    collection->save(false, kNever);
  }
  std::filesystem::copy_file(backup, store, std::filesystem::copy_options::overwrite_existing);
  {
    const std::unique_ptr<Collection> collection = reopen(folder);
    CHECK_THAT(collection->stats().note, Catch::Contains("newer than the store"));
    collection->add(numbered_rows(later, kDimension, 200), kNever);
    collection->add(numbered_rows(last, kDimension, 300), kNever);
    // As after SIGKILL: no snapshot is written.
  }
  const std::unique_ptr<Collection> collection = reopen(folder);
  CHECK(who_is(*collection, later.data()) == 200);
  CHECK(who_is(*collection, last.data()) == 300);
  for (const Hit& hit : ask(*collection, lost.data(), top(100))) CHECK((hit.id.number < 100 || hit.id.number >= 200));
}

TEST_CASE("a creation that was cut short in the same process does not keep the name") {
  const TempFolder folder;
  { Database unfinished(folder.path() + "/c.db", false, {"file", "begin again"}); }
  REQUIRE(std::filesystem::file_size(folder.path() + "/c.db") > 0);
  const std::unique_ptr<Collection> collection = make(folder, Kind::flat);
  CHECK(collection->stats().count == 0);
  CHECK_THROWS_AS(make(folder, Kind::flat), Failure);
}

TEST_CASE("an empty file where rows were is damage and no unfinished creation") {
  const TempFolder folder;
  const std::vector<float> vectors = clustered_vectors(20, kDimension, 7);
  {
    const std::unique_ptr<Collection> collection = make(folder, Kind::flat);
    collection->add(numbered_rows(vectors, kDimension), kNever);
    collection->save(false, kNever);
  }
  std::filesystem::resize_file(folder.path() + "/c.db", 0);
  CHECK_THROWS_WITH(reopen(folder), Catch::Contains("c.db") && Catch::Contains("backup"));
  CHECK(std::filesystem::exists(folder.path() + "/c.db"));
}

TEST_CASE("a changed byte in the log of a store that was killed is told and nothing is taken away") {
  const std::vector<float> vectors = clustered_vectors(20, kDimension, 7);
  const TempFolder folder, killed;
  const std::string file = killed.path() + "/c.db", log = file + "-wal";
  const std::unique_ptr<Collection> collection = make(folder, Kind::flat);
  const auto kill = [&] {
    for (const char* ending : {"", "-wal"}) {
      std::filesystem::copy_file(folder.path() + "/c.db" + ending, file + ending,
                                 std::filesystem::copy_options::overwrite_existing);
    }
  };
  const auto open = [&](bool sync) {
    CollectionOptions options;
    options.sync = sync;
    return Collection::open(killed.path(), "c", options, kNever);
  };
  kill();
  CHECK(std::filesystem::file_size(log) == 0);
  CHECK(open(true)->stats().count == 0);
  for (size_t i = 0; i < 20; ++i) {
    const std::vector<float> one(vectors.begin() + static_cast<ptrdiff_t>(i * kDimension),
                                 vectors.begin() + static_cast<ptrdiff_t>((i + 1) * kDimension));
    collection->add(numbered_rows(one, kDimension, static_cast<int64_t>(i)), kNever);
  }
  kill();
  CHECK(open(true)->stats().count == 20);

  kill();
  {
    std::fstream bytes(log, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekg(5000);
    const auto byte = static_cast<char>(bytes.get() ^ 1);
    bytes.seekp(5000);
    bytes.put(byte);
  }
  const uintmax_t size = std::filesystem::file_size(log);
  for (int turn = 0; turn < 2; ++turn) {
    CHECK_THROWS_WITH(open(true), Catch::Contains("c.db-wal' is damaged in the frame at byte 32") &&
                                      Catch::Contains("backup") && Catch::Contains("move the log aside"));
    CHECK_THROWS_AS(Collection::create(killed.path(), "c", spec_of(Kind::flat), {}), Failure);
    CHECK(std::filesystem::file_size(log) == size);
  }
  // Without sync a power failure does the same.
  CHECK(open(false)->stats().note.find("c.db-wal' is damaged") != std::string::npos);

  kill();
  std::filesystem::resize_file(file, 0);
  CHECK_THROWS_WITH(open(false), Catch::Contains("c.db") && Catch::Contains("empty"));
  CHECK(std::filesystem::file_size(log) == size);
}

TEST_CASE("a creation that was killed anywhere leaves no collection and nothing in the way of one") {
  const TempFolder folder, killed;
  const std::string file = killed.path() + "/c.db", log = file + "-wal";
  Database making(folder.path() + "/c.db", true, {"file", "begin again"});
  REQUIRE(std::filesystem::file_size(folder.path() + "/c.db") == 8192);
  making.run("BEGIN; CREATE TABLE header (key, value); CREATE TABLE rows (sequence); COMMIT");
  const uintmax_t whole = std::filesystem::file_size(folder.path() + "/c.db-wal");
  for (uintmax_t size = 0; size < whole; size += 500) {
    INFO("log of " << size << " bytes");
    for (const char* ending : {"", "-wal"}) std::filesystem::copy_file(folder.path() + "/c.db" + ending, file + ending);
    std::filesystem::resize_file(log, size);
    REQUIRE_FALSE(reopen(killed));
    REQUIRE_FALSE(std::filesystem::exists(file));
    REQUIRE_FALSE(std::filesystem::exists(log));
  }
  CHECK(make(killed, Kind::flat)->stats().count == 0);
}

TEST_CASE("an id that is added again means its new vector") {
  const Kind kind = any_kind();
  const TempFolder folder;
  const std::vector<float> first = clustered_vectors(60, kDimension, 8), second = clustered_vectors(60, kDimension, 9);
  const std::unique_ptr<Collection> collection = make(folder, kind);
  collection->add(numbered_rows(first, kDimension), kNever);
  const AddResult result = collection->add(numbered_rows(second, kDimension), kNever);
  CHECK(result.added == 0);
  CHECK(result.replaced == 60);
  CHECK(result.count == 60);
  for (size_t i = 0; i < 60; ++i)
    REQUIRE(who_is(*collection, second.data() + i * kDimension) == static_cast<int64_t>(i));
  CHECK(ask(*collection, first.data(), top(1))[0].score > 0.1f);
  CHECK(ask(*collection, first.data(), top(1000)).size() == 60);
}

TEST_CASE("dead rows never outnumber the living by far") {
  const TempFolder folder;
  const std::vector<float> vectors = clustered_vectors(2000, kDimension, 10);
  const std::unique_ptr<Collection> collection = make(folder, Kind::flat);
  for (int round = 0; round < 8; ++round) {
    collection->add(numbered_rows(vectors, kDimension), kNever);
    REQUIRE(collection->stats().dead_rows <= 10'000);
  }
  CHECK(collection->stats().count == 2000);
  CHECK(who_is(*collection, vectors.data() + 99 * kDimension) == 99);
}

TEST_CASE("nothing is added when one row is wrong and the row is named") {
  const TempFolder folder;
  const std::unique_ptr<Collection> collection = make(folder, Kind::hnsw, Metric::cosine);
  const auto refused = [&](std::vector<float> vectors, const std::string& because) {
    CHECK_THROWS_WITH(collection->add(numbered_rows(vectors, kDimension), kNever), Catch::Contains(because));
    CHECK(collection->stats().count == 0);
  };
  std::vector<float> vectors = clustered_vectors(5, kDimension, 11);
  std::vector<float> bad = vectors;
  bad[3 * kDimension + 2] = std::numeric_limits<float>::quiet_NaN();
  refused(bad, "row 3 (id 3): element 2 is not a number");
  bad[3 * kDimension + 2] = -std::numeric_limits<float>::infinity();
  refused(bad, "row 3 (id 3): element 2 is infinite");
  for (const float large : {1.01e17f, -3e38f}) {
    bad[3 * kDimension + 2] = large;
    refused(bad, "row 3 (id 3): element 2 is too large: needed at most 1e17");
  }
  bad = vectors;
  std::fill(bad.begin() + 4 * kDimension, bad.end(), 0.0f);
  refused(bad, "row 4 (id 4): a vector of zeros");
  Rows twice = numbered_rows(vectors, kDimension);
  twice.ids[4].number = 2;
  CHECK_THROWS_WITH(collection->add(twice, kNever), Catch::Contains("row 4 (id 2)") && Catch::Contains("twice"));
  Rows other = numbered_rows(vectors, kDimension);
  other.ids[1] = {true, 0, "one"};
  CHECK_THROWS_WITH(collection->add(other, kNever), Catch::Contains("row 1 (id 'one')"));
  CHECK_THROWS_WITH(collection->add(numbered_rows(vectors, 8), kNever),
                    Catch::Contains("16") && Catch::Contains("found 8"));
}

TEST_CASE("a query that cannot be is refused with what is needed") {
  const TempFolder folder;
  const std::unique_ptr<Collection> collection = make(folder, Kind::flat);
  std::vector<float> query(kDimension, 1);
  const float* vector = query.data();
  CHECK_THROWS_WITH(collection->search(std::span(&vector, 1), 8, top(1), kNever),
                    Catch::Contains("needed a vector of dimension 16") && Catch::Contains("found 8"));
  query[5] = std::numeric_limits<float>::infinity();
  CHECK_THROWS_WITH(ask(*collection, query.data(), top(1)), Catch::Contains("query 0: element 5 is infinite"));
  query[5] = 3e38f;
  CHECK_THROWS_WITH(ask(*collection, query.data(), top(1)), Catch::Contains("query 0: element 5 is too large"));
}

TEST_CASE("scores of the largest elements and the most of them are numbers") {
  const Metric metric = GENERATE(Metric::l2, Metric::inner_product, Metric::cosine);
  const TempFolder folder;
  Spec spec = spec_of(Kind::flat, metric);
  spec.dimension = kDimensionMax;
  const std::unique_ptr<Collection> collection = Collection::create(folder.path(), "c", spec, quick());
  std::vector<float> vector(kDimensionMax, kElementMax);
  collection->add(numbered_rows(vector, kDimensionMax), kNever);
  for (float& element : vector) element = -element;
  const std::vector<Hit> hits = ask(*collection, vector.data(), top(1));
  REQUIRE(hits.size() == 1);
  CHECK(std::isfinite(hits[0].score));
}

TEST_CASE("an empty collection answers with nothing") {
  const TempFolder folder;
  const std::unique_ptr<Collection> collection = make(folder, any_kind());
  const std::vector<float> query(kDimension, 1);
  CHECK(ask(*collection, query.data(), top(5)).empty());
  CHECK(collection->remove({std::vector<Id>{{false, 1, {}}}, {}}) == 0);
}

TEST_CASE("scores are distances for l2 and products for the others") {
  const std::vector<float> vectors = {3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  const std::vector<float> query = {0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  const auto score = [&](Metric metric) {
    const TempFolder folder;
    const std::unique_ptr<Collection> collection = make(folder, Kind::flat, metric);
    collection->add(numbered_rows(vectors, kDimension), kNever);
    return ask(*collection, query.data(), top(1)).at(0).score;
  };
  CHECK(score(Metric::l2) == Approx(std::sqrt(13.0)));
  CHECK(score(Metric::inner_product) == Approx(8));
  CHECK(score(Metric::cosine) == Approx(0.8));
}

TEST_CASE("the exact neighbours are found by every metric") {
  const Metric metric = GENERATE(Metric::l2, Metric::inner_product, Metric::cosine);
  const TempFolder folder;
  const std::vector<float> vectors = clustered_vectors(1000, kDimension, 12);
  const std::unique_ptr<Collection> collection = make(folder, Kind::flat, metric);
  collection->add(numbered_rows(vectors, kDimension), kNever);
  for (size_t q = 0; q < 20; ++q) {
    const float* query = vectors.data() + q * 31 * kDimension;
    CHECK(recall(numbers(ask(*collection, query, top(10))), exact_nearest(vectors, query, kDimension, 10, metric)) ==
          1);
  }
}

TEST_CASE("searches are kept to ids and to fields of the metadata") {
  const TempFolder folder;
  const std::vector<float> vectors = clustered_vectors(300, kDimension, 13);
  std::unique_ptr<Collection> collection = make(folder, any_kind());
  Rows rows = numbered_rows(vectors, kDimension);
  for (int64_t i = 0; i < 300; ++i) rows.metadata.push_back(field("year", 2000 + i % 10) + field("even", i % 2));
  collection->add(rows, kNever);
  const bool again = GENERATE(false, true);
  if (again) {
    collection->save(false, kNever);
    collection.reset();
    collection = reopen(folder);
  }
  Question question = top(300);
  question.among.fields = {field("year", 2004)};
  CHECK(ask(*collection, vectors.data(), question).size() == 30);
  for (const Hit& hit : ask(*collection, vectors.data(), question)) {
    REQUIRE(hit.id.number % 10 == 4);
    REQUIRE(hit.metadata == field("year", 2004) + field("even", 0));
  }
  question.among.fields = {field("year", 2004), field("even", 1)};
  CHECK(ask(*collection, vectors.data(), question).empty());
  question.among.fields = {field("year", 2005)};
  question.among.ids = std::vector<Id>{{false, 5, {}}, {false, 6, {}}, {false, 15, {}}, {false, 999, {}}};
  CHECK(numbers(ask(*collection, vectors.data(), question)).size() == 2);
  question.among.ids = std::vector<Id>{};
  CHECK(ask(*collection, vectors.data(), question).empty());
  CHECK(collection->remove({std::nullopt, {field("even", 1)}}) == 150);
  CHECK(ask(*collection, vectors.data(), top(300)).size() == 150);
}

TEST_CASE("a trained collection answers like before and keeps its training") {
  const Kind kind = GENERATE(Kind::ivf_flat, Kind::ivf_sq8, Kind::ivf_pq);
  const TempFolder folder;
  const std::vector<float> vectors = clustered_vectors(1500, kDimension, 14);
  std::unique_ptr<Collection> collection = make(folder, kind);
  collection->add(numbered_rows(vectors, kDimension), kNever);
  CHECK_FALSE(collection->stats().trained);
  CHECK(collection->train(kNever) > 10);
  CHECK(collection->stats().trained);
  const auto own_id_first = [&] {
    size_t right = 0;
    for (size_t i = 0; i < 1500; i += 10)
      right += ask(*collection, vectors.data() + i * kDimension, top(1)).at(0).id.number == static_cast<int64_t>(i);
    return right;
  };
  const size_t wanted = 145;
  CHECK(own_id_first() >= wanted);
  const std::vector<float> later = clustered_vectors(10, kDimension, 15);
  collection->add(numbered_rows(later, kDimension, 5000), kNever);
  const bool save = GENERATE(false, true);
  if (save) collection->save(false, kNever);
  collection.reset();
  collection = reopen(folder);
  CHECK(collection->stats().trained);
  CHECK(collection->stats().note.empty());
  CHECK(collection->stats().count == 1510);
  CHECK(own_id_first() >= wanted);
}

TEST_CASE("what codes only estimate is put in order by the stored vectors") {
  const Metric metric = GENERATE(Metric::l2, Metric::inner_product, Metric::cosine);
  const TempFolder folder;
  const std::vector<float> vectors = clustered_vectors(1500, kDimension, 17);
  const std::unique_ptr<Collection> collection = make(folder, Kind::ivf_pq, metric);
  collection->add(numbered_rows(vectors, kDimension), kNever);
  collection->train(kNever);
  Question coarse = top(10), fine = top(10);
  coarse.nprobe = fine.nprobe = 1000;
  coarse.rerank = 1;
  fine.rerank = 20;
  double estimated = 0, exact = 0;
  for (size_t i = 0; i < 1500; i += 100) {
    const float* query = vectors.data() + i * kDimension;
    const std::vector<uint32_t> wanted = exact_nearest(vectors, query, kDimension, 10, metric);
    const std::vector<Hit> hits = ask(*collection, query, fine);
    REQUIRE(hits.size() == 10);
    estimated += recall(numbers(ask(*collection, query, coarse)), wanted);
    exact += recall(numbers(hits), wanted);
    const bool falling = metric != Metric::l2;
    CHECK(std::is_sorted(hits.begin(), hits.end(),
                         [&](const Hit& a, const Hit& b) { return falling ? a.score > b.score : a.score < b.score; }));
    if (metric == Metric::l2) CHECK(hits[0].score == Approx(0).margin(1e-6));
  }
  CHECK(exact / 15 > 0.97);
  CHECK(exact > estimated);
}

TEST_CASE("hits are reranked while rows come and go") {
  const TempFolder folder;
  const std::vector<float> vectors = clustered_vectors(1000, kDimension, 18);
  const std::unique_ptr<Collection> collection = make(folder, Kind::ivf_pq);
  collection->add(numbered_rows(vectors, kDimension), kNever);
  collection->train(kNever);
  std::atomic<bool> done{false};
  std::atomic<size_t> wrong{0}, searches{0};
  std::vector<std::thread> readers;
  for (unsigned t = 0; t < 2; ++t) {
    readers.emplace_back([&, t] {
      for (size_t i = t; !done || searches < 10; i = (i + 7) % 500, ++searches) {
        const std::vector<Hit> hits = ask(*collection, vectors.data() + i * kDimension, top(5));
        if (hits.size() != 5 || hits[0].score > 1e-3f) ++wrong;
      }
    });
  }
  for (int round = 0; round < 20; ++round) {
    const std::vector<float> others = clustered_vectors(50, kDimension, static_cast<unsigned>(20 + round));
    collection->add(numbered_rows(others, kDimension, 2000), kNever);  // replaces those of the last round
    collection->remove({std::vector<Id>{{false, 500 + round, {}}}, {}});
    if (round == 10) collection->save(true, kNever);
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong == 0);
}

TEST_CASE("rows of one add enter a graph in a drawn order and all of them do") {
  const Kind kind = GENERATE(Kind::flat, Kind::hnsw);
  const TempFolder folder;
  const std::vector<float> vectors = clustered_vectors(200, kDimension, 30);
  const std::unique_ptr<Collection> collection = make(folder, kind);
  collection->add(numbered_rows(vectors, kDimension), kNever);
  collection->save(false, kNever);
  SnapshotReader in(folder.path() + "/c.snapshot");
  (void)in.section<char>("identity");
  (void)in.section<int64_t>("head");
  (void)in.section<int64_t>("sequences");
  std::vector<int64_t> ids = in.section<int64_t>("ids");
  CHECK(std::is_sorted(ids.begin(), ids.end()) == (kind == Kind::flat));
  std::sort(ids.begin(), ids.end());
  CHECK(std::unique(ids.begin(), ids.end()) == ids.end());
  CHECK(ids.size() == 200);
  for (int64_t id = 0; id < 200; id += 20) CHECK(who_is(*collection, vectors.data() + id * 16) == id);
}

TEST_CASE("only lists are trained") {
  const TempFolder folder;
  CHECK_THROWS_WITH(make(folder, Kind::hnsw)->train(kNever), Catch::Contains("found hnsw"));
}

TEST_CASE("compacting takes dead rows out of memory") {
  const TempFolder folder;
  const std::vector<float> vectors = clustered_vectors(100, kDimension, 16);
  const std::unique_ptr<Collection> collection = make(folder, any_kind());
  collection->add(numbered_rows(vectors, kDimension), kNever);
  collection->remove({std::vector<Id>{{false, 3, {}}}, {}});
  CHECK(collection->stats().dead_rows == 1);
  collection->save(true, kNever);
  CHECK(collection->stats().dead_rows == 0);
  CHECK(collection->stats().count == 99);
  CHECK(who_is(*collection, vectors.data() + 4 * kDimension) == 4);
}

TEST_CASE("saving a second time without a change writes nothing") {
  const TempFolder folder;
  const std::vector<float> vectors = clustered_vectors(10, kDimension, 17);
  const std::unique_ptr<Collection> collection = make(folder, Kind::hnsw);
  collection->add(numbered_rows(vectors, kDimension), kNever);
  const uint64_t bytes = collection->save(false, kNever);
  CHECK(bytes == std::filesystem::file_size(folder.path() + "/c.snapshot"));
  std::filesystem::remove(folder.path() + "/c.snapshot");
  CHECK(collection->save(false, kNever) == bytes);
  CHECK_FALSE(std::filesystem::exists(folder.path() + "/c.snapshot"));
}

TEST_CASE("an add that nobody waits for is not begun") {
  const TempFolder folder;
  const std::vector<float> vectors = clustered_vectors(10, kDimension, 18);
  const std::unique_ptr<Collection> collection = make(folder, Kind::flat);
  const CheckCancelled gone = [] { throw Failure(DM_CANCELLED, "cancelled"); };
  CHECK_THROWS_AS(collection->add(numbered_rows(vectors, kDimension), gone), Failure);
  CHECK(collection->stats().count == 0);
  CHECK(collection->stats().transaction == 0);
}

TEST_CASE("searches beside adds and removes find only what is there") {
  const TempFolder folder;
  const Kind kind = any_kind();
  const std::vector<float> vectors = clustered_vectors(400, kDimension, 19);
  const std::unique_ptr<Collection> collection = make(folder, kind);
  collection->add(numbered_rows(vectors, kDimension), kNever);
  std::atomic<bool> done{false};
  std::atomic<size_t> wrong{0}, searches{0};
  std::vector<std::thread> readers;
  for (unsigned t = 0; t < 2; ++t) {
    readers.emplace_back([&, t] {
      for (size_t i = t; !done || searches < 10; i = (i + 7) % 200) {
        const float* vector = vectors.data() + i * kDimension;
        const std::vector<Hit> hits = collection->search(std::span(&vector, 1), kDimension, top(3), kNever).at(0);
        // The first 200 are never touched by the writer.
        if (hits.empty() || hits[0].id.number != static_cast<int64_t>(i)) ++wrong;
        ++searches;
      }
    });
  }
  const std::vector<float> others = clustered_vectors(100, kDimension, 20);
  for (int round = 0; round < 10; ++round) {
    collection->add(numbered_rows(others, kDimension, 1000 + 50 * round), kNever);
    collection->remove({std::vector<Id>{{false, 200 + round, {}}}, {}});
    if (round == 5) collection->save(true, kNever);
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong == 0);
  CHECK(searches >= 10);
}

TEST_CASE("vectors of another model are refused by name until the collection is empty") {
  const TempFolder folder;
  const std::vector<float> vectors = clustered_vectors(20, kDimension, 5);
  Rows rows = numbered_rows(vectors, kDimension);
  rows.model = "first";
  Question question = top(3);
  question.model = "second";
  const std::string refusal =
      "collection 'c': needed vectors of the model first, which filled it, found vectors of the model second; drop the "
      "collection and add its vectors again, made by the new model";
  {
    auto collection = make(folder, Kind::hnsw);
    CHECK(ask(*collection, vectors.data(), question).empty());
    collection->add(rows, kNever);
    CHECK_THROWS_WITH(ask(*collection, vectors.data(), question), refusal);
    question.model = "first";
    CHECK(ask(*collection, vectors.data(), question).size() == 3);
    question.model = "";
    CHECK(ask(*collection, vectors.data(), question).size() == 3);
  }
  auto collection = reopen(folder);
  CHECK(collection->stats().model == "first");
  rows.model = "second";
  CHECK_THROWS_WITH(collection->add(rows, kNever), refusal);
  Selection all;
  all.ids = rows.ids;
  collection->remove(all);
  collection->add(rows, kNever);
  CHECK(collection->stats().model == "second");
}

// Questions close to rows: with few candidates wanted, the walk used to end among the removed ones (0.75 of the nearest
// found, without the wider look).
TEST_CASE("a graph finds as much after the nearest of a query are removed as before") {
  const TempFolder folder;
  constexpr size_t kRows = 6'000, kQueries = 8, kRemoved = 300, kTop = 10, kWide = 48;
  const std::vector<float> vectors = clustered_vectors(kRows, kWide, 11);
  std::vector<float> queries = clustered_vectors(kQueries, kWide, 12);
  for (size_t i = 0; i < queries.size(); ++i)
    queries[i] = vectors[i % kWide + i / kWide * 37 * kWide] + 0.1F * queries[i];
  Spec spec = spec_of(Kind::hnsw);
  spec.dimension = kWide;
  auto collection = Collection::create(folder.path(), "c", spec, quick());
  collection->add(numbered_rows(vectors, kWide), kNever);
  std::vector<bool> removed(kRows);
  const auto found = [&] {
    double sum = 0;
    for (size_t q = 0; q < kQueries; ++q) {
      const float* query = queries.data() + q * kWide;
      std::vector<uint32_t> wanted;
      for (const uint32_t row : exact_nearest(vectors, query, kWide, kRows, Metric::l2)) {
        if (!removed[row] && wanted.size() < kTop) wanted.push_back(row);
      }
      Question question = top(kTop);
      question.ef = kTop;
      sum += recall(numbers(ask(*collection, query, question)), wanted);
    }
    return sum / kQueries;
  };
  REQUIRE(found() >= 0.95);
  for (size_t q = 0; q < kQueries; ++q) {
    Selection nearest;
    nearest.ids.emplace();
    for (const uint32_t row : exact_nearest(vectors, queries.data() + q * kWide, kWide, kRemoved, Metric::l2)) {
      removed[row] = true;
      nearest.ids->push_back({false, row, {}});
    }
    collection->remove(nearest);
  }
  CHECK(collection->stats().dead_rows > kRemoved);  // nothing was built anew
  CHECK(found() >= 0.95);
}

}  // namespace dormouse::search
