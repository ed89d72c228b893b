#include <atomic>
#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>

#include "integration/plugins/search-faiss/vector_host.h"

namespace dormouse {
namespace {

// A dimension of four bytes, then the elements, for each vector.
template <class Element, class To>
std::vector<To> read_vectors(const std::string& path, size_t& dimension) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  REQUIRE(bytes.size() > 4);
  std::vector<To> out;
  int32_t d = 0;
  std::memcpy(&d, bytes.data(), 4);
  dimension = static_cast<size_t>(d);
  for (size_t at = 0; at < bytes.size(); at += 4 + dimension * sizeof(Element)) {
    for (size_t i = 0; i < dimension; ++i) {
      Element element;
      std::memcpy(&element, bytes.data() + at + 4 + i * sizeof element, sizeof element);
      out.push_back(static_cast<To>(element));
    }
  }
  return out;
}

struct Sift {
  Sift() {
    base = read_vectors<uint8_t, float>(DORMOUSE_VECTORS "/bigann9k_base.bvecs", dimension);
    queries = read_vectors<uint8_t, float>(DORMOUSE_VECTORS "/bigann9k_query_dev.bvecs", dimension);
    nearest = read_vectors<int32_t, int64_t>(DORMOUSE_VECTORS "/bigann9k_gt_dev.ivecs", width);
  }
  size_t dimension = 0, width = 0;
  std::vector<float> base, queries;
  std::vector<int64_t> nearest;
};

// Share of the ten nearest; an id at the distance of the tenth counts, as equal distances have no order.
double recall(VectorHost& vectors, const Sift& sift) {
  size_t right = 0;
  const size_t asked = sift.queries.size() / sift.dimension;
  for (size_t q = 0; q < asked; ++q) {
    const float* query = sift.queries.data() + q * sift.dimension;
    const auto distance = [&](int64_t id) {
      double sum = 0;
      for (size_t i = 0; i < sift.dimension; ++i) {
        const double difference =
            static_cast<double>(query[i]) - sift.base[static_cast<size_t>(id) * sift.dimension + i];
        sum += difference * difference;
      }
      return sum;
    };
    const double tenth = distance(sift.nearest[q * sift.width + 9]);
    for (const VectorHit& hit : vectors.search(query, sift.dimension, 10)) right += distance(hit.id) <= tenth;
  }
  return static_cast<double>(right) / static_cast<double>(10 * asked);
}

}  // namespace

TEST_CASE("an exact search finds all true neighbours of real vectors") {
  const Sift sift;
  VectorHost vectors("flat", 1);
  REQUIRE(vectors.add(sift.base, sift.dimension, 0).ok());
  CHECK(recall(vectors, sift) == 1.0);
}

TEST_CASE("a graph finds nearly all true neighbours of real vectors and still does after unloading") {
  const Sift sift;
  VectorHost vectors("hnsw", 2);
  REQUIRE(vectors.add(sift.base, sift.dimension, 0).ok());
  CHECK(recall(vectors, sift) >= 0.98);
  vectors.unload();
  CHECK(vectors.count() == 9400);
  CHECK(recall(vectors, sift) >= 0.98);
}

TEST_CASE("a reload keeps every row of every kind") {
  for (const char* kind : {"flat", "hnsw"}) {
    INFO(kind);
    VectorHost vectors(kind, 1);
    std::vector<float> rows;
    for (int64_t id = 0; id < 200; ++id)
      for (const float x : vector_of(id)) rows.push_back(x);
    REQUIRE(vectors.add(rows, kVectorSize, 0).ok());
    for (int i = 0; i < 3; ++i) {
      const VerbAnswer answer = vectors.host.request(vectors.component, Verb::reload);
      INFO(answer.status.to_string());
      REQUIRE(answer.status.ok());
      vectors.must_have(200);
    }
  }
}

