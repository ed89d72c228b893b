#include "search/wal.h"

#include <sqlite3.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "search/database.h"
#include "support/temp_folder.h"

namespace dormouse::search {
namespace {

constexpr size_t kHeaderBytes = 32, kPageBytes = 512, kFrameBytes = 24 + kPageBytes;

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// The log of a database with small pages, as it is while the database is open.
class Log {
 public:
  Log() {
    REQUIRE(sqlite3_open((folder.path() + "/a.db").c_str(), &db_) == SQLITE_OK);
    run("PRAGMA page_size = 512; PRAGMA journal_mode = WAL; CREATE TABLE t (a, b)");
  }
  ~Log() { sqlite3_close(db_); }
  void run(const std::string& sql) const {
    REQUIRE(sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  // Transactions of several pages each.
  void fill(int transactions) const {
    for (int i = 0; i < transactions; ++i)
      run("INSERT INTO t VALUES (" + std::to_string(i) + ", hex(randomblob(500)))");
  }
  std::string bytes() const { return bytes_of(folder.path() + "/a.db-wal"); }
  WalState with(const std::string& bytes) const {
    write(folder.path() + "/log", bytes);
    return look_at_wal(folder.path() + "/log");
  }

  TempFolder folder;

 private:
  StoreLibrary library_;
  sqlite3* db_ = nullptr;
};

// Where each transaction ends.
std::vector<size_t> ends_of(const std::string& log) {
  std::vector<size_t> ends;
  for (size_t at = kHeaderBytes; at + kFrameBytes <= log.size(); at += kFrameBytes)
    if (log.substr(at + 4, 4) != std::string(4, '\0')) ends.push_back(at + kFrameBytes);
  return ends;
}

}  // namespace

TEST_CASE("a log that nobody touched is taken whole") {
  const Log log;
  log.fill(4);
  const WalState state = log.with(log.bytes());
  CHECK(state.bytes == log.bytes().size());
  CHECK(state.transactions == 5);
  CHECK_FALSE(state.damaged_at);
  CHECK(look_at_wal(log.folder.path() + "/none").bytes == 0);
  CHECK_FALSE(log.with("").damaged_at);
}

TEST_CASE("any changed byte before the last transaction of a log is damage where it is") {
  const Log log;
  log.fill(3);
  const std::string whole = log.bytes();
  const std::vector<size_t> ends = ends_of(whole);
  REQUIRE(ends.size() == 4);
  const int bit = GENERATE(0, 7);
  for (size_t at = 0; at < ends[2]; ++at) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 1 << bit);
    const size_t expected = at < kHeaderBytes ? 0 : at - (at - kHeaderBytes) % kFrameBytes;
    INFO("byte " << at);
    REQUIRE(log.with(bytes).damaged_at == expected);
  }
}

TEST_CASE("damage within the pages of the last transaction looks like a torn write") {
  const Log log;
  log.fill(3);
  std::string bytes = log.bytes();
  bytes[ends_of(bytes)[2] + 100] ^= 1;
  const WalState state = log.with(bytes);
  CHECK(state.transactions == 3);
  CHECK_FALSE(state.damaged_at);
}

TEST_CASE("a log that was cut short lacks its last transaction and is not damaged") {
  const Log log;
  log.fill(3);
  const std::string whole = log.bytes();
  const std::vector<size_t> ends = ends_of(whole);
  for (size_t size = ends[2]; size < whole.size(); ++size) {
    for (const size_t zeros : {size_t{0}, whole.size() - size}) {
      const std::string bytes = whole.substr(0, size) + std::string(zeros, '\0');
      const WalState state = log.with(bytes);
      INFO("cut to " << size << " bytes and " << zeros << " zeros");
      REQUIRE_FALSE(state.damaged_at);
      REQUIRE(state.transactions == (bytes == whole ? 4 : 3));
    }
  }
}

TEST_CASE("a last transaction of which any frame never came to the disk is no damage") {
  const Log log;
  log.fill(3);
  const std::string whole = log.bytes();
  for (size_t at = ends_of(whole)[2]; at < whole.size(); at += kFrameBytes) {
    // The whole frame, or its page alone.
    for (const size_t kept : {size_t{0}, size_t{24}}) {
      std::string bytes = whole;
      bytes.replace(at + kept, kFrameBytes - kept, kFrameBytes - kept, '\0');
      CHECK_FALSE(log.with(bytes).damaged_at);
    }
  }
}

TEST_CASE("frames of an earlier time of the log are no damage") {
  const Log log;
  log.fill(6);
  log.run("PRAGMA wal_checkpoint(RESTART)");
  const size_t before = log.bytes().size();
  log.fill(1);
  const std::string bytes = log.bytes();
  REQUIRE(bytes.size() == before);
  const WalState state = log.with(bytes);
  CHECK(state.transactions == 1);
  CHECK_FALSE(state.damaged_at);
  // Nor when of the first transaction only the header came to the disk.
  CHECK_FALSE(
      log.with(bytes.substr(0, kHeaderBytes) + std::string(kFrameBytes, 'x') + bytes.substr(kHeaderBytes + kFrameBytes))
          .damaged_at);
}

TEST_CASE("what is left of transactions that were cut short one after the other is no damage") {
  const Log log;
  log.fill(3);
  const std::string whole = log.bytes();
  const std::vector<size_t> ends = ends_of(whole);
  // The last but one with a hole, and behind it the end of one that was longer: the frames do not hang together.
  std::string bytes = whole.substr(0, ends[2]) + whole.substr(ends[2] + kFrameBytes);
  bytes.replace(ends[1], kFrameBytes, kFrameBytes, '\0');
  CHECK_FALSE(log.with(bytes).damaged_at);
}

TEST_CASE("a store is not opened over a damaged log and nothing of it is touched") {
  const TempFolder folder, copy;
  const std::string path = copy.path() + "/a.db";
  constexpr Database::Words kWords = {"file", "begin again"};
  {
    Database database(folder.path() + "/a.db", true, kWords);
    database.run("CREATE TABLE t (a)");
    database.empty_log();
    CHECK(std::filesystem::file_size(folder.path() + "/a.db-wal") == 0);
    for (int i = 0; i < 3; ++i) database.run("INSERT INTO t VALUES (1)");
    for (const char* ending : {"", "-wal"}) std::filesystem::copy_file(folder.path() + "/a.db" + ending, path + ending);
  }
  const std::string whole = bytes_of(path + "-wal"), file = bytes_of(path);
  std::string bytes = whole;
  bytes[5000] ^= 1;
  write(path + "-wal", bytes);
  CHECK_THROWS_WITH(Database(path, true, kWords), Catch::Contains("a.db-wal' is damaged in the frame at byte 32") &&
                                                      Catch::Contains("backup") && Catch::Contains("move the log"));
  CHECK(bytes_of(path + "-wal") == bytes);
  CHECK(bytes_of(path) == file);
  {
    // Without sync a power failure does this as well.
    const Database database(path, false, kWords);
    CHECK(database.lost().find("frame at byte 32") != std::string::npos);
  }
  for (const bool there : {true, false}) {
    write(path + "-wal", whole);
    if (there) {
      write(path, "");
    } else {
      std::filesystem::remove(path);
    }
    CHECK_THROWS_WITH(Database(path, false, kWords), Catch::Contains("empty") && Catch::Contains("a.db-wal"));
    CHECK(bytes_of(path + "-wal") == whole);
  }
  write(path, file);
  Database database(path, true, kWords);
  CHECK(database.lost().empty());
  Statement count(database, "SELECT count(*) FROM t");
  REQUIRE(count.step("reading"));
  CHECK(count.number(0) == 3);
}

}  // namespace dormouse::search
