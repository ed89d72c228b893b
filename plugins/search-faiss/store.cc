#include "store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <mutex>
#include <new>
#include <utility>

#include "bounds.h"
#include "checksum.h"
#include "dormouse/value.hpp"

namespace dormouse::search {
namespace {

constexpr int64_t kFormat = 1;
constexpr int kBusyMs = 2000;

// Rows of 128 floats fit seven to a page; a commit of one row writes three pages.
constexpr const char* kPrepare =
    "PRAGMA page_size = 8192;"
    "PRAGMA locking_mode = EXCLUSIVE;"  // nobody else opens it, so no shared memory beside the file
    "PRAGMA journal_mode = WAL;"
    "PRAGMA cell_size_check = ON;"
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA temp_store = MEMORY;";
constexpr const char* kSchema =
    "CREATE TABLE header (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE rows (sequence INTEGER PRIMARY KEY, id NOT NULL, metadata BLOB NOT NULL, vector BLOB NOT NULL,"
    " checksum INTEGER NOT NULL);"
    "CREATE TABLE removed (sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL);"
    "CREATE TABLE training (one INTEGER PRIMARY KEY CHECK (one = 1), data BLOB NOT NULL, checksum INTEGER NOT NULL);";

std::string draw_identity() {
  unsigned char bytes[16];
  if (::getrandom(bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes))
    throw Failure(DM_UNAVAILABLE, "the system has no random bytes");
  std::string text;
  for (const unsigned char byte : bytes) {
    text.push_back("0123456789abcdef"[byte >> 4]);
    text.push_back("0123456789abcdef"[byte & 15]);
  }
  return text;
}

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

constinit std::mutex library_mutex;
constinit unsigned library_users = 0;

}  // namespace

StoreLibrary::StoreLibrary() {
  const std::lock_guard lock(library_mutex);
  if (sqlite3_initialize() != SQLITE_OK) throw Failure(DM_RESOURCE_EXHAUSTED, "SQLite could not be started");
  ++library_users;
}

StoreLibrary::~StoreLibrary() {
  const std::lock_guard lock(library_mutex);
  if (--library_users == 0) sqlite3_shutdown();
}

// A prepared statement, finalised with its scope.
class Store::Statement {
 public:
  Statement(Store& store, const char* sql) : store_(store) {
    if (sqlite3_prepare_v2(store.db_, sql, -1, &statement_, nullptr) != SQLITE_OK) store.fail("reading it");
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(int at, int64_t value) {
    sqlite3_bind_int64(statement_, at, value);
    return *this;
  }
  Statement& bind_text(int at, std::string_view text) {
    sqlite3_bind_text64(statement_, at, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
    return *this;
  }
  Statement& bind_blob(int at, const void* data, size_t size) {
    // A null pointer would be NULL and no empty blob.
    sqlite3_bind_blob64(statement_, at, size ? data : "", size, SQLITE_STATIC);
    return *this;
  }
  // Whether there is a row.
  bool step(const char* doing) {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) store_.fail(doing);
    return false;
  }
  void execute(const char* doing) {
    step(doing);
    sqlite3_reset(statement_);
  }

  int type(int column) { return sqlite3_column_type(statement_, column); }
  int64_t number(int column) { return sqlite3_column_int64(statement_, column); }
  std::string_view bytes(int column) {
    const void* data = sqlite3_column_blob(statement_, column);
    const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_, column));
    return data ? std::string_view(static_cast<const char*>(data), size) : std::string_view();
  }

 private:
  Store& store_;
  sqlite3_stmt* statement_ = nullptr;
};

Store::Store(std::string path, bool sync) : path_(std::move(path)) {
  try {
    prepare(sync);
  } catch (...) {
    sqlite3_close(db_);  // no destructor runs for what was never made
    throw;
  }
}

void Store::prepare(bool sync) {
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
  if (sqlite3_open_v2(path_.c_str(), &db_, flags, nullptr) != SQLITE_OK) fail("opening it");
  sqlite3_extended_result_codes(db_, 1);
  sqlite3_busy_timeout(db_, kBusyMs);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  run(kPrepare);
  // NORMAL writes to the log without waiting for the disk: what is acknowledged survives the process, not the machine.
  run(sync ? "PRAGMA synchronous = FULL;" : "PRAGMA synchronous = NORMAL;");
}

