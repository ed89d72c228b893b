#include "collection.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <random>
#include <unordered_set>

#include "bounds.h"

namespace dormouse::search {
namespace {

constexpr int64_t kSnapshotFormat = 1;
constexpr size_t kDeadRowsKept = 10'000;  // fewer are not worth building an index anew
constexpr size_t kRowsBetweenChecks = 256;

uint64_t size_of(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 ? static_cast<uint64_t>(facts.st_size) : 0;
}

void remove_store(const std::string& path) {
  // The log first: without its file it would be damage (search/database.h).
  for (const char* ending : {"-wal", "", "-journal"}) ::unlink((path + ending).c_str());
}

void section(SnapshotWriter& out, std::string_view name, const std::vector<std::string>& texts) {
  std::vector<uint32_t> sizes;
  std::string all;
  for (const std::string& text : texts) {
    sizes.push_back(static_cast<uint32_t>(text.size()));
    all += text;
  }
  out.section(std::string(name) + " size", sizes);
  out.section(name, std::vector<char>(all.begin(), all.end()));
}

std::vector<std::string> text_section(SnapshotReader& in, std::string_view name, size_t count) {
  const std::vector<uint32_t> sizes = in.section<uint32_t>(std::string(name) + " size");
  const std::vector<char> all = in.section<char>(name);
  if (sizes.size() != count || std::accumulate(sizes.begin(), sizes.end(), uint64_t{0}) != all.size())
    throw SnapshotDamaged("has texts of another size");
  std::vector<std::string> texts;
  texts.reserve(count);
  const char* at = all.data();
  for (const uint32_t size : sizes) {
    texts.emplace_back(at, size);
    at += size;
  }
  return texts;
}

// Of a vector that is not within kElementMax: beyond that, distances might be infinite.
[[noreturn]] void refuse_elements(const float* vector, size_t dimension, const std::string& where) {
  const float* bad = std::find_if(vector, vector + dimension, [](float x) { return !(std::fabs(x) <= kElementMax); });
  std::string found = "too large: needed at most 1e17 in magnitude";
  if (std::isinf(*bad)) found = "infinite";
  if (std::isnan(*bad)) found = "not a number";
  throw Failure(DM_INVALID_ARGUMENT, where + ": element " + std::to_string(bad - vector) + " is " + found);
}

// What a snapshot says about itself.
struct SnapshotHead {
  int64_t format, kind, metric, dimension, text_ids, rows, dead_rows, transaction, trained_at, next_sequence;
};

}  // namespace

void Collection::Contents::kill(uint32_t row) {
  if (dead.has(row)) return;
  dead.set(row);
  ++dead_rows;
}

Collection::Collection(std::string folder, std::string name, Store store, CollectionOptions options)
    : folder_(std::move(folder)),
      name_(std::move(name)),
      options_(std::move(options)),
      spec_(store.spec()),
      store_(std::move(store)),
      model_(store_.state().model) {}

// ---- making and opening ----

std::unique_ptr<Collection> Collection::create(const std::string& folder, const std::string& name, const Spec& spec,
                                               const CollectionOptions& options) {
  const std::string path = folder + "/" + name + ".db";
  if (size_of(path) > 0) {
    if (Store::open(path, options.sync))
      throw Failure(DM_FAILED_PRECONDITION, "collection '" + name + "' exists already");
    remove_store(path);  // of a creation that failed, on a full disk perhaps
  }
  ::unlink((folder + "/" + name + ".snapshot").c_str());  // of one that was taken away by hand
  std::unique_ptr<Collection> made(
      new Collection(folder, name, Store::create(path, checked(spec), options.sync), options));
  made->contents_ = made->empty_contents();
  return made;
}

std::unique_ptr<Collection> Collection::open(const std::string& folder, const std::string& name,
                                             const CollectionOptions& options, const CheckCancelled& check_cancelled) {
  const std::string path = folder + "/" + name + ".db";
  std::optional<Store> store = Store::open(path, options.sync);
  if (!store) {
    if (SnapshotReader::exists(folder + "/" + name + ".snapshot")) {
      throw Failure(DM_DATA_LOSS, "collection file '" + path +
                                      "' is empty; put a copy of it back from a backup, or remove it together with its "
                                      "-wal and its snapshot to begin with an empty collection");
    }
    remove_store(path);
    return nullptr;
  }
  std::unique_ptr<Collection> opened(new Collection(folder, name, std::move(*store), options));
  ::unlink(opened->file(".snapshot.new").c_str());  // of a save that was cut short
  opened->load(check_cancelled);
  return opened;
}

std::unique_ptr<Collection::Contents> Collection::empty_contents() {
  const std::string trained = store_.state().trained_at != 0 ? store_.read_training() : std::string();
  return std::make_unique<Contents>(spec_, Index::create(spec_, trained, options_.threads));
}

// Collects rows of the store until the index wants some at once. Nobody else sees these contents yet.
class Collection::Filler {
 public:
  Filler(const Collection& collection, Contents& contents, const CheckCancelled& check_cancelled)
      : collection_(collection), contents_(contents), check_cancelled_(check_cancelled) {}

