// What a collection is made of, on disk: one SQLite file with every row, its id, its metadata and its vector as it was
// given. This is the truth; everything else can be made again from it.
// Not a cache and not an index: nothing is searched here.
// Owner: the collection; one call at a time, except where a function says otherwise. An open store holds two
// descriptors. Errors: Failure, with the file's name.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "search/database.h"
#include "search/ids.h"
#include "spec.h"

namespace dormouse::search {

// Where a store stands. Every commit is one step of `transaction`.
struct StoreState {
  std::string identity;       // drawn when it was made: a snapshot of another store is none of this one
  int64_t transaction = 0;    // commits so far
  int64_t next_sequence = 1;  // of the next row; never used again
  int64_t removed_from = 0;   // removals are known for snapshots of this transaction and later ones
  int64_t trained_at = 0;     // transaction of the last training; 0: none
  std::string model;          // what made the vectors, by its stamp; empty: not known
};

// A row on its way in. Borrowed.
struct NewRow {
  const Id* id;
  std::string_view metadata;
  const float* vector;
};

class Store {
 public:
  // Makes the file, which must not exist, with all of it or nothing. `sync`: commits wait for the disk, so they survive
  // the machine as well and not only the process.
  static Store create(const std::string& path, const Spec& spec, bool sync);
  // Null when the file holds no store: its creation was never finished. Errors: data_loss, unavailable.
  static std::optional<Store> open(const std::string& path, bool sync);

  const Spec& spec() const { return spec_; }
  const StoreState& state() const { return state_; }
  const std::string& path() const { return database_.path(); }
  const std::string& lost() const { return database_.lost(); }  // what opening gave up; mostly empty

  // One transaction: takes out the rows of these sequence numbers and puts in the new ones, numbered from
  // state().next_sequence on; `model` that is not empty is what made them. When this returns, it lasts. Errors:
  // resource_exhausted (disk full), data_loss; then nothing happened.
  void commit(std::span<const int64_t> removed, std::span<const NewRow> added, std::string_view model = {});
  // What a training made, kept with the store: it cannot be made again the same.
  void commit_training(std::string_view trained);
  std::string read_training();

  // All rows from `first` on, in order. Every one is checked; a damaged one is data_loss.
  struct Row {
    int64_t sequence;
    Id id;
    std::string_view metadata;  // valid until the visitor returns
    const float* vector;        // likewise; spec().dimension elements
  };
  void each_row(int64_t first, const std::function<void(const Row&)>& visit);
  // Those rows that are still there, by their numbers, checked like the others; `i` says which one it is. Any thread,
  // beside anything else.
  void read_rows(std::span<const int64_t> sequences, const std::function<void(size_t i, const Row&)>& visit) const;
  uint64_t row_count();
  // Sequence numbers taken out after `transaction`, which is at least removed_from.
  std::vector<int64_t> removed_after(int64_t transaction);
  // A snapshot of `transaction` lasts: older removals may be forgotten.
  void snapshot_saved(int64_t transaction);

 private:
  explicit Store(Database database) : database_(std::move(database)) {}
  void set(const char* key, int64_t value);
  void write_state(const StoreState& state);
  bool read_header();

  Row checked_row(Statement& statement, std::vector<float>& vector) const;

  mutable Database database_;
  Spec spec_;
  StoreState state_;
};

}  // namespace dormouse::search
