#include "ivf_index.h"

#include <faiss/Clustering.h>
#include <faiss/impl/ScalarQuantizer.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "bounds.h"
#include "dormouse/value.hpp"
#include "side_by_side.h"

namespace dormouse::search {
namespace {

constexpr size_t kRowsPerList = 256;  // more teach k-means nothing new
constexpr size_t kRowsPerCode = 256;  // likewise for the product quantiser, which has 2^nbits codes
constexpr size_t kAssignedAtOnce = 256;
constexpr int kIterations = 10;

Metric centre_metric(Metric metric) {
  return metric == Metric::l2 ? Metric::l2 : Metric::inner_product;
}

// Where k-means asks which centre is nearest: FAISS's own flat index, but with the kernels of this folder.
class Assigner final : public faiss::Index {
 public:
  Assigner(size_t dimension, Metric metric, unsigned threads, const CheckCancelled& check_cancelled)
      : Index(static_cast<idx_t>(dimension), metric == Metric::l2 ? faiss::METRIC_L2 : faiss::METRIC_INNER_PRODUCT),
        distance_(metric, best_kernels()),
        threads_(threads),
        check_cancelled_(check_cancelled),
        centres_(dimension) {}

  void add(idx_t n, const float* x) override {
    centres_.append(x, static_cast<size_t>(n));
    ntotal += n;
  }
  void reset() override {
    centres_.clear();
    ntotal = 0;
  }
  void search(idx_t n, const float* x, idx_t k, float* distances, idx_t* labels,
              const faiss::SearchParameters*) const override {
    if (k != 1) throw Failure(DM_INTERNAL, "k-means asked for more than one centre");
    const auto count = static_cast<size_t>(n), dimension = static_cast<size_t>(d);
    side_by_side((count + kAssignedAtOnce - 1) / kAssignedAtOnce, threads_, [&](size_t part) {
      if (current_thread() == 0) check_cancelled_();
      const size_t first = part * kAssignedAtOnce, last = std::min(count, first + kAssignedAtOnce);
      VectorRows padded(dimension);
      padded.append(x + first * dimension, last - first);
      std::vector<const float*> queries;
      for (size_t i = 0; i < padded.size(); ++i) queries.push_back(padded.row(i));
      std::vector<Nearest> best(queries.size(), Nearest(1));
      scan_all(centres_, distance_, {}, queries, best, 1, [] {});
      for (size_t i = 0; i < best.size(); ++i) {
        const Found found = best[i].take();
        labels[first + i] = found.empty() ? -1 : found[0].row;
        distances[first + i] = found.empty() ? 0 : distance_.is_l2() ? found[0].distance : -found[0].distance;
      }
    });
  }