Store::Store(Store&& other) noexcept
    : path_(std::move(other.path_)),
      db_(std::exchange(other.db_, nullptr)),
      spec_(other.spec_),
      state_(std::move(other.state_)) {}

Store& Store::operator=(Store&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(db_, other.db_);
  std::swap(spec_, other.spec_);
  std::swap(state_, other.state_);
  return *this;
}

Store::~Store() {
  sqlite3_close(db_);  // writes the log back into the file
}

void Store::fail(const char* doing) {
  const int code = db_ ? sqlite3_errcode(db_) : SQLITE_NOMEM;
  const std::string what =
      "collection file '" + path_ + "': " + doing + " failed: " + (db_ ? sqlite3_errmsg(db_) : "out of memory");
  switch (code & 0xFF) {
    case SQLITE_FULL:
      throw Failure(DM_RESOURCE_EXHAUSTED, what + "; free some space on that disk and try again");
    case SQLITE_NOMEM:
      throw std::bad_alloc();
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      throw Failure(DM_DATA_LOSS, what + "; put a copy of it back from a backup, or remove it together with its " +
                                      "snapshot to begin with an empty collection");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw Failure(DM_UNAVAILABLE, what + "; another program has it open");
    default:
      throw Failure(DM_UNAVAILABLE, what + "; see whether the disk and the rights of the file are in order");
  }
}

void Store::run(const char* sql) {
  if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail("preparing it");
}

void Store::set(const char* key, int64_t value) {
  Statement(*this, "INSERT OR REPLACE INTO header VALUES (?, ?)").bind_text(1, key).bind(2, value).execute("writing");
}

void Store::write_state(const StoreState& state) {
  set("transaction", state.transaction);
  set("next_sequence", state.next_sequence);
  set("removed_from", state.removed_from);
  set("trained_at", state.trained_at);
}

namespace {

// Rolls back unless committed.
class Transaction {
 public:
  explicit Transaction(sqlite3* db) : db_(db), begun_(exec("BEGIN IMMEDIATE")) {}
  ~Transaction() {
    if (begun_) exec("ROLLBACK");
  }
  bool begun() const { return begun_; }
  bool commit() {
    if (!exec("COMMIT")) return false;
    begun_ = false;
    return true;
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

 private:
  bool exec(const char* sql) { return sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK; }
  sqlite3* db_;
  bool begun_;
};

}  // namespace

Store Store::create(const std::string& path, const Spec& spec, bool sync) {
  Store store(path, sync);
  Transaction transaction(store.db_);
  if (!transaction.begun()) store.fail("beginning");
  store.run(kSchema);
  store.set("format", kFormat);
  store.set("kind", static_cast<int64_t>(spec.kind));
  store.set("metric", static_cast<int64_t>(spec.metric));
  store.set("text_ids", spec.text_ids);
  for (const Numbers& number : kNumbers) store.set(number.key, spec.*number.field);
  store.state_.identity = draw_identity();
  Statement(store, "INSERT INTO header VALUES ('identity', ?)").bind_text(1, store.state_.identity).execute("writing");
  store.write_state(store.state_);
  if (!transaction.commit()) store.fail("making it");
  store.spec_ = spec;
  return store;
}

std::optional<Store> Store::open(const std::string& path, bool sync) {
  Store store(path, sync);
  if (!store.read_header()) return std::nullopt;
  return store;
}

bool Store::read_header() {
  Statement tables(*this, "SELECT count(*) FROM sqlite_schema");
  if (!tables.step("reading it") || tables.number(0) == 0) return false;
  Statement entries(*this, "SELECT key, value FROM header");
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
    if (key == "identity") state_.identity = std::string(entries.bytes(1));
    if (key == "transaction") state_.transaction = value;
    if (key == "next_sequence") state_.next_sequence = value;
    if (key == "removed_from") state_.removed_from = value;
    if (key == "trained_at") state_.trained_at = value;
  }
  const auto refuse = [&](const std::string& problem) {
    throw Failure(DM_DATA_LOSS, "collection file '" + path_ + "': " + problem +
                                    "; put a copy of it back from a backup, or remove it together with its snapshot");
  };
  if (format != kFormat) {
    refuse("needed format " + std::to_string(kFormat) + ", found " + std::to_string(format) +
           " (written by another version of this plugin?)");
  }
  if (kind < 0 || kind > static_cast<int64_t>(Kind::ivf_pq) || metric < 0 ||
      metric > static_cast<int64_t>(Metric::cosine) || state_.next_sequence < 1) {
    refuse("its header is damaged");
  }
  spec_.kind = static_cast<Kind>(kind);
  spec_.metric = static_cast<Metric>(metric);
  try {
    spec_ = checked(spec_);
  } catch (const Failure& failure) {
    refuse(std::string("its header is damaged: ") + failure.what());
  }
  return true;
}

