#include "nlu/lines.h"

#include <sys/stat.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "dormouse/plugin.hpp"

namespace dormouse::nlu {
namespace {

constexpr size_t kChunk = size_t{1} << 17;

// 2^27: what `zstd --long` makes, and the most a decoder takes without being asked to.
constexpr int kWindowLogMax = 27;

[[noreturn]] void damaged(const std::string& path, const std::string& what) {
  throw Failure(DM_DATA_LOSS, path + ": " + what);
}

}  // namespace

// The bytes of a file, decompressed when it is an archive.
class Lines::Bytes {
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

Lines::Lines(const std::string& path) : path_(path), bytes_(std::make_unique<Bytes>(path)) {}

Lines::~Lines() = default;

std::optional<std::string_view> Lines::next() {
  ++number_;
  for (;;) {
    const size_t end = buffer_.find('\n', seen_);
    if (end != std::string::npos) return take(end, end + 1);
    seen_ = buffer_.size();
    if (buffer_.size() - begin_ > kLineBytesMax) refuse("longer than 1 MiB; needed one row a line");
    if (!more()) return begin_ < buffer_.size() ? std::optional(take(buffer_.size(), buffer_.size())) : std::nullopt;
  }
}

void Lines::refuse(const std::string& what) const {
  throw RefusedLine(path_ + ":" + std::to_string(number_), what);
}

void SkippedLines::add(const RefusedLine& line) {
  ++count_;
  if (first_.size() < kToldMax) first_.push_back({line.place, line.why});
}

void SkippedLines::check_rows_left(uint64_t rows) const {
  if (rows > 0 || count_ == 0) return;
  throw Failure(DM_INVALID_ARGUMENT, "the training data: all " + std::to_string(count_) +
                                         " rows were refused, the first of them " + first_[0].place + ": " +
                                         first_[0].why);
}

uint64_t Lines::bytes_done() const {
  return bytes_->done();
}

uint64_t Lines::bytes_total() const {
  return bytes_->total();
}

std::string_view Lines::take(size_t end, size_t next) {
  std::string_view line(buffer_.data() + begin_, end - begin_);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  begin_ = seen_ = next;
  return line;
}

bool Lines::more() {
  buffer_.erase(0, begin_);
  seen_ -= begin_;
  begin_ = 0;
  const size_t before = buffer_.size();
  buffer_.resize(before + kChunk);
  const size_t n = bytes_->read(buffer_.data() + before, kChunk);
  buffer_.resize(before + n);
  return n > 0;
}

std::string printable(std::string_view text) {
  std::string out(text.substr(0, 40));
  for (char& c : out) {
    if (c < ' ' || c > '~') c = '?';
  }
  return out;
}

}  // namespace dormouse::nlu
