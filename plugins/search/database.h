// SQLite for plugins that must not lose what they acknowledged: one file, opened by nobody else, written in
// transactions, with its codes turned into Failures that say what to do.
// Not the layout of a table: that is the plugin's store. An open database holds two descriptors. One call at a time;
// only reading with a statement of one's own is allowed beside anything else (a message may then tell another's error).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace dormouse::search {

class Database {
 public:
  // Opens the file, or makes an empty one. `sync`: commits wait for the disk, so they survive the machine as well and
  // not only the process. `what` and `start_over` are for messages: "collection file", "remove it together with ...".
  // Throws data_loss when commits in the log beside the file could not be taken any more (wal.h), before anything is
  // touched. Without `sync` a power failure may do that rightly: then they are given up, as lost() tells.
  struct Words {
    const char* what;
    const char* start_over;
  };
  Database(std::string path, bool sync, const Words& words);
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();  // writes the log back into the file

  const std::string& path() const { return path_; }
  const std::string& lost() const { return lost_; }  // what opening gave up of what was committed; mostly empty
  void run(const char* sql);
  // Brings what is committed from the log into the file, if that can be done; it lasts in any case. Whoever made a
  // store does it before saying so: then an empty file with commits beside it is none whose making was cut short.
  void empty_log();
  // Whether there is no table in it: its creation was never finished.
  bool is_empty();
  // Throws what the last call ended in: resource_exhausted (disk full), data_loss, unavailable; std::bad_alloc.
  [[noreturn]] void fail(const char* doing);
  // Throws data_loss with the problem and what to do.
  [[noreturn]] void damaged(const std::string& problem) const;

 private:
  friend class Statement;
  friend class Transaction;
  void check_log(bool sync);
  void prepare(bool sync);

  std::string path_;
  Words words_;
  std::string lost_;
  sqlite3* db_ = nullptr;
};

// A prepared statement, finalised with its scope.
class Statement {
 public:
  Statement(Database& database, const char* sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(int at, int64_t value);
  Statement& bind_text(int at, std::string_view text);  // borrowed until executed
  Statement& bind_blob(int at, const void* data, size_t size);
  // Whether there is a row.
  bool step(const char* doing);
  void execute(const char* doing);
  void reset();  // to be bound and stepped again

  bool is_text(int column);
  bool is_integer(int column);
  int64_t number(int column);
  std::string_view bytes(int column);  // valid until the next step

 private:
  Database& database_;
  sqlite3_stmt* statement_ = nullptr;
};

// Rolls back unless committed.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit(const char* doing = "writing");

 private:
  Database& database_;
  bool begun_;
};

// 32 random hexadecimal digits: which store this is.
std::string draw_identity();

// Of the whole plugin: SQLite keeps a little memory until it is told that nobody needs it any more. Held by every
// component; the last one gives it back.
class StoreLibrary {
 public:
  StoreLibrary();
  ~StoreLibrary();
  StoreLibrary(const StoreLibrary&) = delete;
  StoreLibrary& operator=(const StoreLibrary&) = delete;
};

}  // namespace dormouse::search
