#include "corpus.h"

#include <sys/stat.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "dormouse/plugin.hpp"
#include "unicode/characters.h"

namespace dormouse::language {
namespace {

// 2^27: what `zstd --long` makes, and the most a decoder takes without being asked to.
constexpr int kWindowLogMax = 27;

[[noreturn]] void damaged(const std::string& path, const std::string& what) {
  throw Failure(DM_DATA_LOSS, path + ": " + what);
}

// The bytes of a file, decompressed when it is an archive.
class Bytes {
 public:
  explicit Bytes(const std::string& path) : path_(path), file_(std::fopen(path.c_str(), "rbe")) {
    if (!file_) {
      throw Failure(errno == ENOENT ? DM_NOT_FOUND : DM_UNAVAILABLE, path + ": " + std::strerror(errno));
    }
    struct stat facts {};
    if (::fstat(::fileno(file_.get()), &facts) != 0 || !S_ISREG(facts.st_mode)) {
      throw Failure(DM_INVALID_ARGUMENT, path + ": needed a file of training rows, found something else");
    }
    total_ = static_cast<uint64_t>(facts.st_size);
    input_.resize(ZSTD_DStreamInSize());
    refill();
    static constexpr unsigned char kMagic[4] = {0x28, 0xB5, 0x2F, 0xFD};
    if (available_ >= 4 && std::memcmp(input_.data(), kMagic, 4) == 0) start_decoder();
  }

  // Up to `size` bytes into `to`; 0 at the end.
  size_t read(char* to, size_t size) { return decoder_ ? read_archive(to, size) : read_plain(to, size); }
  uint64_t done() const { return done_; }
  uint64_t total() const { return total_; }

 private:
  struct Close {
    void operator()(std::FILE* f) const { std::fclose(f); }
    void operator()(ZSTD_DStream* d) const { ZSTD_freeDStream(d); }
  };

  void start_decoder() {
    decoder_.reset(ZSTD_createDStream());
    if (!decoder_) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(decoder_.get(), ZSTD_d_windowLogMax, kWindowLogMax);
  }
  void refill() {
    available_ = std::fread(input_.data(), 1, input_.size(), file_.get());
    if (available_ == 0 && std::ferror(file_.get())) damaged(path_, "the file cannot be read");
    at_ = 0;
    done_ += available_;
  }
  size_t read_plain(char* to, size_t size) {
    if (at_ == available_) refill();
    const size_t n = std::min(size, available_ - at_);
    std::memcpy(to, input_.data() + at_, n);
    at_ += n;
    return n;
  }
  size_t read_archive(char* to, size_t size) {
    ZSTD_outBuffer out{to, size, 0};
    while (out.pos == 0) {
      if (at_ == available_) refill();
      if (available_ == 0) {
        if (inside_frame_) damaged(path_, "the archive is truncated");
        return 0;
      }
      ZSTD_inBuffer in{input_.data(), available_, at_};
      const size_t left = ZSTD_decompressStream(decoder_.get(), &out, &in);
      if (ZSTD_isError(left)) damaged(path_, std::string("the archive is damaged: ") + ZSTD_getErrorName(left));
      inside_frame_ = left != 0;
      at_ = in.pos;
    }
    return out.pos;
  }

  const std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
  std::unique_ptr<ZSTD_DStream, Close> decoder_;
  std::vector<char> input_;
  size_t at_ = 0, available_ = 0;
  bool inside_frame_ = false;
  uint64_t done_ = 0, total_ = 0;
};

// Lines without their ends.
class Lines {
 public:
  Lines(Bytes* bytes, const std::string& path) : bytes_(bytes), path_(path) {}

  std::optional<std::string_view> next() {
    ++number_;
    for (;;) {
      const size_t end = buffer_.find('\n', seen_);
      if (end != std::string::npos) return take(end, end + 1);
      seen_ = buffer_.size();
      if (buffer_.size() - begin_ > kLineBytesMax) {
        throw Failure(DM_INVALID_ARGUMENT,
                      path_ + ":" + std::to_string(number_) + ": longer than 1 MiB; needed one row a line");
      }
      if (!more()) return begin_ < buffer_.size() ? std::optional(take(buffer_.size(), buffer_.size())) : std::nullopt;
    }
  }
  uint64_t number() const { return number_; }