 private:
  Distance distance_;
  unsigned threads_;
  const CheckCancelled& check_cancelled_;
  VectorRows centres_;
};

std::vector<float> packed(const VectorRows& rows) {
  std::vector<float> out(rows.size() * rows.dimension());
  for (size_t i = 0; i < rows.size(); ++i)
    std::memcpy(out.data() + i * rows.dimension(), rows.row(i), rows.dimension() * sizeof(float));
  return out;
}

uint32_t lists_for(const Spec& spec, uint64_t rows) {
  if (spec.nlist != 0) return spec.nlist;
  const auto wanted = static_cast<uint64_t>(4 * std::sqrt(static_cast<double>(rows)));
  return static_cast<uint32_t>(std::clamp<uint64_t>(std::min(wanted, rows / 16), 1, kListsMax));
}

std::vector<float> train_centres(const Spec& spec, const std::vector<float>& sample, uint32_t lists, unsigned threads,
                                 const CheckCancelled& check_cancelled) {
  faiss::ClusteringParameters parameters;
  parameters.niter = kIterations;
  parameters.spherical = spec.metric != Metric::l2;
  parameters.min_points_per_centroid = 1;  // else it writes warnings to the standard error output
  parameters.max_points_per_centroid = static_cast<int>(kRowsPerList);
  faiss::Clustering clustering(static_cast<int>(spec.dimension), static_cast<int>(lists), parameters);
  Assigner assigner(spec.dimension, centre_metric(spec.metric), threads, check_cancelled);
  clustering.train(static_cast<int64_t>(sample.size() / spec.dimension), sample.data(), assigner);
  return clustering.centroids;
}

// Vectors become their differences to their nearest centres.
void subtract_centres(const Spec& spec, std::vector<float>& vectors, const std::vector<float>& centres,
                      unsigned threads, const CheckCancelled& check_cancelled) {
  const size_t d = spec.dimension, n = vectors.size() / d;
  Assigner assigner(d, centre_metric(spec.metric), threads, check_cancelled);
  assigner.add(static_cast<int64_t>(centres.size() / d), centres.data());
  std::vector<int64_t> labels(n);
  std::vector<float> distances(n);
  assigner.search(static_cast<int64_t>(n), vectors.data(), 1, distances.data(), labels.data(), nullptr);
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < d; ++j) vectors[i * d + j] -= centres[static_cast<size_t>(labels[i]) * d + j];
}

std::vector<float> train_parts(const Spec& spec, const std::vector<float>& residuals, unsigned threads,
                               const CheckCancelled& check_cancelled) {
  faiss::ProductQuantizer pq(spec.dimension, spec.pq_m, spec.nbits);
  Assigner assigner(pq.dsub, Metric::l2, threads, check_cancelled);
  pq.assign_index = &assigner;
  pq.cp.min_points_per_centroid = 1;
  pq.cp.max_points_per_centroid = static_cast<int>(kRowsPerCode);
  pq.train(static_cast<int>(residuals.size() / spec.dimension), residuals.data());
  return pq.centroids;
}

void append(std::string& out, const std::vector<float>& values) {
  out.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
}

}  // namespace

size_t training_rows_wanted(const Spec& spec, uint64_t rows) {
  const uint64_t wanted = std::max<uint64_t>(kRowsPerList * lists_for(spec, rows),
                                             spec.kind == Kind::ivf_pq ? kRowsPerCode << spec.nbits : 0);
  return std::min(rows, wanted);
}

std::string train_lists(const Spec& spec, const VectorRows& sample, uint64_t rows, unsigned threads,
                        const CheckCancelled& check_cancelled) {
  const uint32_t lists = lists_for(spec, rows);
  const size_t codes = spec.kind == Kind::ivf_pq ? size_t{1} << spec.nbits : 1;
  const size_t needed = std::max<size_t>(lists, codes);
  if (sample.size() < needed) {
    throw Failure(DM_FAILED_PRECONDITION, "training needs at least " + std::to_string(needed) + " vectors, found " +
                                              std::to_string(sample.size()) + "; add more, or create the collection " +
                                              "with a smaller nlist or nbits");
  }
  // FAISS's own loops are many and short; what costs time is our assignment, which has its threads. On a busy machine a
  // team that meets thousands of times waits for the scheduler each time.
  bound_library_threads(1);
  std::vector<float> vectors = packed(sample);
  const std::vector<float> centres = train_centres(spec, vectors, lists, threads, check_cancelled);
  std::string trained(reinterpret_cast<const char*>(&lists), sizeof lists);
  append(trained, centres);
  if (spec.kind == Kind::ivf_sq8) {
    faiss::ScalarQuantizer sq(spec.dimension, faiss::ScalarQuantizer::QT_8bit);
    sq.train(sample.size(), vectors.data());
    append(trained, sq.trained);
  } else if (spec.kind == Kind::ivf_pq) {
    subtract_centres(spec, vectors, centres, threads, check_cancelled);
    append(trained, train_parts(spec, vectors, threads, check_cancelled));
  }
  return trained;
}

