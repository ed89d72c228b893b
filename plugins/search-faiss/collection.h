// One named set of vectors: a store that lasts, an index in memory, and a snapshot that makes the one from the other
// quickly. All rules of what an add or a remove means are here.
// Callable from any thread. Searches run side by side; adds, removes, training and saving are one at a time, and hold
// up searches only while a few rows enter the index. Errors: Failure, naming the collection.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "index.h"
#include "search/gate.h"
#include "search/ids.h"
#include "search/metadata.h"
#include "spec.h"
#include "store.h"

namespace dormouse::search {

struct CollectionOptions {
  unsigned threads = 1;  // of one add, training or batch of searches
  bool sync = true;      // an acknowledged add is on the disk, not only with the kernel
  std::function<void(const std::string&)> warn = [](const std::string&) {};
};

// Rows to be added; `vectors` are ids.size() times the dimension, packed and borrowed.
struct Rows {
  std::vector<Id> ids;
  std::vector<std::string> metadata;  // encoded; empty: none for any
  const float* vectors = nullptr;
  size_t dimension = 0;
  std::string model;  // what made the vectors, by its stamp; empty: not told
};

// Which rows are meant: those with these ids, those with all of these fields, or both. Neither: all.
struct Selection {
  std::optional<std::vector<Id>> ids;
  std::vector<std::string> fields;  // encode_field
  bool selects() const { return ids || !fields.empty(); }
};

struct Question {
  uint32_t k = 10;
  uint32_t ef = 64;
  uint32_t nprobe = 16;
  uint32_t rerank = 4;  // where an index only estimates: candidates for each hit whose exact vectors are looked at
  Selection among;
  bool with_metadata = true;
  std::string model;  // what made the query, as of Rows
};

// `score`: the Euclidean distance with l2 (smaller is nearer), else the inner product or cosine (larger is nearer).
struct Hit {
  Id id;
  float score;
  std::string metadata;  // encoded
};

struct AddResult {
  size_t added = 0;     // ids that were new
  size_t replaced = 0;  // ids that had another vector before
  size_t count = 0;     // vectors there are now
};

struct Stats {
  std::string name;
  Spec spec;
  size_t count = 0;
  size_t dead_rows = 0;  // removed or replaced, still in memory
  bool trained = false;
  size_t memory_bytes = 0;
  uint64_t store_bytes = 0;
  uint64_t snapshot_bytes = 0;
  int64_t transaction = 0;
  int64_t snapshot_transaction = -1;  // -1: none
  std::string note;                   // what was unusual about its opening
  std::string model;                  // what made the vectors; empty: not known
};

class Collection {
 public:
  // Files NAME.db and NAME.snapshot in `folder`. Fails when there is one of that name.
  static std::unique_ptr<Collection> create(const std::string& folder, const std::string& name, const Spec& spec,
                                            const CollectionOptions& options);
  // Null when its creation was never finished; what there is of it is taken away. A snapshot that is damaged or belongs
  // to something else is thrown away and everything is built from the store, which `note` of stats then says. An empty
  // file beside a snapshot is data_loss.
  static std::unique_ptr<Collection> open(const std::string& folder, const std::string& name,
                                          const CollectionOptions& options, const CheckCancelled& check_cancelled);

  const std::string& name() const { return name_; }
  const Spec& spec() const { return spec_; }

  // Adds all or none; an id that is there gets the new vector and metadata. When it returns, the rows last and are
  // found. The first model that is told is remembered; vectors of another one, added or asked with, are
  // failed_precondition until the collection is empty.
  AddResult add(const Rows& rows, const CheckCancelled& check_cancelled);
  size_t remove(const Selection& selection);
  // One answer for each vector; they are packed. A search beside an add sees some of its rows.
  std::vector<std::vector<Hit>> search(std::span<const float* const> vectors, size_t dimension,
                                       const Question& question, const CheckCancelled& check_cancelled) const;
  // IVF kinds: learns lists from the vectors there are, and sorts them in. How many lists there are then.
  size_t train(const CheckCancelled& check_cancelled);
  // Writes a snapshot when there is something new; with `compact`, builds the index without dead rows first. Its bytes.
  uint64_t save(bool compact, const CheckCancelled& check_cancelled);
  bool changed() const;  // since the last snapshot
  Stats stats() const;
  // Reads every row of the store again and checks it.
  void verify(const CheckCancelled& check_cancelled);
  void trim();
  // Takes the files away. Every later call fails with not_found.
  void drop();
  // The same, but only when nothing was ever changed in it. Whether it was dropped.
  bool drop_unused();

 private:
  // Everything in memory. Row numbers are the same in all of it.
  struct Contents {
    Contents(const Spec& spec, std::unique_ptr<Index> made) : ids(spec.text_ids), index(std::move(made)) {}
    size_t rows() const { return sequences.size(); }
    size_t live() const { return sequences.size() - dead_rows; }
    void kill(uint32_t row);
    IdTable ids;
    std::vector<int64_t> sequences;  // of the store, ascending
    std::vector<std::string> metadata;
    Postings postings;
    RowSet dead;
    size_t dead_rows = 0;
    std::unique_ptr<Index> index;
  };
  // Rows from the store on their way into an index, some hundred at a time.
  class Filler;

  Collection(std::string folder, std::string name, Store store, CollectionOptions options);

  std::string file(const char* ending) const { return folder_ + "/" + name_ + ending; }
  std::string about() const { return "collection '" + name_ + "'"; }
  void check_alive() const;
  void drop_locked();

  std::unique_ptr<Contents> empty_contents();
  std::unique_ptr<Contents> from_store(const CheckCancelled& check_cancelled);
  std::unique_ptr<Contents> from_snapshot(const CheckCancelled& check_cancelled);
  void load(const CheckCancelled& check_cancelled);
  void replace_contents(std::unique_ptr<Contents> contents);

  AddResult add_in_order(const Rows& rows, const CheckCancelled& check_cancelled);
  void check_rows(const Rows& rows) const;
  void check_model(const std::string& model) const;
  std::vector<uint32_t> rows_of(const std::vector<Id>& ids) const;
  void insert(const Rows& rows, const std::vector<uint32_t>& replaced);
  void compact_when_due(const CheckCancelled& check_cancelled);
  std::vector<uint32_t> select(const Contents& contents, const Selection& selection) const;
  void normalise(float* vectors, size_t n) const;
  Found nearest_exactly(const Query& query, Found candidates) const;
  uint64_t write_snapshot();

  const std::string folder_;
  const std::string name_;
  const CollectionOptions options_;
  const Spec spec_;
  std::string note_;  // constant once open

  mutable std::mutex writer_;  // one change at a time; also for the store
  Store store_;
  int64_t snapshot_transaction_ = -1;
  uint64_t snapshot_bytes_ = 0;

  // Changed by whoever holds writer_ and writes through the gate; so the holder of writer_ may read without it.
  mutable Gate gate_;
  std::unique_ptr<Contents> contents_;
  std::string model_;     // as the store has it
  std::string unusable_;  // why nothing works any more; empty: it does
  int32_t unusable_status_ = 0;
};

}  // namespace dormouse::search
