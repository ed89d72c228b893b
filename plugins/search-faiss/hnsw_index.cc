#include "hnsw_index.h"

#include <omp.h>

#include <algorithm>
#include <array>
#include <functional>

#include "side_by_side.h"

namespace dormouse::search {
namespace {

constexpr size_t kWalksKept = 8;
// Fewer selected rows than this, or than one in kScanShare: looking at each is quicker than a walk that hardly ever
// meets one of them.
constexpr size_t kScanRows = 2000;
constexpr size_t kScanShare = 20;
constexpr size_t kLine = 64;
constexpr size_t kLinksMax = 256;  // level 0 has 2 * m links, m is at most 128
constexpr size_t kWiderAmongDead = 8;
constexpr size_t kAhead = 2;                           // rows whose memory is on its way while a distance is computed
constexpr uint32_t kLookedAround = uint32_t{1} << 31;  // beyond every row number

void prefetch(const float* row, size_t elements) {
  const auto* bytes = reinterpret_cast<const char*>(row);
  for (size_t at = 0; at < std::min<size_t>(elements * sizeof(float), 8 * kLine); at += kLine)
    __builtin_prefetch(bytes + at);
}

bool farther(const Candidate& a, const Candidate& b) {
  return b < a;
}

}  // namespace

// FAISS's way of asking for distances while it builds.
class HnswIndex::Computer final : public faiss::DistanceComputer {
 public:
  Computer(const VectorRows& rows, const Distance& distance) : rows_(rows), distance_(distance) {}
  void set_query(const float* x) override { query_ = x; }
  float operator()(idx_t i) override { return distance_(query_, rows_.row(static_cast<size_t>(i)), rows_.stride()); }
  float symmetric_dis(idx_t i, idx_t j) override {
    return distance_(rows_.row(static_cast<size_t>(i)), rows_.row(static_cast<size_t>(j)), rows_.stride());
  }

