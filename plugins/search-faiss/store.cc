#include "store.h"

#include <cstring>

#include "bounds.h"
#include "dormouse/value.hpp"
#include "search/checksum.h"

namespace dormouse::search {
namespace {

constexpr int64_t kFormat = 1;
constexpr Database::Words kWords = {
    "collection file", "remove it together with its -wal and its snapshot to begin with an empty collection"};
constexpr const char* kSchema =
    "CREATE TABLE header (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE rows (sequence INTEGER PRIMARY KEY, id NOT NULL, metadata BLOB NOT NULL, vector BLOB NOT NULL,"
    " checksum INTEGER NOT NULL);"
    "CREATE TABLE removed (sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL);"
    "CREATE TABLE training (one INTEGER PRIMARY KEY CHECK (one = 1), data BLOB NOT NULL, checksum INTEGER NOT NULL);";

uint32_t row_checksum(int64_t sequence, const Id& id, std::string_view metadata, const float* vector, size_t n) {
  uint32_t crc = crc32c(0, &sequence, sizeof sequence);
  crc = id.is_text ? crc32c(crc, id.text.data(), id.text.size()) : crc32c(crc, &id.number, sizeof id.number);
  crc = crc32c(crc, metadata.data(), metadata.size());
  return crc32c(crc, vector, n * sizeof(float));
}

struct Numbers {
  const char* key;
  uint32_t Spec::*field;
};
constexpr Numbers kNumbers[] = {
    {"dimension", &Spec::dimension}, {"m", &Spec::m},       {"ef_construction", &Spec::ef_construction},
    {"nlist", &Spec::nlist},         {"pq_m", &Spec::pq_m}, {"nbits", &Spec::nbits}};

}  // namespace

void Store::set(const char* key, int64_t value) {
  Statement(database_, "INSERT OR REPLACE INTO header VALUES (?, ?)")
      .bind_text(1, key)
      .bind(2, value)
      .execute("writing");
}

void Store::write_state(const StoreState& state) {
  set("transaction", state.transaction);
  set("next_sequence", state.next_sequence);
  set("removed_from", state.removed_from);
  set("trained_at", state.trained_at);
  if (state.model.empty()) return;
  Statement(database_, "INSERT OR REPLACE INTO header VALUES ('model', ?)")
      .bind_text(1, state.model)
      .execute("writing");
}

Store Store::create(const std::string& path, const Spec& spec, bool sync) {
  Store store(Database(path, sync, kWords));
  Transaction transaction(store.database_);
  store.database_.run(kSchema);
  store.set("format", kFormat);
  store.set("kind", static_cast<int64_t>(spec.kind));
  store.set("metric", static_cast<int64_t>(spec.metric));
  store.set("text_ids", spec.text_ids);
  for (const Numbers& number : kNumbers) store.set(number.key, spec.*number.field);
  store.state_.identity = draw_identity();
  Statement(store.database_, "INSERT INTO header VALUES ('identity', ?)")
      .bind_text(1, store.state_.identity)
      .execute("writing");
  store.write_state(store.state_);
  transaction.commit("making it");
  store.database_.empty_log();
  store.spec_ = spec;
  return store;
}

std::optional<Store> Store::open(const std::string& path, bool sync) {
  Store store(Database(path, sync, kWords));
  if (!store.read_header()) return std::nullopt;
  return store;
}

bool Store::read_header() {
  if (database_.is_empty()) return false;
  Statement entries(database_, "SELECT key, value FROM header");
  int64_t format = 0, kind = -1, metric = -1;
  while (entries.step("reading it")) {
    const std::string key(entries.bytes(0));
    const int64_t value = entries.number(1);
    for (const Numbers& number : kNumbers)
      if (key == number.key && value >= 0 && value <= kRowsMax) spec_.*number.field = static_cast<uint32_t>(value);
    if (key == "format") format = value;
    if (key == "kind") kind = value;
    if (key == "metric") metric = value;
    if (key == "text_ids") spec_.text_ids = value != 0;
    if (key == "model") state_.model = std::string(entries.bytes(1));
    if (key == "identity") state_.identity = std::string(entries.bytes(1));
    if (key == "transaction") state_.transaction = value;
    if (key == "next_sequence") state_.next_sequence = value;
    if (key == "removed_from") state_.removed_from = value;
    if (key == "trained_at") state_.trained_at = value;
  }
  if (format != kFormat) {
    database_.damaged("needed format " + std::to_string(kFormat) + ", found " + std::to_string(format) +
                      " (written by another version of this plugin?)");
  }
  if (kind < 0 || kind > static_cast<int64_t>(Kind::ivf_pq) || metric < 0 ||
      metric > static_cast<int64_t>(Metric::cosine) || state_.next_sequence < 1) {
    database_.damaged("its header is damaged");
  }
  spec_.kind = static_cast<Kind>(kind);
  spec_.metric = static_cast<Metric>(metric);
  try {
    spec_ = checked(spec_);
  } catch (const Failure& failure) {
    database_.damaged(std::string("its header is damaged: ") + failure.what());
  }
  return true;
}

void Store::commit(std::span<const int64_t> removed, std::span<const NewRow> added, std::string_view model) {
  StoreState next = state_;
  if (!model.empty()) next.model = model;
  ++next.transaction;
  Transaction transaction(database_);
  Statement take_out(database_, "DELETE FROM rows WHERE sequence = ?");
  Statement remember(database_, "INSERT OR REPLACE INTO removed VALUES (?, ?)");
  for (const int64_t sequence : removed) {
    take_out.bind(1, sequence).execute("writing");
    remember.bind(1, sequence).bind(2, next.transaction).execute("writing");
  }
  Statement put_in(database_, "INSERT INTO rows VALUES (?, ?, ?, ?, ?)");
  for (const NewRow& row : added) {
    const int64_t sequence = next.next_sequence++;
    put_in.bind(1, sequence);
    if (row.id->is_text) {
      put_in.bind_text(2, row.id->text);
    } else {
      put_in.bind(2, row.id->number);
    }
    put_in.bind_blob(3, row.metadata.data(), row.metadata.size())
        .bind_blob(4, row.vector, spec_.dimension * sizeof(float))
        .bind(5, row_checksum(sequence, *row.id, row.metadata, row.vector, spec_.dimension))
        .execute("writing");
  }
  write_state(next);
  transaction.commit();
  state_ = std::move(next);
}

void Store::commit_training(std::string_view trained) {
  StoreState next = state_;
  next.trained_at = ++next.transaction;
  Transaction transaction(database_);
  Statement(database_, "INSERT OR REPLACE INTO training VALUES (1, ?, ?)")
      .bind_blob(1, trained.data(), trained.size())
      .bind(2, crc32c(0, trained.data(), trained.size()))
      .execute("writing");
  write_state(next);
  transaction.commit();
  state_ = std::move(next);
}

std::string Store::read_training() {
  Statement statement(database_, "SELECT data, checksum FROM training");
  if (statement.step("reading it")) {
    std::string trained(statement.bytes(0));
    if (statement.number(1) == crc32c(0, trained.data(), trained.size())) return trained;
  }
  database_.damaged("what its training made is damaged");
}

// Of a statement that asks for all columns in their order. `vector` receives the elements: a blob lies on no boundary
// for floats.
Store::Row Store::checked_row(Statement& statement, std::vector<float>& vector) const {
  vector.resize(spec_.dimension);
  const size_t bytes = vector.size() * sizeof(float);
  Row row{statement.number(0), {spec_.text_ids, 0, {}}, {}, vector.data()};
  const bool right_id = spec_.text_ids ? statement.is_text(1) : statement.is_integer(1);
  if (spec_.text_ids) {
    row.id.text = std::string(statement.bytes(1));
  } else {
    row.id.number = statement.number(1);
  }
  row.metadata = statement.bytes(2);
  const std::string_view stored = statement.bytes(3);
  if (stored.size() == bytes) std::memcpy(vector.data(), stored.data(), bytes);
  if (!right_id || stored.size() != bytes ||
      statement.number(4) != row_checksum(row.sequence, row.id, row.metadata, vector.data(), vector.size())) {
    database_.damaged("the row with id " + row.id.to_string() + " is damaged");
  }
  return row;
}

void Store::each_row(int64_t first, const std::function<void(const Row&)>& visit) {
  Statement statement(database_,
                      "SELECT sequence, id, metadata, vector, checksum FROM rows WHERE sequence >= ? ORDER BY 1");
  statement.bind(1, first);
  std::vector<float> vector;
  while (statement.step("reading it")) visit(checked_row(statement, vector));
}

void Store::read_rows(std::span<const int64_t> sequences, const std::function<void(size_t, const Row&)>& visit) const {
  Statement statement(database_, "SELECT sequence, id, metadata, vector, checksum FROM rows WHERE sequence = ?");
  std::vector<float> vector;
  for (size_t i = 0; i < sequences.size(); ++i) {
    if (statement.bind(1, sequences[i]).step("reading it")) visit(i, checked_row(statement, vector));
    statement.reset();
  }
}

uint64_t Store::row_count() {
  Statement statement(database_, "SELECT count(*) FROM rows");
  return statement.step("reading it") ? static_cast<uint64_t>(statement.number(0)) : 0;
}

std::vector<int64_t> Store::removed_after(int64_t transaction) {
  Statement statement(database_, "SELECT sequence FROM removed WHERE at > ? ORDER BY 1");
  statement.bind(1, transaction);
  std::vector<int64_t> removed;
  while (statement.step("reading it")) removed.push_back(statement.number(0));
  return removed;
}

void Store::snapshot_saved(int64_t transaction) {
  if (transaction == state_.removed_from) return;
  StoreState next = state_;
  next.removed_from = transaction;
  Transaction change(database_);
  Statement(database_, "DELETE FROM removed WHERE at <= ?").bind(1, transaction).execute("writing");
  write_state(next);
  change.commit();
  state_ = std::move(next);
}

}  // namespace dormouse::search
