#include "nearest.h"

#include <array>

#include "side_by_side.h"

namespace dormouse::search {
namespace {

constexpr size_t kChunkBytes = size_t{32} << 10;  // rows looked at by all queries before the next ones: half of an L1
constexpr size_t kRowsBetweenChecks = 16'384;     // some milliseconds at 4,096 elements
constexpr size_t kElementsPerThread = 1'000'000;  // below, starting a second thread costs more than it saves

void offer(Nearest& best, Allowed allowed, Candidate candidate) {
  if (best.wants(candidate) && allowed(candidate.row)) best.add(candidate);
}

void scan_one(const VectorRows& rows, const Distance& distance, Allowed allowed, const float* query, Nearest& best,
              size_t begin, size_t end) {
  const size_t stride = rows.stride();
  for (size_t i = begin; i < end; ++i) {
    offer(best, allowed, {distance(query, rows.row(i), stride), static_cast<uint32_t>(i)});
  }
}

// Tiles of kTile queries and kTile rows. What is missing to a whole tile is filled with a repetition and ignored.
void scan_tiles(const VectorRows& rows, const Distance& distance, Allowed allowed,
                std::span<const float* const> queries, std::span<Nearest> best, size_t begin, size_t end) {
  const auto tile = distance.is_l2() ? distance.kernels().l2_tile : distance.kernels().dot_tile;
  const float sign = distance.is_l2() ? 1.0f : -1.0f;
  const size_t chunk = std::max(kTile, kChunkBytes / (rows.stride() * sizeof(float)) / kTile * kTile);
  std::array<const float*, kTile> a{}, b{};
  std::array<float, kTile * kTile> distances{};
  for (size_t first = begin; first < end; first += chunk) {
    const size_t last = std::min(end, first + chunk);
    for (size_t q = 0; q < queries.size(); q += kTile) {
      const size_t width = std::min(kTile, queries.size() - q);
      for (size_t j = 0; j < kTile; ++j) a[j] = queries[q + std::min(j, width - 1)];
      for (size_t i = first; i < last; i += kTile) {
        const size_t height = std::min(kTile, last - i);
        for (size_t j = 0; j < kTile; ++j) b[j] = rows.row(i + std::min(j, height - 1));
        tile(a.data(), b.data(), rows.stride(), distances.data());
        for (size_t j = 0; j < width; ++j) {
          for (size_t r = 0; r < height; ++r) {
            offer(best[q + j], allowed, {sign * distances[j * kTile + r], static_cast<uint32_t>(i + r)});
          }
        }
      }
    }
  }
}

void scan_range(const VectorRows& rows, const Distance& distance, Allowed allowed,
                std::span<const float* const> queries, std::span<Nearest> best, size_t begin, size_t end) {
  // A tile costs little more than two queries one by one, and reads the rows once.
  if (queries.size() > 1) return scan_tiles(rows, distance, allowed, queries, best, begin, end);
  scan_one(rows, distance, allowed, queries[0], best[0], begin, end);
}

}  // namespace

void scan_all(const VectorRows& rows, const Distance& distance, Allowed allowed, std::span<const float* const> queries,
              std::span<Nearest> best, unsigned threads, const CheckCancelled& check_cancelled) {
  const size_t work = rows.size() * rows.stride() * queries.size();
  threads = static_cast<unsigned>(std::min<size_t>(threads, 1 + work / kElementsPerThread));
  if (threads <= 1) {
    const size_t step = std::max(kTile, kRowsBetweenChecks / queries.size() / kTile * kTile);
    for (size_t begin = 0; begin < rows.size(); begin += step) {
      if (begin > 0) check_cancelled();
      scan_range(rows, distance, allowed, queries, best, begin, std::min(rows.size(), begin + step));
    }
    return;
  }
  std::vector<std::vector<Nearest>> parts(threads, std::vector<Nearest>(best.begin(), best.end()));
  const size_t share = (rows.size() / threads + kTile) / kTile * kTile;
  side_by_side(threads, threads, [&](size_t part) {
    const size_t begin = std::min(rows.size(), part * share), end = std::min(rows.size(), begin + share);
    scan_range(rows, distance, allowed, queries, parts[part], begin, end);
  });
  for (size_t q = 0; q < queries.size(); ++q) {
    best[q].take();
    for (std::vector<Nearest>& part : parts)
      for (const Candidate& candidate : part[q].take()) best[q].add(candidate);
  }
}

void scan_some(const VectorRows& rows, const Distance& distance, Allowed allowed, const float* query,
               std::span<const uint32_t> some, Nearest& best) {
  for (const uint32_t row : some) offer(best, allowed, {distance(query, rows.row(row), rows.stride()), row});
}

}  // namespace dormouse::search