  void add(const Store::Row& row) {
    if (contents_.rows() >= kRowsMax) throw Failure(DM_RESOURCE_EXHAUSTED, collection_.about() + " has too many rows");
    const auto number = static_cast<uint32_t>(contents_.rows());
    contents_.ids.append(row.id);
    contents_.sequences.push_back(row.sequence);
    contents_.metadata.emplace_back(row.metadata);
    contents_.postings.add(number, row.metadata);
    vectors_.insert(vectors_.end(), row.vector, row.vector + collection_.spec_.dimension);
    if (vectors_.size() >= contents_.index->rows_at_once() * collection_.spec_.dimension) flush();
  }
  void flush() {
    check_cancelled_();
    const size_t n = vectors_.size() / collection_.spec_.dimension;
    collection_.normalise(vectors_.data(), n);
    if (n > 0) contents_.index->add(vectors_.data(), n);
    vectors_.clear();
    contents_.dead.resize(contents_.rows());
  }

 private:
  const Collection& collection_;
  Contents& contents_;
  const CheckCancelled& check_cancelled_;
  std::vector<float> vectors_;
};

std::unique_ptr<Collection::Contents> Collection::from_store(const CheckCancelled& check_cancelled) {
  std::unique_ptr<Contents> contents = empty_contents();
  Filler filler(*this, *contents, check_cancelled);
  store_.each_row(0, [&](const Store::Row& row) { filler.add(row); });
  filler.flush();
  return contents;
}

std::unique_ptr<Collection::Contents> Collection::from_snapshot(const CheckCancelled& check_cancelled) {
  SnapshotReader in(file(".snapshot"));
  const StoreState& state = store_.state();
  const std::vector<char> identity = in.section<char>("identity");
  const std::vector<SnapshotHead> heads = in.section<SnapshotHead>("head");
  if (heads.size() != 1 || heads[0].format != kSnapshotFormat) throw SnapshotDamaged("is one of another version");
  const SnapshotHead& head = heads[0];
  if (std::string(identity.begin(), identity.end()) != state.identity)
    throw SnapshotDamaged("is of another collection");
  if (head.kind != static_cast<int64_t>(spec_.kind) || head.metric != static_cast<int64_t>(spec_.metric) ||
      head.dimension != spec_.dimension || head.text_ids != spec_.text_ids || head.rows < 0 || head.rows > kRowsMax) {
    throw SnapshotDamaged("is of a collection of another kind");
  }
  if (head.transaction > state.transaction || head.next_sequence > state.next_sequence)
    throw SnapshotDamaged("is newer than the store, which lost something or was put back from an older copy");
  if (head.transaction < state.removed_from) throw SnapshotDamaged("is too old");
  if (head.trained_at != state.trained_at) throw SnapshotDamaged("is from before the last training");

  std::unique_ptr<Contents> contents = empty_contents();
  const auto rows = static_cast<size_t>(head.rows);
  contents->sequences = in.section<int64_t>("sequences");
  if (contents->sequences.size() != rows) throw SnapshotDamaged("has another number of rows");
  for (size_t row = 1; row < rows; ++row)
    if (contents->sequences[row - 1] >= contents->sequences[row]) throw SnapshotDamaged("has rows out of order");
  if (rows > 0 && (contents->sequences.front() < 1 || contents->sequences.back() >= head.next_sequence))
    throw SnapshotDamaged("has rows that were never added");
  contents->ids.reserve(rows);
  if (spec_.text_ids) {
    for (std::string& text : text_section(in, "ids", rows)) contents->ids.append({true, 0, std::move(text)});
  } else {
    const std::vector<int64_t> numbers = in.section<int64_t>("ids");
    if (numbers.size() != rows) throw SnapshotDamaged("has another number of ids");
    for (const int64_t number : numbers) contents->ids.append({false, number, {}});
  }
  contents->metadata = text_section(in, "metadata", rows);
  contents->dead.words() = in.section<uint64_t>("dead");
  if (contents->dead.words().size() != (rows + 63) / 64) throw SnapshotDamaged("has another number of dead rows");
  if (rows % 64 != 0 && contents->dead.words().back() >> (rows % 64) != 0)
    throw SnapshotDamaged("has dead rows behind its end");
  std::vector<std::string_view> fields;
  for (uint32_t row = 0; row < rows; ++row) {
    contents->dead_rows += contents->dead.has(row);
    if (!split_fields(contents->metadata[row], fields)) throw SnapshotDamaged("has metadata that cannot be read");
    contents->postings.add(row, contents->metadata[row]);
    if (row % 4096 == 0) check_cancelled();
  }
  contents->index->load(in, rows);
  if (in.begin("end") != 0) throw SnapshotDamaged("goes on behind its end");
  in.end();

  // What came later.
  for (const int64_t sequence : store_.removed_after(head.transaction)) {
    const auto found = std::lower_bound(contents->sequences.begin(), contents->sequences.end(), sequence);
    if (found != contents->sequences.end() && *found == sequence)
      contents->kill(static_cast<uint32_t>(found - contents->sequences.begin()));
  }
  Filler filler(*this, *contents, check_cancelled);
  store_.each_row(head.next_sequence, [&](const Store::Row& row) { filler.add(row); });
  filler.flush();
  snapshot_transaction_ = head.transaction;
  snapshot_bytes_ = size_of(file(".snapshot"));
  return contents;
}

void Collection::load(const CheckCancelled& check_cancelled) {
  note_ = store_.lost();
  if (!note_.empty()) options_.warn(about() + ": " + note_);
  if (SnapshotReader::exists(file(".snapshot"))) {
    try {
      contents_ = from_snapshot(check_cancelled);
      if (contents_->dead_rows <= std::max(contents_->live(), kDeadRowsKept)) return;
      snapshot_transaction_ = -1;  // worth writing again, without the dead rows
    } catch (const SnapshotDamaged& damaged) {
      ::unlink(file(".snapshot").c_str());  // else it might seem to fit when the store has grown past it
      const std::string problem =
          "snapshot '" + file(".snapshot") + "' " + damaged.what() + "; built from the store instead";
      options_.warn(about() + ": " + problem);
      note_ += (note_.empty() ? "" : "; ") + problem;
    }
  }
  contents_ = from_store(check_cancelled);
}

void Collection::replace_contents(std::unique_ptr<Contents> contents) {
  {
    const auto lock = gate_.write();
    contents_.swap(contents);
  }
  // The old one, perhaps large, goes while searches go on.
}

void Collection::check_alive() const {
  if (!unusable_.empty()) throw Failure(unusable_status_, unusable_);
}

// ---- changing ----

void Collection::normalise(float* vectors, size_t n) const {
  if (spec_.metric != Metric::cosine) return;
  const Kernels& kernels = best_kernels();
  const size_t d = spec_.dimension;
  for (float* vector = vectors; vector < vectors + n * d; vector += d) {
    // Twice: of very small or very large elements the first sum of squares is off or infinite.
    float largest = 0;
    for (size_t i = 0; i < d; ++i) largest = std::max(largest, std::fabs(vector[i]));
    if (largest == 0) continue;
    for (size_t i = 0; i < d; ++i) vector[i] /= largest;
    const float length = std::sqrt(kernels.dot(vector, vector, d));
    for (size_t i = 0; i < d; ++i) vector[i] /= length;
  }
}

void Collection::check_rows(const Rows& rows) const {
  const size_t d = spec_.dimension;
  if (rows.dimension != d) {
    throw Failure(DM_INVALID_ARGUMENT, about() + ": needed vectors of dimension " + std::to_string(d) + ", found " +
                                           std::to_string(rows.dimension));
  }
  std::unordered_set<std::string> texts;
  std::unordered_set<int64_t> numbers;
  for (size_t i = 0; i < rows.ids.size(); ++i) {
    const Id& id = rows.ids[i];
    const std::string where = about() + ", row " + std::to_string(i) + " (id " + id.to_string() + ")";
    if (id.is_text != spec_.text_ids) {
      throw Failure(DM_INVALID_ARGUMENT, where + ": needed ids of kind " + (spec_.text_ids ? "string" : "int") +
                                             ", as the collection was made with");
    }
    const float* vector = rows.vectors + i * d;
    if (!is_within(vector, d, kElementMax)) refuse_elements(vector, d, where);
    if (spec_.metric == Metric::cosine && std::all_of(vector, vector + d, [](float x) { return x == 0; }))
      throw Failure(DM_INVALID_ARGUMENT, where + ": a vector of zeros has no direction, so no cosine");
    if (!(id.is_text ? texts.insert(id.text).second : numbers.insert(id.number).second))
      throw Failure(DM_INVALID_ARGUMENT, where + ": the same id stands twice in one call");
  }
}

// Vectors of two models of one dimension can be compared, and their distances mean nothing.
void Collection::check_model(const std::string& model) const {
  if (model.empty() || model_.empty() || model == model_ || contents_->live() == 0) return;
  throw Failure(DM_FAILED_PRECONDITION, about() + ": needed vectors of the model " + model_ +
                                            ", which filled it, found vectors of the model " + model +
                                            "; drop the collection and add its vectors again, made by the new model");
}

std::vector<uint32_t> Collection::rows_of(const std::vector<Id>& ids) const {
  std::vector<uint32_t> rows;
  for (const Id& id : ids)
    if (const std::optional<uint32_t> row = contents_->ids.find(id); row && !contents_->dead.has(*row))
      rows.push_back(*row);
  return rows;
}

namespace {

// The rows of one call in another order, drawn but always the same.
struct Shuffled {
  explicit Shuffled(const Rows& from) {
    std::vector<size_t> order(from.ids.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::shuffle(order.begin(), order.end(), std::mt19937(static_cast<unsigned>(order.size())));
    rows.dimension = from.dimension;
    rows.model = from.model;
    vectors.reserve(order.size() * from.dimension);
    for (const size_t i : order) {
      rows.ids.push_back(from.ids[i]);
      if (!from.metadata.empty()) rows.metadata.push_back(from.metadata[i]);
      vectors.insert(vectors.end(), from.vectors + i * from.dimension, from.vectors + (i + 1) * from.dimension);
    }
    rows.vectors = vectors.data();
  }
  Rows rows;
  std::vector<float> vectors;
};

}  // namespace

AddResult Collection::add(const Rows& rows, const CheckCancelled& check_cancelled) {
  check_rows(rows);
  // Data often comes sorted by subject, and a graph that grows subject by subject has few ways between them: it takes
  // twice the effort to find as much.
  if (spec_.kind == Kind::hnsw && rows.ids.size() > 1) return add_in_order(Shuffled(rows).rows, check_cancelled);
  return add_in_order(rows, check_cancelled);
}

AddResult Collection::add_in_order(const Rows& rows, const CheckCancelled& check_cancelled) {
  const std::lock_guard writer(writer_);
  check_alive();
  check_cancelled();
  check_model(rows.model);
  const std::vector<uint32_t> replaced = rows_of(rows.ids);
  if (contents_->rows() + rows.ids.size() > kRowsMax)
    throw Failure(DM_RESOURCE_EXHAUSTED, about() + ": needed at most " + std::to_string(kRowsMax) + " rows");
  std::vector<int64_t> removed;
  removed.reserve(replaced.size());
  for (const uint32_t row : replaced) removed.push_back(contents_->sequences[row]);
  std::vector<NewRow> added;
  for (size_t i = 0; i < rows.ids.size(); ++i) {
    added.push_back({&rows.ids[i], rows.metadata.empty() ? std::string_view() : rows.metadata[i],
                     rows.vectors + i * spec_.dimension});
  }
  store_.commit(removed, added, rows.model);
  try {
    insert(rows, replaced);
  } catch (const std::exception& e) {
    // In the store and not in memory: the next load brings both together again.
    const auto lock = gate_.write();
    unusable_status_ = DM_UNAVAILABLE;
    unusable_ = about() + ": what was added is safe, but could not be taken into the index (" + e.what() +
                "); reload the component";
    check_alive();
  }
  compact_when_due(check_cancelled);
  return {rows.ids.size() - replaced.size(), replaced.size(), contents_->live()};
}

// A few rows at a time, so that searches wait for milliseconds at most.
void Collection::insert(const Rows& rows, const std::vector<uint32_t>& replaced) {
  const size_t d = spec_.dimension;
  std::vector<float> vectors;
  for (size_t first = 0; first < rows.ids.size();) {
    const size_t n = std::min(contents_->index->rows_at_once(), rows.ids.size() - first);
    vectors.assign(rows.vectors + first * d, rows.vectors + (first + n) * d);
    normalise(vectors.data(), n);
    const auto lock = gate_.write();
    Contents& contents = *contents_;
    // What is replaced leaves when all that replaces it has begun to come in, so no id is missing for long.
    if (first == 0) {
      for (const uint32_t row : replaced) contents.kill(row);
      model_ = store_.state().model;
    }
    contents.index->add(vectors.data(), n);
    for (size_t i = first; i < first + n; ++i) {
      const auto row = static_cast<uint32_t>(contents.rows());
      contents.ids.append(rows.ids[i]);
      contents.metadata.push_back(rows.metadata.empty() ? std::string() : rows.metadata[i]);
      contents.postings.add(row, contents.metadata.back());
      contents.sequences.push_back(store_.state().next_sequence - static_cast<int64_t>(rows.ids.size() - i));
    }
    contents.dead.resize(contents.rows());
    first += n;
  }
}

size_t Collection::remove(const Selection& selection) {
  const std::lock_guard writer(writer_);
  check_alive();
  const std::vector<uint32_t> rows = select(*contents_, selection);
  if (rows.empty()) return 0;
  std::vector<int64_t> removed;
  removed.reserve(rows.size());
  for (const uint32_t row : rows) removed.push_back(contents_->sequences[row]);
  store_.commit(removed, {});
  {
    const auto lock = gate_.write();
    for (const uint32_t row : rows) contents_->kill(row);
  }
  compact_when_due([] {});
  return rows.size();
}

// Dead rows cost memory and time, so there are never more than living ones; that way each pays for its own removal.
void Collection::compact_when_due(const CheckCancelled& check_cancelled) {
  if (contents_->dead_rows <= std::max(contents_->live(), kDeadRowsKept)) return;
  try {
    replace_contents(from_store(check_cancelled));
  } catch (const std::exception& e) {
    options_.warn(about() + ": dead rows stay for now: " + e.what());
  }
}

size_t Collection::train(const CheckCancelled& check_cancelled) {
  if (!is_ivf(spec_.kind)) {
    throw Failure(DM_INVALID_ARGUMENT, about() + ": needed one of kind ivf_flat, ivf_sq8 or ivf_pq to train, found " +
                                           std::string(word(spec_.kind)));
  }
  const std::lock_guard writer(writer_);
  check_alive();
  const size_t count = contents_->live(), wanted = training_rows_wanted(spec_, count);
  // Every so many rows, over the whole collection: what was added first is often of one sort.
  VectorRows sample(spec_.dimension);
  uint64_t position = 0;
  store_.each_row(0, [&](const Store::Row& row) {
    if (position++ % kRowsBetweenChecks == 0) check_cancelled();
    if (sample.size() * count >= position * wanted) return;
    std::vector<float> vector(row.vector, row.vector + spec_.dimension);
    normalise(vector.data(), 1);
    sample.append(vector.data(), 1);
  });
  const std::string trained = train_lists(spec_, sample, count, options_.threads, check_cancelled);
  store_.commit_training(trained);
  replace_contents(from_store([] {}));
  uint32_t lists = 0;
  std::memcpy(&lists, trained.data(), sizeof lists);
  return lists;
}

void Collection::drop() {
  const std::lock_guard writer(writer_);
  check_alive();
  drop_locked();
}

bool Collection::drop_unused() {
  const std::lock_guard writer(writer_);
  if (!unusable_.empty() || store_.state().transaction != 0) return false;
  drop_locked();
  return true;
}

// With writer_ held.
void Collection::drop_locked() {
  const auto lock = gate_.write();
  unusable_status_ = DM_NOT_FOUND;
  unusable_ = about() + " was dropped";
  contents_ = std::make_unique<Contents>(spec_, Index::create(spec_, {}, 1));
  { const Store closed = std::move(store_); }
  for (const char* ending : {".snapshot", ".db", ".db-wal"}) ::unlink(file(ending).c_str());
}

// ---- searching ----

// Rows that live, in order.
std::vector<uint32_t> Collection::select(const Contents& contents, const Selection& selection) const {
  std::vector<uint32_t> rows, among;
  if (selection.ids) {
    for (const Id& id : *selection.ids) {
      if (id.is_text != spec_.text_ids) {
        throw Failure(DM_INVALID_ARGUMENT, about() + ": needed ids of kind " + (spec_.text_ids ? "string" : "int") +
                                               ", found " + id.to_string());
      }
      if (const std::optional<uint32_t> row = contents.ids.find(id)) rows.push_back(*row);
    }
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  }
  if (!selection.fields.empty()) {
    among = contents.postings.with_all(selection.fields);
    if (selection.ids) {
      std::vector<uint32_t> both;
      std::set_intersection(rows.begin(), rows.end(), among.begin(), among.end(), std::back_inserter(both));
      rows.swap(both);
    } else {
      rows.swap(among);
    }
  }
  if (!selection.selects()) {
    rows.resize(contents.rows());
    std::iota(rows.begin(), rows.end(), 0u);
  }
  std::erase_if(rows, [&](uint32_t row) { return contents.dead.has(row); });
  return rows;
}

// The candidates by the distances of their vectors as they are in the store. One that has left it since keeps the
// estimate.
Found Collection::nearest_exactly(const Query& query, Found candidates) const {
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) { return a.row < b.row; });
  std::vector<int64_t> sequences;
  sequences.reserve(candidates.size());
  for (const Candidate& candidate : candidates) sequences.push_back(contents_->sequences[candidate.row]);
  const Distance distance(spec_.metric, best_kernels());
  PaddedVector vector(spec_.dimension);
  store_.read_rows(sequences, [&](size_t i, const Store::Row& row) {
    std::copy(row.vector, row.vector + spec_.dimension, vector.data());
    normalise(vector.data(), 1);
    candidates[i].distance = distance(query.vector, vector.data(), spec_.dimension);
  });
  std::sort(candidates.begin(), candidates.end());
  return candidates;
}