TEST_CASE("calls that arrive together get each its own answer") {
  VectorHost vectors("flat", 1);
  std::vector<float> rows;
  for (int64_t id = 0; id < 500; ++id)
    for (const float x : vector_of(id)) rows.push_back(x);
  REQUIRE(vectors.add(rows, kVectorSize, 0).ok());
  const uint32_t search = vectors.host.method_index(vectors.component, "search");
  const Result<Lease> lease = vectors.host.acquire(vectors.component);
  REQUIRE(lease.ok());
  std::atomic<int> wrong{0};
  std::vector<std::thread> clients;
  for (int64_t client = 0; client < 16; ++client) {
    clients.emplace_back([&, client] {
      for (int64_t i = 0; i < 50; ++i) {
        const int64_t id = client * 31 + i;
        const bool misfit = i % 10 == 9;  // one that fails must not take the others along
        const Result<Value> answer = vectors.host.call(*lease, search, value_with([&](ValueWriter& writer) {
          std::vector<float> vector = vector_of(id % 500);
          if (misfit) vector.pop_back();
          write_floats(writer, "vector", vector.data(), {static_cast<int64_t>(vector.size())});
        }));
        if (misfit != !answer.ok()) ++wrong;
        int64_t found = -1;
        if (answer.ok()) {
          dm_get_int(dm_map_get(dm_list_at(dm_map_get(answer->view(), "hits"), 0), "id"), &found);
          if (found != id % 500) ++wrong;
        }
      }
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(wrong == 0);
}

TEST_CASE("metadata comes back and filters and strings are ids as well") {
  VectorHost vectors("hnsw", 1);
  const std::vector<float> rows = {1, 0, 0, 1, 1, 1};
  const Value in = value_with([&](ValueWriter& writer) {
    write_floats(writer, "vectors", rows.data(), {3, 2});
    writer.key("ids");
    writer.list_begin();
    for (const char* id : {"east", "north", "between"}) writer.string(id);
    writer.list_end();
    writer.key("metadata");
    writer.list_begin();
    for (const int64_t year : {1990, 2000, 2000}) {
      writer.map_begin();
      writer.key("year");
      writer.integer(year);
      writer.map_end();
    }
    writer.list_end();
  });
  REQUIRE(vectors.call("add", in).ok());
  const Value question = value_with([&](ValueWriter& writer) {
    write_floats(writer, "vector", rows.data(), {2});
    writer.key("where");
    writer.map_begin();
    writer.key("year");
    writer.number(2000.0);
    writer.map_end();
  });
  REQUIRE(vectors.call("search", question).ok());
  CHECK(to_debug_string(vectors.answer().view()).find("between") != std::string::npos);
  CHECK(to_debug_string(vectors.answer().view()).find("east") == std::string::npos);
  const dm_value first = dm_list_at(dm_map_get(vectors.answer().view(), "hits"), 0);
  int64_t year = 0;
  CHECK(dm_get_int(dm_map_get(dm_map_get(first, "metadata"), "year"), &year));
  CHECK(year == 2000);
}

TEST_CASE("what cannot be is refused with the object and what is needed") {
  VectorHost vectors("flat", 1);
  const std::vector<float> rows = vector_of(1);
  REQUIRE(vectors.add(rows, kVectorSize, 1).ok());
  const auto refused = [&](const std::string& method, const Value& in, const std::string& because) {
    const Status status = vectors.call(method, in);
    INFO(status.to_string());
    CHECK_FALSE(status.ok());
    CHECK(status.to_string().find(because) != std::string::npos);
  };
  refused("search", value_with([&](ValueWriter& writer) { write_floats(writer, "vector", rows.data(), {5}); }),
          "needed a vector of dimension 8, found 5");
  refused("search", value_with([&](ValueWriter& writer) {
            write_floats(writer, "vector", rows.data(), {8});
            writer.key("k");
            writer.integer(10'001);
          }),
          "10001");
  refused("search", value_with([&](ValueWriter& writer) {
            write_floats(writer, "vector", rows.data(), {8});
            writer.key("collection");
            writer.string("none");
          }),
          "'default'");
  refused("train", value_with([](ValueWriter&) {}), "found flat");
  refused("remove", value_with([](ValueWriter&) {}), "drop");
}

}  // namespace dormouse
