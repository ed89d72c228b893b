// Training text line by line, from a plain file or one compressed with zstd, whichever its first bytes say.
// Not a parser: rows.h reads tables, other formats read their lines here. Blocking; one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace dormouse::nlu {

// A line longer than this is refused: it is a file of another kind.
inline constexpr size_t kLineBytesMax = size_t{1} << 20;

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
  // Refuses the line that next() gave last: throws Failure DM_INVALID_ARGUMENT "FILE:LINE: what".
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