std::vector<std::vector<Hit>> Collection::search(std::span<const float* const> vectors, size_t dimension,
                                                 const Question& question,
                                                 const CheckCancelled& check_cancelled) const {
  if (dimension != spec_.dimension) {
    throw Failure(DM_INVALID_ARGUMENT, about() + ": needed a vector of dimension " + std::to_string(spec_.dimension) +
                                           ", found " + std::to_string(dimension));
  }
  std::vector<PaddedVector> padded;
  std::vector<Query> queries;
  padded.reserve(vectors.size());
  for (const float* vector : vectors) {
    if (!is_within(vector, dimension, kElementMax))
      refuse_elements(vector, dimension, about() + ", query " + std::to_string(padded.size()));
    padded.emplace_back(vector, dimension);
    normalise(padded.back().data(), 1);
    queries.push_back({padded.back().data(), question.k, question.ef, question.nprobe});
  }

  const auto lock = gate_.read();
  check_alive();
  check_model(question.model);
  const Contents& contents = *contents_;
  Filter filter;
  RowSet selected_set;
  std::vector<uint32_t> selected;
  if (contents.dead_rows > 0) filter.allowed.dead = &contents.dead;
  filter.available = contents.live();
  if (question.among.selects()) {
    selected = select(contents, question.among);
    selected_set.resize(contents.rows());
    for (const uint32_t row : selected) selected_set.set(row);
    filter.allowed.selected = &selected_set;
    filter.selective = true;
    filter.selected = selected;
    filter.available = selected.size();
  }
  const auto wanted = static_cast<uint32_t>(std::min<size_t>(question.k, filter.available));
  const bool reranks = question.rerank > 1 && contents.index->estimates();
  const size_t candidates = reranks ? std::min<size_t>(size_t{wanted} * question.rerank, kResultsMax) : wanted;
  for (Query& query : queries)
    query.k = static_cast<uint32_t>(std::min(std::max<size_t>(candidates, wanted), filter.available));
  std::vector<std::vector<Hit>> answers(queries.size());
  if (filter.available == 0 || question.k == 0) return answers;
  std::vector<Found> found = contents.index->search(queries, filter, check_cancelled);
  for (size_t i = 0; i < found.size(); ++i) {
    if (reranks) {
      check_cancelled();
      found[i] = nearest_exactly(queries[i], std::move(found[i]));
      found[i].resize(std::min<size_t>(found[i].size(), wanted));
    }
    answers[i].reserve(found[i].size());
    for (const Candidate& candidate : found[i]) {
      const float score =
          spec_.metric == Metric::l2 ? std::sqrt(std::max(0.0f, candidate.distance)) : -candidate.distance;
      answers[i].push_back({contents.ids.at(candidate.row), score,
                            question.with_metadata ? contents.metadata[candidate.row] : std::string()});
    }
  }
  return answers;
}

