#include "search/database.h"

#include <sqlite3.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <filesystem>
#include <mutex>
#include <new>
#include <utility>

#include "dormouse/value.hpp"
#include "search/wal.h"

namespace dormouse::search {
namespace {

constexpr int kBusyMs = 2000;

constexpr uint64_t kPageBytes = 8192;  // as below

// Rows of 128 floats fit seven to a page; a commit of one row writes three pages.
constexpr const char* kPrepare =
    "PRAGMA page_size = 8192;"
    "PRAGMA locking_mode = EXCLUSIVE;"  // nobody else opens it, so no shared memory beside the file
    "PRAGMA journal_mode = WAL;"
    "PRAGMA cell_size_check = ON;"
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA temp_store = MEMORY;";

// The file itself must be no symbolic link, but a folder above it may be one, which SQLite would refuse as well.
std::string in_real_folder(const std::string& path) {
  std::error_code error;
  const std::filesystem::path given(path), folder = std::filesystem::canonical(given.parent_path(), error);
  return error ? path : (folder / given.filename()).string();
}

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

// ---- the database ----

Database::Database(std::string path, bool sync, const Words& words) : path_(std::move(path)), words_(words) {
  try {
    check_log(sync);
    prepare(sync);
  } catch (...) {
    sqlite3_close(db_);  // no destructor runs for what was never made
    throw;
  }
}

// SQLite would drop what it cannot read of the log, and at closing the log itself. Making a store first gives the file
// its first page, then commits once into the log, then brings that into the file; killed anywhere in between it leaves
// one page and one commit, which is whole or torn.
void Database::check_log(bool sync) {
  const std::string path = in_real_folder(path_);
  const WalState log = look_at_wal(path + "-wal");
  if (log.bytes == 0) return;
  struct stat facts {};
  const uint64_t bytes = ::stat(path.c_str(), &facts) == 0 ? static_cast<uint64_t>(facts.st_size) : 0;
  std::string problem;
  if (bytes == 0) {
    problem = "it is empty or not there, and its log '" + path_ + "-wal' has " + std::to_string(log.bytes) + " bytes";
  } else if (log.damaged_at) {
    problem = "its log '" + path_ + "-wal' is damaged " +
              (*log.damaged_at == 0 ? "in its header" : "in the frame at byte " + std::to_string(*log.damaged_at)) +
              ", which hides later changes";
    if (!sync && (bytes > kPageBytes || log.transactions > 0)) {
      lost_ = problem + "; they are lost, as without sync a power failure may do";
      return;
    }
  } else {
    return;
  }
  throw Failure(DM_DATA_LOSS, std::string(words_.what) + " '" + path_ + "': " + problem +
                                  "; put copies of both back from a backup, or move the log aside to go on with what "
                                  "was there before it");
}

void Database::prepare(bool sync) {
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX | SQLITE_OPEN_NOFOLLOW;
  if (sqlite3_open_v2(in_real_folder(path_).c_str(), &db_, flags, nullptr) != SQLITE_OK) fail("opening it");
  sqlite3_extended_result_codes(db_, 1);
  sqlite3_busy_timeout(db_, kBusyMs);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  run(kPrepare);
  // NORMAL writes to the log without waiting for the disk: what is acknowledged survives the process, not the machine.
  run(sync ? "PRAGMA synchronous = FULL;" : "PRAGMA synchronous = NORMAL;");
}

Database::Database(Database&& other) noexcept
    : path_(std::move(other.path_)),
      words_(other.words_),
      lost_(std::move(other.lost_)),
      db_(std::exchange(other.db_, nullptr)) {}

Database& Database::operator=(Database&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(words_, other.words_);
  std::swap(lost_, other.lost_);
  std::swap(db_, other.db_);
  return *this;
}

Database::~Database() {
  sqlite3_close(db_);
}

void Database::fail(const char* doing) {
  const int code = db_ ? sqlite3_errcode(db_) : SQLITE_NOMEM;
  const std::string what = std::string(words_.what) + " '" + path_ + "': " + doing +
                           " failed: " + (db_ ? sqlite3_errmsg(db_) : "out of memory");
  switch (code & 0xFF) {
    case SQLITE_FULL:
      throw Failure(DM_RESOURCE_EXHAUSTED, what + "; free some space on that disk and try again");
    case SQLITE_NOMEM:
      throw std::bad_alloc();
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      throw Failure(DM_DATA_LOSS, what + "; put a copy of it back from a backup, or " + words_.start_over);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw Failure(DM_UNAVAILABLE, what + "; another program has it open");
    default:
      throw Failure(DM_UNAVAILABLE, what + "; see whether the disk and the rights of the file are in order");
  }
}

void Database::damaged(const std::string& problem) const {
  throw Failure(DM_DATA_LOSS, std::string(words_.what) + " '" + path_ + "': " + problem +
                                  "; put a copy of it back from a backup, or " + words_.start_over);
}

void Database::run(const char* sql) {
  if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail("preparing it");
}

void Database::empty_log() {
  sqlite3_exec(db_, "PRAGMA wal_checkpoint(TRUNCATE)", nullptr, nullptr, nullptr);
}

bool Database::is_empty() {
  Statement tables(*this, "SELECT count(*) FROM sqlite_schema");
  return !tables.step("reading it") || tables.number(0) == 0;
}

// ---- statements ----

Statement::Statement(Database& database, const char* sql) : database_(database) {
  if (sqlite3_prepare_v2(database.db_, sql, -1, &statement_, nullptr) != SQLITE_OK) database.fail("reading it");
}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

Statement& Statement::bind(int at, int64_t value) {
  sqlite3_bind_int64(statement_, at, value);
  return *this;
}

Statement& Statement::bind_text(int at, std::string_view text) {
  sqlite3_bind_text64(statement_, at, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_blob(int at, const void* data, size_t size) {
  // A null pointer would be NULL and no empty blob.
  sqlite3_bind_blob64(statement_, at, size ? data : "", size, SQLITE_STATIC);
  return *this;
}

bool Statement::step(const char* doing) {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) database_.fail(doing);
  return false;
}

void Statement::execute(const char* doing) {
  step(doing);
  sqlite3_reset(statement_);
}

void Statement::reset() {
  sqlite3_reset(statement_);
}

bool Statement::is_text(int column) {
  return sqlite3_column_type(statement_, column) == SQLITE_TEXT;
}

bool Statement::is_integer(int column) {
  return sqlite3_column_type(statement_, column) == SQLITE_INTEGER;
}

int64_t Statement::number(int column) {
  return sqlite3_column_int64(statement_, column);
}

std::string_view Statement::bytes(int column) {
  const void* data = sqlite3_column_blob(statement_, column);
  const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_, column));
  return data ? std::string_view(static_cast<const char*>(data), size) : std::string_view();
}

// ---- transactions ----

Transaction::Transaction(Database& database)
    : database_(database),
      begun_(sqlite3_exec(database.db_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK) {
  if (!begun_) database.fail("writing");
}

Transaction::~Transaction() {
  if (begun_) sqlite3_exec(database_.db_, "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit(const char* doing) {
  if (sqlite3_exec(database_.db_, "COMMIT", nullptr, nullptr, nullptr) != SQLITE_OK) database_.fail(doing);
  begun_ = false;
}

}  // namespace dormouse::search
