#include "support/vector_sets.h"

#include <faiss/IndexFlat.h>
#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <stdexcept>

#include "support/report.h"

namespace dormouse::bench {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + " is not there");
  return {std::istreambuf_iterator<char>(file), {}};
}

// .bvecs, .fvecs, .ivecs: a dimension of four bytes, then that many elements, for each vector.
template <class Element, class To>
std::vector<To> read_vectors(const std::string& path, size_t& dimension) {
  const std::string bytes = read_file(path);
  std::vector<To> out;
  for (size_t at = 0; at + 4 <= bytes.size();) {
    int32_t d = 0;
    std::memcpy(&d, bytes.data() + at, 4);
    at += 4;
    dimension = static_cast<size_t>(d);
    if (d <= 0 || at + dimension * sizeof(Element) > bytes.size()) throw std::runtime_error(path + " is damaged");
    for (size_t i = 0; i < dimension; ++i, at += sizeof(Element)) {
      Element element;
      std::memcpy(&element, bytes.data() + at, sizeof element);
      out.push_back(static_cast<To>(element));
    }
  }
  return out;
}

std::vector<std::vector<int64_t>> exact(const VectorSet& set) {
  faiss::IndexFlatL2 flat(static_cast<int64_t>(set.dimension));
  flat.add(static_cast<int64_t>(set.rows()), set.base.data());
  std::vector<float> distances(set.asked() * kK);
  std::vector<int64_t> labels(set.asked() * kK);
  flat.search(static_cast<int64_t>(set.asked()), set.queries.data(), kK, distances.data(), labels.data());
  std::vector<std::vector<int64_t>> nearest;
  for (size_t q = 0; q < set.asked(); ++q) nearest.emplace_back(labels.begin() + q * kK, labels.begin() + (q + 1) * kK);
  return nearest;
}

std::vector<std::vector<int64_t>> read_nearest(const std::string& path) {
  size_t width = 0;
  const std::vector<int64_t> all = read_vectors<int32_t, int64_t>(path, width);
  std::vector<std::vector<int64_t>> nearest;
  for (size_t at = 0; at < all.size(); at += width) nearest.emplace_back(all.begin() + at, all.begin() + at + kK);
  return nearest;
}

}  // namespace

std::string data_folder() {
  const char* named = std::getenv("DORMOUSE_DATA");
  return named ? named : std::string(DORMOUSE_BENCH_SOURCE) + "/../examples/data";
}

void with_set(const std::function<VectorSet()>& read, const std::function<void(const VectorSet&)>& measure) {
  VectorSet set;
  try {
    set = read();
  } catch (const std::exception& e) {
    fmt::print("\nnot measured: {} (DORMOUSE_DATA names the folder)\n", e.what());
    return;
  }
  measure(set);
}

VectorSet sift(const std::string& folder) {
  VectorSet set{"sift 9,400 x 128", 0, {}, {}, {}};
  set.base = read_vectors<uint8_t, float>(folder + "/vectors-sift/bigann9k_base.bvecs", set.dimension);
  set.queries = read_vectors<uint8_t, float>(folder + "/vectors-sift/bigann9k_query_dev.bvecs", set.dimension);
  set.nearest = read_nearest(folder + "/vectors-sift/bigann9k_gt_dev.ivecs");
  return set;
}

VectorSet text(const std::string& folder) {
  VectorSet set{"text 15,811 x 128", 0, {}, {}, {}};
  const std::string packed = folder + "/vectors-text-lsa/base.fvecs.zst", unpacked = bench_folder() + "/base.fvecs";
  if (!std::filesystem::exists(packed)) throw std::runtime_error(packed + " is not there");
  if (std::system(fmt::format("zstd -q -d -f '{}' -o '{}'", packed, unpacked).c_str()) != 0)
    throw std::runtime_error("zstd could not unpack " + packed);
  set.base = read_vectors<float, float>(unpacked, set.dimension);
  set.queries = read_vectors<float, float>(folder + "/vectors-text-lsa/query_dev.fvecs", set.dimension);
  set.nearest = read_nearest(folder + "/vectors-text-lsa/gt_dev.ivecs");
  return set;
}

VectorSet drawn(size_t rows) {
  VectorSet set{fmt::format("drawn {} x 128", rows), 128, {}, {}, {}};
  std::mt19937 random(7);
  std::normal_distribution<float> noise;
  std::vector<float> centres(500 * set.dimension);
  for (float& x : centres) x = noise(random);
  const auto draw = [&](std::vector<float>& out, size_t n) {
    for (size_t i = 0; i < n; ++i) {
      const float* centre = centres.data() + random() % 500 * set.dimension;
      for (size_t j = 0; j < set.dimension; ++j) out.push_back(centre[j] + 0.7f * noise(random));
    }
  };
  draw(set.base, rows);
  draw(set.queries, 500);
  set.nearest = exact(set);
  return set;
}

double recall(const VectorSet& set, const std::function<std::vector<int64_t>(size_t query)>& search) {
  size_t right = 0;
  for (size_t q = 0; q < set.asked(); ++q) {
    const std::vector<int64_t> found = search(q);
    const std::set<int64_t> have(found.begin(), found.end());
    for (const int64_t id : set.nearest[q]) right += have.count(id);
  }
  return static_cast<double>(right) / static_cast<double>(set.asked() * kK);
}

}  // namespace dormouse::bench