 private:
  std::string_view take(size_t end, size_t next) {
    std::string_view line(buffer_.data() + begin_, end - begin_);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    begin_ = seen_ = next;
    return line;
  }
  bool more() {
    buffer_.erase(0, begin_);
    seen_ -= begin_;
    begin_ = 0;
    const size_t before = buffer_.size();
    buffer_.resize(before + kChunk);
    const size_t n = bytes_->read(buffer_.data() + before, kChunk);
    buffer_.resize(before + n);
    return n > 0;
  }

  static constexpr size_t kChunk = size_t{1} << 17;
  Bytes* bytes_;
  const std::string& path_;
  std::string buffer_;
  size_t begin_ = 0, seen_ = 0;
  uint64_t number_ = 0;
};

// Where the columns stand.
struct Columns {
  int lang = -1, text = -1, id = -1, weight = -1;
};

template <class Visit>
void each_column(std::string_view line, Visit visit) {
  for (int i = 0;; ++i) {
    const size_t tab = line.find('\t');
    visit(i, line.substr(0, tab));
    if (tab == std::string_view::npos) return;
    line.remove_prefix(tab + 1);
  }
}

// A damaged label must not damage the message about it.
std::string printable(std::string_view text) {
  std::string out(text.substr(0, 40));
  for (char& c : out) {
    if (c < ' ' || c > '~') c = '?';
  }
  return out;
}

Columns read_header(std::string_view line, const std::string& path) {
  Columns columns;
  each_column(line, [&](int i, std::string_view name) {
    if (name == "lang") columns.lang = i;
    if (name == "text") columns.text = i;
    if (name == "id") columns.id = i;
    if (name == "weight") columns.weight = i;
  });
  if (columns.lang < 0 || columns.text < 0) {
    throw Failure(DM_INVALID_ARGUMENT,
                  path + ":1: needed a line of column names with 'lang' and 'text', found '" + printable(line) + "'");
  }
  return columns;
}

bool valid_label(std::string_view label) {
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  if (label.size() != 3 && label.size() != 8) return false;
  if (!std::all_of(label.begin(), label.begin() + 3, lower)) return false;
  return label.size() == 3 ||
         (label[3] == '_' && label[4] >= 'A' && label[4] <= 'Z' && std::all_of(label.begin() + 5, label.end(), lower));
}

Row read_row(std::string_view line, const Columns& columns, const std::string& path, uint64_t number) {
  const auto refuse = [&](const std::string& what) {
    throw Failure(DM_INVALID_ARGUMENT, path + ":" + std::to_string(number) + ": " + what);
  };
  Row row;
  bool has_text = false, good_weight = true;
  each_column(line, [&](int i, std::string_view field) {
    if (i == columns.lang) row.label = field;
    if (i == columns.text) {
      row.text = field;
      has_text = true;
    }
    if (i == columns.id) row.id = field;
    if (i == columns.weight) {
      const auto [end, problem] = std::from_chars(field.data(), field.data() + field.size(), row.weight);
      good_weight = problem == std::errc() && end == field.data() + field.size() && std::isfinite(row.weight) &&
                    row.weight > 0 && row.weight <= 1e6;
    }
  });
  if (!has_text) refuse("column 'text' is missing");
  if (!valid_label(row.label)) {
    refuse("needed an ISO 639-3 code like 'deu' or 'deu_Latn' in column 'lang', found '" + printable(row.label) + "'");
  }
  if (!good_weight) refuse("column 'weight' needs a number above 0 and up to 1000000");
  if (!dm_utf8_valid(reinterpret_cast<const unsigned char*>(row.text.data()), row.text.size())) {
    refuse("column 'text' is not UTF-8");
  }
  if (row.text.find_first_not_of(" \r\v\f") == std::string_view::npos) refuse("column 'text' is empty");
  return row;
}

}  // namespace

void read_rows(const std::string& path, const std::function<void(const Row&)>& on_row,
               const std::function<void(uint64_t, uint64_t)>& on_bytes) {
  constexpr uint64_t kRowsBetweenReports = 1024;
  Bytes bytes(path);
  Lines lines(&bytes, path);
  const auto header = lines.next();
  if (!header) throw Failure(DM_INVALID_ARGUMENT, path + ": the file is empty; needed a line of column names");
  const Columns columns = read_header(*header, path);
  while (const auto line = lines.next()) {
    on_row(read_row(*line, columns, path, lines.number()));
    if (lines.number() % kRowsBetweenReports == 0) on_bytes(bytes.done(), bytes.total());
  }
  on_bytes(bytes.total(), bytes.total());
}

}  // namespace dormouse::language
