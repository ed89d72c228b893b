#include "search/wal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "dormouse/value.hpp"

namespace dormouse::search {
namespace {

constexpr size_t kHeaderBytes = 32, kFrameHeaderBytes = 24;
constexpr size_t kPageBytesMin = 512, kPageBytesMax = 65'536;
constexpr uint32_t kMagic = 0x377f0682;  // the lowest bit: checksums are of big-endian words

uint32_t big_endian(const unsigned char* at) {
  return uint32_t{at[0]} << 24 | uint32_t{at[1]} << 16 | uint32_t{at[2]} << 8 | at[3];
}

uint32_t little_endian(const unsigned char* at) {
  return uint32_t{at[3]} << 24 | uint32_t{at[2]} << 16 | uint32_t{at[1]} << 8 | at[0];
}

// SQLite's running checksum of pairs of words. It can be run backwards as well.
struct Checksum {
  uint32_t a = 0, b = 0;

  static Checksum stored(const unsigned char* at) { return {big_endian(at), big_endian(at + 4)}; }
  void add(const unsigned char* data, size_t size, bool big) {
    for (const unsigned char* at = data; at < data + size; at += 8) {
      a += word(at, big) + b;
      b += word(at + 4, big) + a;
    }
  }
  void take_back(const unsigned char* data, size_t size, bool big) {
    for (const unsigned char* at = data + size; at > data; at -= 8) {
      b -= word(at - 4, big) + a;
      a -= word(at - 8, big) + b;
    }
  }
  static uint32_t word(const unsigned char* at, bool big) { return big ? big_endian(at) : little_endian(at); }
  bool operator==(const Checksum&) const = default;
};

class File {
 public:
  explicit File(const std::string& path) : path_(path), fd_(::open(path.c_str(), kFlags)) {
    struct stat facts {};
    if (fd_ >= 0 && ::fstat(fd_, &facts) == 0 && S_ISREG(facts.st_mode)) size_ = static_cast<uint64_t>(facts.st_size);
  }
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  uint64_t size() const { return size_; }
  // `size` bytes that are there.
  void read(uint64_t at, unsigned char* into, size_t size) const {
    while (size > 0) {
      const ssize_t got = ::pread(fd_, into, size, static_cast<off_t>(at));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) {
        throw Failure(DM_UNAVAILABLE,
                      "log '" + path_ + "' cannot be read: " + (got < 0 ? std::strerror(errno) : "it became shorter"));
      }
      at += static_cast<uint64_t>(got);
      into += got;
      size -= static_cast<size_t>(got);
    }
  }

 private:
  static constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  const std::string& path_;
  int fd_;
  uint64_t size_ = 0;
};

// One frame: page number, pages of the database after a commit (else 0), two salts, the checksum so far; then the page.
class Frame {
 public:
  explicit Frame(size_t page_bytes) : bytes_(kFrameHeaderBytes + page_bytes) {}
  size_t size() const { return bytes_.size(); }
  void read(const File& file, uint64_t at) { file.read(at, bytes_.data(), bytes_.size()); }
  bool commits() const { return big_endian(bytes_.data() + 4) != 0; }
  bool has_salts(const unsigned char* salts) const { return std::memcmp(bytes_.data() + 8, salts, 8) == 0; }
  Checksum stored() const { return Checksum::stored(bytes_.data() + 16); }
  Checksum computed(Checksum before, bool big) const {
    before.add(bytes_.data(), 8, big);
    before.add(bytes_.data() + kFrameHeaderBytes, bytes_.size() - kFrameHeaderBytes, big);
    return before;
  }
  // Whether the checksum is that of the frame but for the field that says whether it commits.
  bool has_wrong_mark(Checksum before, bool big) const {
    Checksum after = stored();
    after.take_back(bytes_.data() + kFrameHeaderBytes, bytes_.size() - kFrameHeaderBytes, big);
    return after.a == before.a + Checksum::word(bytes_.data(), big) + before.b;
  }

 private:
  std::vector<unsigned char> bytes_;
};

// Whether there are two commits of the first frame's time, whatever size its pages have: the header says nothing true.
bool has_two_commits(const File& file) {
  for (size_t page_bytes = kPageBytesMin; page_bytes <= kPageBytesMax; page_bytes *= 2) {
    const size_t frame_bytes = kFrameHeaderBytes + page_bytes;
    std::array<unsigned char, 8> salts{};
    int commits = 0;
    for (uint64_t at = kHeaderBytes; at + frame_bytes <= file.size(); at += frame_bytes) {
      std::array<unsigned char, kFrameHeaderBytes> header{};
      file.read(at, header.data(), header.size());
      if (at == kHeaderBytes) std::copy_n(header.begin() + 8, 8, salts.begin());
      if (!std::equal(salts.begin(), salts.end(), header.begin() + 8)) continue;
      if (big_endian(header.data() + 4) != 0 && ++commits == 2) return true;
    }
  }
  return false;
}

}  // namespace

WalState look_at_wal(const std::string& path) {
  const File file(path);
  WalState state;
  state.bytes = file.size();
  if (file.size() < kHeaderBytes) return state;
  std::array<unsigned char, kHeaderBytes> header{};
  file.read(0, header.data(), header.size());
  const bool big = (header[3] & 1) != 0;
  const size_t page_bytes = big_endian(header.data() + 8);
  Checksum chain;
  chain.add(header.data(), 24, big);
  if ((big_endian(header.data()) & ~1u) != kMagic || page_bytes < kPageBytesMin || page_bytes > kPageBytesMax ||
      (page_bytes & (page_bytes - 1)) != 0 || chain != Checksum::stored(header.data() + 24)) {
    if (has_two_commits(file)) state.damaged_at = 0;
    return state;
  }

  const unsigned char* salts = header.data() + 16;
  Frame frame(page_bytes);
  uint64_t at = kHeaderBytes;
  for (; at + frame.size() <= file.size(); at += frame.size()) {
    frame.read(file, at);
    const Checksum computed = frame.computed(chain, big);
    if (computed != frame.stored() || !frame.has_salts(salts)) break;
    chain = computed;
    if (frame.commits()) ++state.transactions;
  }
  if (at + frame.size() > file.size()) return state;

  // Salts enter no checksum but by the header, so a frame of another time does not fit this one's.
  const uint64_t bad = at;
  Checksum computed = frame.computed(chain, big);
  if (computed == frame.stored() || frame.has_wrong_mark(chain, big)) {
    state.damaged_at = bad;
    return state;
  }
  // Frames whose checksums follow from each other were written one after the other. A transaction that was cut short
  // has one commit at most, and what is left of several such, each shorter than the one before, does not hang together.
  int commits = 0;
  bool hangs = false;  // with the frame before, so far one of this time
  Checksum stored;
  for (; at + frame.size() <= file.size(); at += frame.size()) {
    frame.read(file, at);
    if (!frame.has_salts(salts)) {
      hangs = false;
      continue;
    }
    // Of the damaged frame either the contents or the checksum may be right.
    const bool follows = hangs && (frame.computed(stored, big) == frame.stored() ||
                                   (at == bad + frame.size() && frame.computed(computed, big) == frame.stored()));
    if (!follows) commits = 0;
    if (frame.commits() && ++commits == 2) {
      state.damaged_at = bad;
      return state;
    }
    hangs = true;
    stored = frame.stored();
  }
  return state;
}

}  // namespace dormouse::search