IvfIndex::IvfIndex(const Spec& spec, std::string_view trained, unsigned threads, const Kernels& kernels)
    : spec_(spec), distance_(centre_metric(spec.metric), kernels), threads_(threads), centres_(spec.dimension) {
  const size_t d = spec.dimension;
  const auto take = [&](void* to, size_t bytes) {
    if (trained.size() < bytes) throw Failure(DM_DATA_LOSS, "what the training made is too short");
    std::memcpy(to, trained.data(), bytes);
    trained.remove_prefix(bytes);
  };
  uint32_t lists = 0;
  take(&lists, sizeof lists);
  if (lists == 0 || lists > kListsMax) throw Failure(DM_DATA_LOSS, "what the training made has no lists");
  for (uint32_t i = 0; i < lists; ++i) take(centres_.append_row(), d * sizeof(float));
  lists_.resize(lists);
  if (spec.kind == Kind::ivf_flat) code_size_ = d * sizeof(float);
  if (spec.kind == Kind::ivf_sq8) {
    code_size_ = d;
    low_.resize(d), step_.resize(d);
    take(low_.data(), d * sizeof(float));
    take(step_.data(), d * sizeof(float));
    // FAISS's quantiser puts a code into the middle of its 255th part.
    for (size_t i = 0; i < d; ++i) step_[i] /= 255, low_[i] += step_[i] / 2;
  }
  if (spec.kind == Kind::ivf_pq) {
    pq_ = faiss::ProductQuantizer(d, spec.pq_m, spec.nbits);
    take(pq_.centroids.data(), pq_.centroids.size() * sizeof(float));
    code_size_ = pq_.code_size;
  }
}

size_t IvfIndex::bytes() const {
  size_t bytes = centres_.bytes();
  for (const List& list : lists_) {
    bytes += list.rows.capacity() * sizeof(uint32_t) + list.codes.capacity() + list.terms.capacity() * sizeof(float);
  }
  return bytes;
}

void IvfIndex::reserve(size_t) {
  // Which lists will grow is not known before.
}

std::vector<Found> IvfIndex::nearest_centres(std::span<const float* const> queries, size_t count) const {
  std::vector<Nearest> best(queries.size(), Nearest(count));
  scan_all(centres_, distance_, {}, queries, best, 1, [] {});
  std::vector<Found> found;
  found.reserve(best.size());
  for (Nearest& nearest : best) found.push_back(nearest.take());
  return found;
}

void IvfIndex::add(const float* vectors, size_t n) {
  VectorRows padded(spec_.dimension);
  padded.append(vectors, n);
  std::vector<const float*> queries;
  for (size_t i = 0; i < n; ++i) queries.push_back(padded.row(i));
  const std::vector<Found> centres = nearest_centres(queries, 1);
  for (size_t i = 0; i < n; ++i) {
    encode(vectors + i * spec_.dimension, static_cast<uint32_t>(size_), centres[i].at(0).row);
    ++size_;
  }
}

void IvfIndex::encode(const float* vector, uint32_t row, uint32_t number) {
  List& list = lists_[number];
  const size_t d = spec_.dimension, at = list.codes.size();
  list.rows.push_back(row);
  list.codes.resize(at + code_size_);
  uint8_t* code = list.codes.data() + at;
  if (spec_.kind == Kind::ivf_flat) {
    std::memcpy(code, vector, code_size_);
  } else if (spec_.kind == Kind::ivf_sq8) {
    for (size_t i = 0; i < d; ++i) {
      const float place = step_[i] > 0 ? std::nearbyint((vector[i] - low_[i]) / step_[i]) : 0;
      code[i] = static_cast<uint8_t>(std::clamp(place, 0.0f, 255.0f));
    }
  } else {
    const float* centre = centres_.row(number);
    std::vector<float> residual(d), decoded(d);
    for (size_t i = 0; i < d; ++i) residual[i] = vector[i] - centre[i];
    pq_.compute_code(residual.data(), code);
    if (!distance_.is_l2()) return;
    // |q - c - r|^2 = |q - c|^2 + (|r|^2 + 2 c.r) - 2 q.r; the bracket is kept, the last comes from one table a query.
    pq_.decode(code, decoded.data());
    const Kernels& kernels = distance_.kernels();
    list.terms.push_back(kernels.dot(decoded.data(), decoded.data(), d) + 2 * kernels.dot(centre, decoded.data(), d));
  }
}