// ---- keeping ----

uint64_t Collection::write_snapshot() {
  const Contents& contents = *contents_;
  const StoreState& state = store_.state();
  SnapshotWriter out(file(".snapshot"));
  out.section("identity", std::vector<char>(state.identity.begin(), state.identity.end()));
  out.section("head", std::vector<SnapshotHead>{{kSnapshotFormat, static_cast<int64_t>(spec_.kind),
                                                 static_cast<int64_t>(spec_.metric), spec_.dimension, spec_.text_ids,
                                                 static_cast<int64_t>(contents.rows()),
                                                 static_cast<int64_t>(contents.dead_rows), state.transaction,
                                                 state.trained_at, state.next_sequence}});
  out.section("sequences", contents.sequences);
  if (spec_.text_ids) {
    section(out, "ids", contents.ids.texts());
  } else {
    out.section("ids", contents.ids.numbers());
  }
  section(out, "metadata", contents.metadata);
  out.section("dead", contents.dead.words());
  contents.index->save(out);
  return out.finish();
}

uint64_t Collection::save(bool compact, const CheckCancelled& check_cancelled) {
  const std::lock_guard writer(writer_);
  check_alive();
  const bool dead = compact && contents_->dead_rows > 0;
  if (dead) replace_contents(from_store(check_cancelled));
  if (!dead && snapshot_transaction_ == store_.state().transaction) return snapshot_bytes_;
  // Searches go on: the holder of writer_ is the only one who could change anything.
  snapshot_bytes_ = write_snapshot();
  snapshot_transaction_ = store_.state().transaction;
  store_.snapshot_saved(snapshot_transaction_);
  return snapshot_bytes_;
}

