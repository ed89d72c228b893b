#include "index.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/temp_folder.h"
#include "vectors.h"

namespace dormouse::search {
namespace {

constexpr size_t kRows = 3000;
constexpr size_t kQueries = 30;
constexpr size_t kDimension = 24;
constexpr size_t kK = 10;

struct World {
  explicit World(Metric m) : metric(m) {}
  Metric metric;
  std::vector<float> rows = clustered_vectors(kRows, kDimension, 1);
  std::vector<float> queries = clustered_vectors(kQueries, kDimension, 1);
};

Spec spec_of(Kind kind, Metric metric) {
  Spec spec;
  spec.kind = kind;
  spec.metric = metric;
  spec.dimension = kDimension;
  spec.ef_construction = 100;
  spec.pq_m = 12;
  return checked(spec);
}

std::unique_ptr<Index> build(const Spec& spec, const World& world, std::string& trained, unsigned threads = 1) {
  if (is_ivf(spec.kind)) {
    VectorRows sample(kDimension);
    sample.append(world.rows.data(), kRows);
    trained = train_lists(spec, sample, kRows, threads, kNever);
  }
  std::unique_ptr<Index> index = Index::create(spec, trained, threads);
  for (size_t at = 0; at < kRows;) {
    const size_t n = std::min(index->rows_at_once(), kRows - at);
    index->add(world.rows.data() + at * kDimension, n);
    at += n;
  }
  return index;
}

double mean_recall(const Index& index, const World& world, Filter filter = {}) {
  filter.available = filter.selective ? filter.selected.size() : kRows;
  double sum = 0;
  for (size_t q = 0; q < kQueries; ++q) {
    const float* vector = world.queries.data() + q * kDimension;
    const PaddedVector padded(vector, kDimension);
    const Query query{padded.data(), kK, 100, 16};
    const std::vector<Found> found = index.search(std::span(&query, 1), filter, kNever);
    std::vector<int64_t> ids;
    for (const Candidate& candidate : found.at(0)) ids.push_back(candidate.row);
    REQUIRE(ids.size() == kK);
    sum += recall(ids, exact_nearest(world.rows, vector, kDimension, kK, world.metric));
  }
  return sum / kQueries;
}

}  // namespace

TEST_CASE("a flat index finds exactly the nearest in batches of every size and on any number of threads") {
  for (const Metric metric : {Metric::l2, Metric::inner_product}) {
    const World world(metric);
    for (const unsigned threads : {1u, 3u}) {
      std::string trained;
      const std::unique_ptr<Index> index = build(spec_of(Kind::flat, metric), world, trained, threads);
      for (size_t batch = 1; batch <= kQueries; ++batch) {
        std::vector<PaddedVector> padded;
        std::vector<Query> queries;
        for (size_t q = 0; q < batch; ++q) {
          padded.emplace_back(world.queries.data() + q * kDimension, kDimension);
          queries.push_back({padded.back().data(), kK, 0, 0});
        }
        Filter all;
        all.available = kRows;
        const std::vector<Found> found = index->search(queries, all, kNever);
        for (size_t q = 0; q < batch; ++q) {
          std::vector<uint32_t> rows;
          for (const Candidate& candidate : found[q]) rows.push_back(candidate.row);
          REQUIRE(rows == exact_nearest(world.rows, world.queries.data() + q * kDimension, kDimension, kK, metric));
        }
      }
    }
  }
}

TEST_CASE("each kind of index finds most of the nearest") {
  for (const Metric metric : {Metric::l2, Metric::inner_product}) {
    const World world(metric);
    const auto [kind, wanted] = GENERATE(
        table<Kind, double>({{Kind::hnsw, 0.95}, {Kind::ivf_flat, 0.85}, {Kind::ivf_sq8, 0.8}, {Kind::ivf_pq, 0.5}}));
    std::string trained;
    const std::unique_ptr<Index> index = build(spec_of(kind, metric), world, trained, 2);
    const double found = mean_recall(*index, world);
    INFO(word(kind) << " " << word(metric) << " recall " << found);
    CHECK(found >= wanted);
  }
}

TEST_CASE("with all lists looked into nothing is lost but what the codes lose") {
  const World world(Metric::l2);
  std::string trained;
  const std::unique_ptr<Index> index = build(spec_of(Kind::ivf_flat, Metric::l2), world, trained);
  const float* vector = world.queries.data();
  const PaddedVector padded(vector, kDimension);
  const Query query{padded.data(), kK, 0, 65'536};
  Filter all;
  all.available = kRows;
  const Found found = index->search(std::span(&query, 1), all, kNever).at(0);
  std::vector<uint32_t> rows;
  for (const Candidate& candidate : found) rows.push_back(candidate.row);
  CHECK(rows == exact_nearest(world.rows, vector, kDimension, kK, Metric::l2));
}

TEST_CASE("a loaded index answers as the saved one did") {
  const TempFolder folder;
  const Kind kind = GENERATE(Kind::flat, Kind::hnsw, Kind::ivf_flat, Kind::ivf_sq8, Kind::ivf_pq);
  const World world(Metric::l2);
  const Spec spec = spec_of(kind, Metric::l2);
  std::string trained;
  const std::unique_ptr<Index> saved = build(spec, world, trained);
  {
    SnapshotWriter out(folder.path() + "/s");
    saved->save(out);
    out.finish();
  }
  const std::unique_ptr<Index> loaded = Index::create(spec, trained, 1);
  SnapshotReader in(folder.path() + "/s");
  loaded->load(in, kRows);
  Filter all;
  all.available = kRows;
  for (size_t q = 0; q < kQueries; ++q) {
    const PaddedVector padded(world.queries.data() + q * kDimension, kDimension);
    const Query query{padded.data(), kK, 50, 4};
    const auto a = saved->search(std::span(&query, 1), all, kNever),
               b = loaded->search(std::span(&query, 1), all, kNever);
    REQUIRE(a[0].size() == b[0].size());
    for (size_t i = 0; i < a[0].size(); ++i) REQUIRE(a[0][i].row == b[0][i].row);
  }
  // And it goes on growing.
  loaded->add(world.rows.data(), 5);
  CHECK(loaded->size() == kRows + 5);
}

TEST_CASE("a filter finds what it lets through and nothing else however rare it is") {
  const Kind kind = GENERATE(Kind::flat, Kind::hnsw, Kind::ivf_flat, Kind::ivf_pq);
  const size_t step = GENERATE(2, 7, 200);
  const World world(Metric::l2);
  std::string trained;
  const std::unique_ptr<Index> index = build(spec_of(kind, Metric::l2), world, trained);
  std::vector<uint32_t> selected;
  RowSet set;
  set.resize(kRows);
  for (uint32_t row = 3; row < kRows; row += static_cast<uint32_t>(step)) selected.push_back(row), set.set(row);
  const Filter filter{{nullptr, &set}, true, selected, selected.size()};
  const PaddedVector padded(world.queries.data(), kDimension);
  const Query query{padded.data(), kK, 20, 1};
  const Found found = index->search(std::span(&query, 1), filter, kNever).at(0);
  REQUIRE(found.size() == kK);
  for (const Candidate& candidate : found) CHECK(set.has(candidate.row));
}

TEST_CASE("too few vectors to train are refused with what is needed") {
  const World world(Metric::l2);
  VectorRows sample(kDimension);
  sample.append(world.rows.data(), 100);
  CHECK_THROWS_WITH(train_lists(spec_of(Kind::ivf_pq, Metric::l2), sample, 100, 1, kNever),
                    Catch::Contains("256") && Catch::Contains("100"));
}

TEST_CASE("training is given up when nobody waits") {
  const World world(Metric::l2);
  VectorRows sample(kDimension);
  sample.append(world.rows.data(), kRows);
  const CheckCancelled given_up = [] { throw Failure(DM_CANCELLED, "cancelled"); };
  CHECK_THROWS_AS(train_lists(spec_of(Kind::ivf_flat, Metric::l2), sample, kRows, 1, given_up), Failure);
}

}  // namespace dormouse::search