struct IvfIndex::Scan {
  const float* query;
  std::vector<float> shifted;  // SQ8: the query in the steps of the codes
  float constant = 0;          // SQ8 with inner product
  std::vector<float> table;    // PQ: inner product of the query with each code of each part
};

IvfIndex::Scan IvfIndex::set_up(const Query& query) const {
  Scan scan{query.vector, {}, 0, {}};
  const size_t d = spec_.dimension;
  if (spec_.kind == Kind::ivf_sq8) {
    scan.shifted.resize(d);
    for (size_t i = 0; i < d; ++i)
      scan.shifted[i] = distance_.is_l2() ? query.vector[i] - low_[i] : query.vector[i] * step_[i];
    if (!distance_.is_l2()) scan.constant = distance_.kernels().dot(query.vector, low_.data(), d);
  } else if (spec_.kind == Kind::ivf_pq) {
    scan.table.resize(pq_.M * pq_.ksub);
    pq_.compute_inner_prod_table(query.vector, scan.table.data());
  }
  return scan;
}

namespace {

// Sum over the parts of what the table says for their codes.
float look_up(const float* table, const uint8_t* code, size_t parts, bool halves) {
  float sum = 0;
  if (!halves) {
    for (size_t i = 0; i < parts; ++i, table += 256) sum += table[code[i]];
    return sum;
  }
  for (size_t i = 0; i < parts; ++i, table += 16) sum += table[code[i / 2] >> (i % 2 * 4) & 15];
  return sum;
}

}  // namespace

void IvfIndex::scan_list(const Scan& scan, Candidate centre, Allowed allowed, Nearest& best) const {
  const List& list = lists_[centre.row];
  const Kernels& kernels = distance_.kernels();
  const size_t d = spec_.dimension;
  const bool l2 = distance_.is_l2();
  const auto each = [&](const auto& distance) {
    const uint8_t* code = list.codes.data();
    for (size_t i = 0; i < list.rows.size(); ++i, code += code_size_) {
      const Candidate candidate{distance(code, i), list.rows[i]};
      if (best.wants(candidate) && allowed(candidate.row)) best.add(candidate);
    }
  };
  if (spec_.kind == Kind::ivf_flat) {
    each([&](const uint8_t* code, size_t) { return distance_(scan.query, reinterpret_cast<const float*>(code), d); });
  } else if (spec_.kind == Kind::ivf_sq8 && l2) {
    each([&](const uint8_t* code, size_t) { return kernels.l2_bytes(scan.shifted.data(), step_.data(), code, d); });
  } else if (spec_.kind == Kind::ivf_sq8) {
    each([&](const uint8_t* code, size_t) { return -scan.constant - kernels.dot_bytes(scan.shifted.data(), code, d); });
  } else {
    const bool halves = spec_.nbits == 4;
    each([&](const uint8_t* code, size_t i) {
      const float product = look_up(scan.table.data(), code, spec_.pq_m, halves);
      return l2 ? std::max(0.0f, centre.distance + list.terms[i] - 2 * product) : centre.distance - product;
    });
  }
}