bool Collection::changed() const {
  const std::lock_guard writer(writer_);
  return unusable_.empty() && snapshot_transaction_ != store_.state().transaction;
}

Stats Collection::stats() const {
  const std::lock_guard writer(writer_);
  check_alive();
  Stats stats;
  stats.name = name_;
  stats.spec = spec_;
  stats.count = contents_->live();
  stats.dead_rows = contents_->dead_rows;
  stats.trained = store_.state().trained_at != 0;
  stats.memory_bytes = contents_->index->bytes();
  stats.store_bytes = size_of(file(".db")) + size_of(file(".db-wal"));
  stats.snapshot_bytes = snapshot_bytes_;
  stats.transaction = store_.state().transaction;
  stats.snapshot_transaction = snapshot_transaction_;
  stats.note = note_;
  stats.model = model_;
  return stats;
}

void Collection::verify(const CheckCancelled& check_cancelled) {
  const std::lock_guard writer(writer_);
  check_alive();
  uint64_t rows = 0;
  store_.each_row(0, [&](const Store::Row&) {
    if (rows++ % kRowsBetweenChecks == 0) check_cancelled();
  });
  if (rows != contents_->live()) {
    throw Failure(DM_DATA_LOSS, about() + ": needed " + std::to_string(contents_->live()) +
                                    " rows in the store, found " + std::to_string(rows));
  }
}

void Collection::trim() {
  const std::lock_guard writer(writer_);
  const auto lock = gate_.write();
  contents_->index->trim();
}

}  // namespace dormouse::search