 private:
  const VectorRows& rows_;
  const Distance& distance_;
  const float* query_ = nullptr;
};

// A lock for each row and, for each thread, which rows it has seen.
struct HnswIndex::Building {
  Building(size_t rows, unsigned threads) : locks(rows) {
    for (omp_lock_t& lock : locks) omp_init_lock(&lock);
    for (unsigned i = 0; i < threads; ++i)
      seen.push_back(std::make_unique<faiss::VisitedTable>(static_cast<int>(rows)));
  }
  ~Building() {
    for (omp_lock_t& lock : locks) omp_destroy_lock(&lock);
  }
  std::vector<omp_lock_t> locks;
  std::vector<std::unique_ptr<faiss::VisitedTable>> seen;
};

HnswIndex::HnswIndex(const Spec& spec, unsigned threads, const Kernels& kernels)
    : distance_(spec.metric, kernels),
      threads_(std::max(1u, threads)),
      rows_(spec.dimension),
      graph_(static_cast<int>(spec.m)) {
  graph_.efConstruction = static_cast<int>(spec.ef_construction);
}

HnswIndex::~HnswIndex() = default;

size_t HnswIndex::bytes() const {
  return rows_.bytes() + graph_.neighbors.capacity() * sizeof(int) + graph_.offsets.capacity() * sizeof(size_t) +
         graph_.levels.capacity() * sizeof(int);
}

void HnswIndex::reserve(size_t rows) {
  rows_.reserve(rows);
  if (graph_.levels.capacity() < rows) {
    const size_t roomy = std::max(rows, 2 * graph_.levels.capacity());
    graph_.levels.reserve(roomy);
    graph_.offsets.reserve(roomy + 1);
    // A row in m has links above the lowest level.
    graph_.neighbors.reserve(roomy * static_cast<size_t>(graph_.nb_neighbors(0) + 2));
  }
  if (!building_ || building_->locks.size() < rows)
    building_ = std::make_unique<Building>(std::max(rows, building_ ? 2 * building_->locks.size() : 0), threads_);
}

void HnswIndex::link(uint32_t row) {
  Computer computer(rows_, distance_);
  computer.set_query(rows_.row(row));
  faiss::VisitedTable& seen = *building_->seen[current_thread()];
  graph_.add_with_locks(computer, graph_.levels[row] - 1, static_cast<int>(row), building_->locks, seen);
}

void HnswIndex::add(const float* vectors, size_t n) {
  reserve(rows_.size() + n);
  const auto first = static_cast<uint32_t>(rows_.size());
  rows_.append(vectors, n);
  graph_.prepare_level_tab(n);
  // Rows that reach higher than any before become the entrance; that is not for several threads at once.
  std::vector<uint32_t> others;
  for (auto row = first; row < first + n; ++row) {
    if (graph_.entry_point < 0 || graph_.levels[row] - 1 > graph_.max_level) {
      link(row);
    } else {
      others.push_back(row);
    }
  }
  side_by_side(others.size(), threads_, [&](size_t i) { link(others[i]); });
}

std::span<const int> HnswIndex::neighbours(uint32_t row, int level) const {
  size_t begin = 0, end = 0;
  graph_.neighbor_range(static_cast<int64_t>(row), level, &begin, &end);
  return {graph_.neighbors.data() + begin, end - begin};
}

// To the nearest row that can be reached on the upper levels, always to a nearer neighbour.
Candidate HnswIndex::descend(const float* query) const {
  const size_t stride = rows_.stride();
  auto entry = static_cast<uint32_t>(graph_.entry_point);
  Candidate at{distance_(query, rows_.row(entry), stride), entry};
  for (int level = graph_.max_level; level > 0; --level) {
    for (bool nearer = true; nearer;) {
      nearer = false;
      for (const int next : neighbours(at.row, level)) {
        if (next < 0) break;
        const Candidate candidate{distance_(query, rows_.row(static_cast<size_t>(next)), stride),
                                  static_cast<uint32_t>(next)};
        // Of numbers near the end of what a float can be, the product may be none at all: no step is made on that.
        if (!(candidate.distance < at.distance)) continue;
        at = candidate;
        nearer = true;
      }
    }
  }
  return at;
}

void HnswIndex::Walk::start(size_t rows) {
  if (seen.size() < rows) seen.resize(rows);
  if (++mark == 0) {
    std::fill(seen.begin(), seen.end(), uint16_t{0});
    mark = 1;
  }
  frontier.clear();
  pool.clear();
}

size_t HnswIndex::look_around(uint32_t row, Walk& walk, uint32_t* next) const {
  size_t count = 0;
  for (const int neighbour : neighbours(row, 0)) {
    if (neighbour < 0) break;
    if (walk.first_look(static_cast<uint32_t>(neighbour))) next[count++] = static_cast<uint32_t>(neighbour);
  }
  for (size_t i = 0; i < std::min(count, kAhead); ++i) prefetch(rows_.row(next[i]), rows_.stride());
  return count;
}

// Without a filter what is found and what is to be looked around are the same rows, so one sorted array does for both:
// putting a row in its place moves some hundred bytes, which is cheaper than two heaps whose branches nobody predicts.
Found HnswIndex::walk(const Query& query, Walk& walk) const {
  const size_t stride = rows_.stride(), room = std::max(query.ef, query.k);
  std::vector<Candidate>& pool = walk.pool;
  std::array<uint32_t, kLinksMax> next{};
  walk.start(rows_.size());
  const Candidate entry = descend(query.vector);
  walk.first_look(entry.row);
  pool.reserve(room + 1);
  pool.push_back(entry);
  for (size_t at = 0; at < pool.size();) {
    const uint32_t row = pool[at].row;
    pool[at].row |= kLookedAround;
    size_t lowest = at + 1;
    const size_t count = look_around(row, walk, next.data());
    for (size_t i = 0; i < count; ++i) {
      if (i + kAhead < count) prefetch(rows_.row(next[i + kAhead]), stride);
      const float distance = distance_(query.vector, rows_.row(next[i]), stride);
      if (pool.size() == room) {
        if (distance >= pool.back().distance) continue;
        pool.pop_back();
      }
      const auto place = std::upper_bound(pool.begin(), pool.end(), distance,
                                          [](float d, const Candidate& candidate) { return d < candidate.distance; });
      lowest = std::min(lowest, static_cast<size_t>(place - pool.begin()));
      pool.insert(place, {distance, next[i]});
    }
    // On with the nearest that nobody has looked around yet.
    for (at = lowest; at < pool.size() && (pool[at].row & kLookedAround) != 0;) ++at;
  }
  pool.resize(std::min<size_t>(pool.size(), query.k));
  Found nearest = pool;
  for (Candidate& candidate : nearest) candidate.row &= ~kLookedAround;
  std::sort(nearest.begin(), nearest.end());  // equal distances by row
  return nearest;
}

// Dead rows lead on, and where many of them lay around the query, the living ones left are those that the walk would
// once have had no need of: the graph has few ways between them. So behind as many dead rows as the walk keeps living
// ones it keeps kWiderAmongDead times as many.
Found HnswIndex::walk_filtered(const Query& query, Allowed allowed, Walk& walk) const {
  const size_t stride = rows_.stride(), room = std::max(query.ef, query.k);
  Nearest found(kWiderAmongDead * room), near(room);
  size_t dead = 0;
  const auto limit = [&]() -> const Nearest& { return dead < room ? near : found; };
  const auto take = [&](const Candidate& candidate) {
    if (allowed(candidate.row)) {
      found.add(candidate);
      near.add(candidate);
    } else if (allowed.dead != nullptr && allowed.dead->has(candidate.row)) {
      ++dead;
    }
  };
  std::array<uint32_t, kLinksMax> next{};
  walk.start(rows_.size());
  const Candidate entry = descend(query.vector);
  walk.first_look(entry.row);
  walk.frontier.push_back(entry);
  take(entry);
  while (!walk.frontier.empty()) {
    std::pop_heap(walk.frontier.begin(), walk.frontier.end(), farther);
    const Candidate at = walk.frontier.back();
    walk.frontier.pop_back();
    if (at.distance > limit().worst()) break;
    const size_t count = look_around(at.row, walk, next.data());
    for (size_t i = 0; i < count; ++i) {
      if (i + kAhead < count) prefetch(rows_.row(next[i + kAhead]), stride);
      const Candidate candidate{distance_(query.vector, rows_.row(next[i]), stride), next[i]};
      if (!limit().wants(candidate)) continue;
      walk.frontier.push_back(candidate);
      std::push_heap(walk.frontier.begin(), walk.frontier.end(), farther);
      take(candidate);
    }
  }
  Found nearest = found.take();
  if (nearest.size() > query.k) nearest.resize(query.k);
  return nearest;
}

std::unique_ptr<HnswIndex::Walk> HnswIndex::borrow_walk() const {
  {
    const std::lock_guard lock(walks_mutex_);
    if (!walks_.empty()) {
      std::unique_ptr<Walk> walk = std::move(walks_.back());
      walks_.pop_back();
      return walk;
    }
  }
  return std::make_unique<Walk>();
}

void HnswIndex::return_walk(std::unique_ptr<Walk> walk) const {
  const std::lock_guard lock(walks_mutex_);
  if (walks_.size() < kWalksKept) walks_.push_back(std::move(walk));
}

void HnswIndex::trim() {
  walks_.clear();
  building_.reset();
}

std::vector<Found> HnswIndex::search(std::span<const Query> queries, const Filter& filter,
                                     const CheckCancelled& check_cancelled) const {
  std::vector<Found> found(queries.size());
  if (rows_.size() == 0) return found;
  const auto scan = [&](const Query& query) {
    std::vector<Nearest> best(1, Nearest(query.k));
    if (filter.selective) {
      scan_some(rows_, distance_, filter.allowed, query.vector, filter.selected, best[0]);
    } else {
      scan_all(rows_, distance_, filter.allowed, std::span(&query.vector, 1), best, 1, [] {});
    }
    return best[0].take();
  };
  const size_t few = std::max(kScanRows, rows_.size() / kScanShare);
  side_by_side(queries.size(), threads_, [&](size_t i) {
    const Query& query = queries[i];
    if (current_thread() == 0) check_cancelled();  // the call belongs to that thread
    if (filter.selective && filter.selected.size() <= few) {
      found[i] = scan(query);
      return;
    }
    std::unique_ptr<Walk> steps = borrow_walk();
    const bool all = filter.allowed.dead == nullptr && filter.allowed.selected == nullptr;
    found[i] = all ? walk(query, *steps) : walk_filtered(query, filter.allowed, *steps);
    return_walk(std::move(steps));
    // Where many rows are dead or not selected, parts of the graph may be out of reach.
    if (found[i].size() < std::min<size_t>(query.k, filter.available)) found[i] = scan(query);
  });
  return found;
}

void HnswIndex::save(SnapshotWriter& out) const {
  out.section("vectors", rows_);
  out.section("graph", std::vector<int64_t>{graph_.entry_point, graph_.max_level, graph_.nb_neighbors(0)});
  out.section("levels", graph_.levels);
  out.section("links", graph_.neighbors);
}

void HnswIndex::load(SnapshotReader& in, size_t rows) {
  in.section("vectors", rows_, rows);
  const std::vector<int64_t> graph = in.section<int64_t>("graph");
  if (graph.size() != 3 || graph[2] != graph_.nb_neighbors(0)) throw SnapshotDamaged("has a graph of another shape");
  graph_.levels = in.section<int>("levels");
  graph_.neighbors = in.section<int>("links");
  const auto count = static_cast<int64_t>(rows);
  if (rows == 0 ? graph[0] != -1 : graph[0] < 0 || graph[0] >= count)
    throw SnapshotDamaged("has a graph without entrance");
  graph_.entry_point = static_cast<int>(graph[0]);
  graph_.max_level = static_cast<int>(graph[1]);
  lay_out_links(rows);
  check_links();
}

namespace {

[[noreturn]] void misfit() {
  throw SnapshotDamaged("has a graph that does not fit together");
}

}  // namespace

// Where the links of each row begin follows from how high it reaches.
void HnswIndex::lay_out_links(size_t rows) {
  const std::vector<int>& steps = graph_.cum_nneighbor_per_level;
  if (graph_.levels.size() != rows) misfit();
  graph_.offsets.assign(1, 0);
  graph_.offsets.reserve(rows + 1);
  for (const int level : graph_.levels) {
    if (level < 1 || static_cast<size_t>(level) >= steps.size()) misfit();
    graph_.offsets.push_back(graph_.offsets.back() + static_cast<size_t>(steps[static_cast<size_t>(level)]));
  }
  if (graph_.offsets.back() != graph_.neighbors.size()) misfit();
  if (rows > 0 && graph_.max_level != graph_.levels[static_cast<size_t>(graph_.entry_point)] - 1) misfit();
}

// Whatever the file says, no walk may leave the graph.
void HnswIndex::check_links() const {
  const auto rows = static_cast<int>(rows_.size());
  for (uint32_t row = 0; row < rows_.size(); ++row) {
    for (int level = 0; level < graph_.levels[row]; ++level) {
      for (const int next : neighbours(row, level)) {
        if (next < -1 || next >= rows) misfit();
        if (next >= 0 && graph_.levels[static_cast<size_t>(next)] <= level) misfit();
      }
    }
  }
}

}  // namespace dormouse::search
