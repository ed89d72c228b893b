#include "nearest.h"

#include <array>

#include "side_by_side.h"

namespace dormouse::search {
namespace {

constexpr size_t kChunkBytes = size_t{32} << 10;    // rows looked at by all queries before the next ones: half of an L1
constexpr size_t kAheadBytes = size_t{8} << 10;     // how far before their use rows are asked for
constexpr size_t kRowBytesAhead = size_t{2} << 10;  // of longer rows the CPU itself reads ahead
constexpr size_t kLine = 64;
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

void prefetch(const float* row, size_t bytes) {
  const auto* at = reinterpret_cast<const char*>(row);
  for (size_t i = 0; i < bytes; i += kLine) __builtin_prefetch(at + i);
}

// One tile's distances of one query. Hardly ever is one of them wanted, so one look is for all.
void offer_tile(Nearest& best, Allowed allowed, const float* distances, size_t first, size_t count) {
  const float nearest = std::min(std::min(distances[0], distances[1]), std::min(distances[2], distances[3]));
  if (nearest > best.worst()) return;
  for (size_t r = 0; r < count; ++r) offer(best, allowed, {distances[r], static_cast<uint32_t>(first + r)});
}

// Tiles of kTile queries and kTile rows, over so few rows that they stay in the innermost cache for the next queries.
// What is missing to a whole tile is filled with a repetition and ignored.
class TileScan {
 public:
  TileScan(const VectorRows& rows, const Distance& distance, Allowed allowed, std::span<const float* const> queries,
           std::span<Nearest> best)
      : rows_(rows),
        distance_(distance),
        allowed_(allowed),
        queries_(queries),
        best_(best),
        row_bytes_(rows.stride() * sizeof(float)),
        ahead_(row_bytes_ > kRowBytesAhead ? 0 : std::max(kTile, kAheadBytes / row_bytes_ / kTile * kTile)) {}

  void scan(size_t begin, size_t end) {
    const size_t chunk = std::max(kTile, kChunkBytes / row_bytes_ / kTile * kTile);
    for (size_t first = begin; first < end; first += chunk) {
      const size_t last = std::min(end, first + chunk);
      for (size_t q = 0; q < queries_.size(); q += kTile) {
        const size_t width = std::min(kTile, queries_.size() - q);
        // A tile costs as much as two queries one by one, of rows that are in the cache.
        if (width == 1 && q > 0) {
          scan_one(rows_, distance_, allowed_, queries_[q], best_[q], first, last);
        } else {
          scan_tiles(q, width, first, last);
        }
      }
    }
  }

 private:
  void scan_tiles(size_t q, size_t width, size_t first, size_t last) {
    const auto tile = distance_.is_l2() ? distance_.kernels().l2_tile : distance_.kernels().dot_tile;
    const float sign = distance_.is_l2() ? 1.0f : -1.0f;
    std::array<const float*, kTile> a{}, b{};
    std::array<float, kTile * kTile> distances{};
    for (size_t j = 0; j < kTile; ++j) a[j] = queries_[q + std::min(j, width - 1)];
    for (size_t i = first; i < last; i += kTile) {
      const size_t height = std::min(kTile, last - i);
      for (size_t j = 0; j < kTile; ++j) b[j] = rows_.row(i + std::min(j, height - 1));
      // The first queries bring the rows in. Four short rows read side by side are more than the CPU foresees: without
      // this, four queries together took longer than four alone.
      if (ahead_ > 0 && q == 0 && i + ahead_ < rows_.size()) prefetch(rows_.row(i + ahead_), kTile * row_bytes_);
      tile(a.data(), b.data(), rows_.stride(), distances.data());
      for (float& one : distances) one *= sign;
      for (size_t j = 0; j < width; ++j) offer_tile(best_[q + j], allowed_, &distances[j * kTile], i, height);
    }
  }

  const VectorRows& rows_;
  const Distance& distance_;
  const Allowed allowed_;
  const std::span<const float* const> queries_;
  const std::span<Nearest> best_;
  const size_t row_bytes_;
  const size_t ahead_;  // rows; 0: none
};

void scan_range(const VectorRows& rows, const Distance& distance, Allowed allowed,
                std::span<const float* const> queries, std::span<Nearest> best, size_t begin, size_t end) {
  if (queries.size() > 1) return TileScan(rows, distance, allowed, queries, best).scan(begin, end);
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
