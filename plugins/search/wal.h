// SQLite's write-ahead log, looked at before SQLite opens it: SQLite takes transactions up to the first frame whose
// checksum is wrong and drops all behind it without a word, and an answered add with them.
// Reads only. Layout: sqlite.org/fileformat2.html#the_write_ahead_log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace dormouse::search {

struct WalState {
  uint64_t bytes = 0;         // of the file; 0: there is none
  uint64_t transactions = 0;  // that SQLite will take from it
  // Where the first damaged frame begins, or 0 for the header, when no write that was cut short looks like that: whole
  // transactions lie behind the one it belongs to, or everything but one field of the frame fits its checksum. Frames
  // of an earlier time of the log are no damage, nor is a last transaction that is not whole; so damage within the
  // pages of the last transaction is not told from a torn write.
  std::optional<uint64_t> damaged_at;
};

// Of the log of that name. One that is no file or cannot be opened is as none: SQLite will say so. Throws Failure
// DM_UNAVAILABLE when it cannot be read.
WalState look_at_wal(const std::string& path);

}  // namespace dormouse::search
