// Training text line by line, from a plain file or one compressed with zstd, whichever its first bytes say.
// Not a parser: rows.h reads tables, other formats read their lines here. Blocking; one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dormouse/plugin.hpp"

namespace dormouse::nlu {

// A line longer than this is refused: it is a file of another kind.
inline constexpr size_t kLineBytesMax = size_t{1} << 20;

// A line that a training does not take: "FILE:LINE: why", DM_INVALID_ARGUMENT.
class RefusedLine : public Failure {
 public:
  RefusedLine(const std::string& place, const std::string& why)
      : Failure(DM_INVALID_ARGUMENT, place + ": " + why), place(place), why(why) {}
  std::string place, why;  // place: "FILE:LINE"
};

// Refused lines that a training was asked to leave out: how many, and the first of them. One thread at a time.
class SkippedLines {
 public:
  static constexpr size_t kToldMax = 10;
  struct Line {
    std::string place, why;
  };
  void add(const RefusedLine& line);
  uint64_t count() const { return count_; }
  const std::vector<Line>& first() const { return first_; }
  // Throws Failure DM_INVALID_ARGUMENT when lines were left out and no row was taken: then it is another kind of file.
  void check_rows_left(uint64_t rows) const;

 private:
  uint64_t count_ = 0;
  std::vector<Line> first_;
};

class Lines {
 public:
  // Throws Failure: DM_NOT_FOUND, DM_UNAVAILABLE, DM_INVALID_ARGUMENT (no regular file).
  explicit Lines(const std::string& path);
  ~Lines();
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;

  // The next line without its end ("\n" or "\r\n"), nothing after the last. The view is valid until the next call.
  // Throws Failure: DM_INVALID_ARGUMENT (too long a line, with "FILE:LINE: ..."), DM_DATA_LOSS (a damaged archive).
  std::optional<std::string_view> next();
  // Refuses the line that next() gave last: throws RefusedLine.
  [[noreturn]] void refuse(const std::string& what) const;

  const std::string& path() const { return path_; }
  uint64_t number() const { return number_; }  // of the line that next() gave last, from 1
  // Bytes of the file that were read so far, and all of them; for progress.
  uint64_t bytes_done() const;
  uint64_t bytes_total() const;

 private:
  class Bytes;
  std::string_view take(size_t end, size_t next);
  bool more();

  const std::string path_;
  std::unique_ptr<Bytes> bytes_;
  std::string buffer_;
  size_t begin_ = 0, seen_ = 0;
  uint64_t number_ = 0;
};

// Text for a message about damaged text: what is no printable ASCII becomes '?', and it is cut at 40 bytes.
std::string printable(std::string_view text);

}  // namespace dormouse::nlu