Found IvfIndex::search_one(const Query& query, const Filter& filter, const Found& centres) const {
  const Scan scan = set_up(query);
  Nearest best(query.k);
  for (const Candidate& centre : centres) scan_list(scan, centre, filter.allowed, best);
  const size_t wanted = std::min<size_t>(query.k, filter.available);
  Found found = best.take();
  if (found.size() >= wanted || centres.size() == lists_.size()) return found;
  // Few rows are allowed, or few are in these lists: the other lists are looked into as well, nearest first.
  const Found all = nearest_centres(std::span(&query.vector, 1), lists_.size())[0];
  Nearest more(query.k);
  for (const Candidate& candidate : found) more.add(candidate);
  size_t seen = found.size();
  for (size_t i = centres.size(); i < all.size() && seen < wanted; ++i) {
    scan_list(scan, all[i], filter.allowed, more);
    seen = more.size();
  }
  return more.take();
}

std::vector<Found> IvfIndex::search(std::span<const Query> queries, const Filter& filter,
                                    const CheckCancelled& check_cancelled) const {
  std::vector<const float*> vectors;
  size_t probes = 1;
  for (const Query& query : queries) {
    vectors.push_back(query.vector);
    probes = std::max<size_t>(probes, std::min<size_t>(query.nprobe, lists_.size()));
  }
  std::vector<Found> centres = nearest_centres(vectors, probes), found(queries.size());
  side_by_side(queries.size(), threads_, [&](size_t i) {
    if (current_thread() == 0) check_cancelled();
    centres[i].resize(std::min<size_t>(centres[i].size(), std::max(1u, queries[i].nprobe)));
    found[i] = search_one(queries[i], filter, centres[i]);
  });
  return found;
}

void IvfIndex::save(SnapshotWriter& out) const {
  std::vector<uint32_t> sizes;
  for (const List& list : lists_) sizes.push_back(static_cast<uint32_t>(list.rows.size()));
  out.section("list sizes", sizes);
  out.begin("list rows", size_ * sizeof(uint32_t));
  for (const List& list : lists_) out.write(list.rows.data(), list.rows.size() * sizeof(uint32_t));
  out.end();
  out.begin("list codes", size_ * code_size_);
  for (const List& list : lists_) out.write(list.codes.data(), list.codes.size());
  out.end();
  if (spec_.kind != Kind::ivf_pq || !distance_.is_l2()) return;
  out.begin("list terms", size_ * sizeof(float));
  for (const List& list : lists_) out.write(list.terms.data(), list.terms.size() * sizeof(float));
  out.end();
}

void IvfIndex::load(SnapshotReader& in, size_t rows) {
  const std::vector<uint32_t> sizes = in.section<uint32_t>("list sizes");
  if (sizes.size() != lists_.size() || std::accumulate(sizes.begin(), sizes.end(), uint64_t{0}) != rows)
    throw SnapshotDamaged("has other lists");
  const auto read = [&](const char* name, size_t bytes_each, const auto& place) {
    if (in.begin(name) != rows * bytes_each) throw SnapshotDamaged("has lists of another size");
    for (size_t i = 0; i < sizes.size(); ++i) in.read(place(lists_[i], sizes[i]), sizes[i] * bytes_each);
    in.end();
  };
  read("list rows", sizeof(uint32_t), [](List& list, size_t n) {
    list.rows.resize(n);
    return static_cast<void*>(list.rows.data());
  });
  RowSet seen;
  seen.resize(rows);
  for (const List& list : lists_) {
    for (const uint32_t row : list.rows) {
      if (row >= rows || seen.has(row)) throw SnapshotDamaged("has a row that does not exist, or one twice");
      seen.set(row);
    }
  }
  read("list codes", code_size_, [this](List& list, size_t n) {
    list.codes.resize(n * code_size_);
    return static_cast<void*>(list.codes.data());
  });
  if (spec_.kind == Kind::ivf_pq && distance_.is_l2()) {
    read("list terms", sizeof(float), [](List& list, size_t n) {
      list.terms.resize(n);
      return static_cast<void*>(list.terms.data());
    });
  }
  size_ = rows;
}

}  // namespace dormouse::search