void Store::commit(std::span<const int64_t> removed, std::span<const NewRow> added) {
  StoreState next = state_;
  ++next.transaction;
  Transaction transaction(db_);
  if (!transaction.begun()) fail("writing");
  Statement take_out(*this, "DELETE FROM rows WHERE sequence = ?");
  Statement remember(*this, "INSERT OR REPLACE INTO removed VALUES (?, ?)");
  for (const int64_t sequence : removed) {
    take_out.bind(1, sequence).execute("writing");
    remember.bind(1, sequence).bind(2, next.transaction).execute("writing");
  }
  Statement put_in(*this, "INSERT INTO rows VALUES (?, ?, ?, ?, ?)");
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
  if (!transaction.commit()) fail("writing");
  state_ = std::move(next);
}

void Store::commit_training(std::string_view trained) {
  StoreState next = state_;
  next.trained_at = ++next.transaction;
  Transaction transaction(db_);
  if (!transaction.begun()) fail("writing");
  Statement(*this, "INSERT OR REPLACE INTO training VALUES (1, ?, ?)")
      .bind_blob(1, trained.data(), trained.size())
      .bind(2, crc32c(0, trained.data(), trained.size()))
      .execute("writing");
  write_state(next);
  if (!transaction.commit()) fail("writing");
  state_ = std::move(next);
}

std::string Store::read_training() {
  Statement statement(*this, "SELECT data, checksum FROM training");
  if (statement.step("reading it")) {
    std::string trained(statement.bytes(0));
    if (statement.number(1) == crc32c(0, trained.data(), trained.size())) return trained;
  }
  throw Failure(DM_DATA_LOSS, "collection file '" + path_ + "': what its training made is damaged; put a copy of the " +
                                  "file back from a backup, or remove it together with its snapshot");
}

void Store::each_row(int64_t first, const std::function<void(const Row&)>& visit) {
  Statement statement(*this,
                      "SELECT sequence, id, metadata, vector, checksum FROM rows WHERE sequence >= ? ORDER BY 1");
  statement.bind(1, first);
  std::vector<float> vector(spec_.dimension);  // a blob lies on no boundary for floats
  const size_t bytes = vector.size() * sizeof(float);
  while (statement.step("reading it")) {
    Row row{statement.number(0), {spec_.text_ids, 0, {}}, {}, vector.data()};
    const bool right_id = statement.type(1) == (spec_.text_ids ? SQLITE_TEXT : SQLITE_INTEGER);
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
      throw Failure(DM_DATA_LOSS, "collection file '" + path_ + "': the row with id " + row.id.to_string() +
                                      " is damaged; put a copy of the file back from a backup, or remove it together " +
                                      "with its snapshot to begin with an empty collection");
    }
    visit(row);
  }
}

uint64_t Store::row_count() {
  Statement statement(*this, "SELECT count(*) FROM rows");
  return statement.step("reading it") ? static_cast<uint64_t>(statement.number(0)) : 0;
}

std::vector<int64_t> Store::removed_after(int64_t transaction) {
  Statement statement(*this, "SELECT sequence FROM removed WHERE at > ? ORDER BY 1");
  statement.bind(1, transaction);
  std::vector<int64_t> removed;
  while (statement.step("reading it")) removed.push_back(statement.number(0));
  return removed;
}

void Store::snapshot_saved(int64_t transaction) {
  if (transaction == state_.removed_from) return;
  StoreState next = state_;
  next.removed_from = transaction;
  Transaction change(db_);
  if (!change.begun()) fail("writing");
  Statement(*this, "DELETE FROM removed WHERE at <= ?").bind(1, transaction).execute("writing");
  write_state(next);
  if (!change.commit()) fail("writing");
  state_ = std::move(next);
}

}  // namespace dormouse::search
