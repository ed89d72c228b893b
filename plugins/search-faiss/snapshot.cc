#include "snapshot.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "dormouse/value.hpp"
#include "search/checksum.h"

namespace dormouse::search {
namespace {

constexpr char kMagic[16] = "DORMOUSE-FAISS1";
constexpr size_t kBuffer = size_t{256} << 10;

// Before the bytes of a section; its checksum follows them, over both.
struct SectionHead {
  char name[16];
  uint64_t bytes;
};

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

SectionHead head_of(std::string_view name, uint64_t bytes) {
  SectionHead head{};
  std::memcpy(head.name, name.data(), std::min(name.size(), sizeof head.name));
  head.bytes = bytes;
  return head;
}

}  // namespace

FileHandle::~FileHandle() {
  if (fd_ >= 0) ::close(fd_);
}

SnapshotWriter::SnapshotWriter(std::string path)
    : path_(std::move(path)),
      unfinished_(path_ + ".new"),
      file_(::open(unfinished_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)) {
  if (file_.get() < 0) fail("making it");
  buffer_.reserve(kBuffer);
  buffer_.insert(buffer_.end(), kMagic, kMagic + sizeof kMagic);
}

SnapshotWriter::~SnapshotWriter() {
  if (!finished_) ::unlink(unfinished_.c_str());
}

void SnapshotWriter::fail(const char* doing) {
  const int error = errno;
  throw Failure(error == ENOSPC || error == EDQUOT ? DM_RESOURCE_EXHAUSTED : DM_UNAVAILABLE,
                "snapshot '" + path_ + "': " + doing + " failed: " + std::strerror(error) +
                    "; what was added is safe in the store, only loading will take longer");
}

void SnapshotWriter::flush() {
  for (size_t done = 0; done < buffer_.size();) {
    const ssize_t wrote = ::write(file_.get(), buffer_.data() + done, buffer_.size() - done);
    if (wrote < 0 && errno != EINTR) fail("writing");
    if (wrote > 0) done += static_cast<size_t>(wrote);
  }
  written_ += buffer_.size();
  buffer_.clear();
}

void SnapshotWriter::begin(std::string_view name, uint64_t bytes) {
  const SectionHead head = head_of(name, bytes);
  checksum_ = 0;
  left_ = sizeof head + bytes;
  write(&head, sizeof head);
}

void SnapshotWriter::write(const void* data, size_t size) {
  if (size > left_) throw Failure(DM_INTERNAL, "a section of a snapshot grew while it was written");
  left_ -= size;
  checksum_ = crc32c(checksum_, data, size);
  for (const auto* bytes = static_cast<const char*>(data); size > 0;) {
    const size_t part = std::min(size, kBuffer - buffer_.size());
    buffer_.insert(buffer_.end(), bytes, bytes + part);
    bytes += part, size -= part;
    if (buffer_.size() >= kBuffer) flush();
  }
}

void SnapshotWriter::end() {
  if (left_ != 0) throw Failure(DM_INTERNAL, "a section of a snapshot shrank while it was written");
  const uint32_t checksum = checksum_;
  left_ = sizeof checksum;
  write(&checksum, sizeof checksum);
}

void SnapshotWriter::section(std::string_view name, const VectorRows& rows) {
  const size_t bytes = rows.dimension() * sizeof(float);
  begin(name, rows.size() * bytes);
  for (size_t i = 0; i < rows.size(); ++i) write(rows.row(i), bytes);
  end();
}

uint64_t SnapshotWriter::finish() {
  begin("end", 0);
  end();
  flush();
  if (::fsync(file_.get()) != 0) fail("waiting for the disk");
  if (::rename(unfinished_.c_str(), path_.c_str()) != 0) fail("putting it in place");
  finished_ = true;
  const FileHandle folder(::open(folder_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) fail("waiting for the disk");
  return written_;
}

bool SnapshotReader::exists(const std::string& path) {
  struct stat facts {};
  return ::lstat(path.c_str(), &facts) == 0;
}

SnapshotReader::SnapshotReader(const std::string& path)
    : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)) {
  struct stat facts {};
  if (file_.get() < 0 || ::fstat(file_.get(), &facts) != 0) {
    throw SnapshotDamaged(std::string("cannot be read: ") + std::strerror(errno));
  }
  if (!S_ISREG(facts.st_mode)) throw SnapshotDamaged("is no file");
  file_left_ = static_cast<uint64_t>(facts.st_size);
  char magic[sizeof kMagic];
  name_ = "its beginning";
  left_ = sizeof magic;
  read(magic, sizeof magic);
  if (std::memcmp(magic, kMagic, sizeof magic) != 0) throw SnapshotDamaged("is no snapshot, or one of another version");
}

uint64_t SnapshotReader::begin(std::string_view name) {
  SectionHead head;
  name_ = name;
  checksum_ = 0;
  left_ = sizeof head;
  read(&head, sizeof head);
  const SectionHead wanted = head_of(name, 0);
  if (std::memcmp(head.name, wanted.name, sizeof head.name) != 0)
    throw SnapshotDamaged("has something else where '" + name_ + "' should be");
  if (head.bytes > file_left_) throw SnapshotDamaged("ends in the middle of '" + name_ + "'");
  left_ = head.bytes;
  return head.bytes;
}

void SnapshotReader::read(void* data, size_t size) {
  if (size > left_) throw SnapshotDamaged("has too little in '" + name_ + "'");
  if (size > file_left_) throw SnapshotDamaged("ends in the middle of '" + name_ + "'");
  for (size_t done = 0; done < size;) {
    const ssize_t got = ::read(file_.get(), static_cast<char*>(data) + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw SnapshotDamaged("cannot be read to its end");
    done += static_cast<size_t>(got);
  }
  left_ -= size;
  file_left_ -= size;
  checksum_ = crc32c(checksum_, data, size);
}

void SnapshotReader::end() {
  if (left_ != 0) throw SnapshotDamaged("has too much in '" + name_ + "'");
  const uint32_t wanted = checksum_;
  uint32_t found = 0;
  left_ = sizeof found;
  read(&found, sizeof found);
  if (found != wanted) throw SnapshotDamaged("has a wrong checksum in '" + name_ + "'");
}

void SnapshotReader::section(std::string_view name, VectorRows& rows, size_t count) {
  const size_t bytes = rows.dimension() * sizeof(float);
  if (begin(name) / bytes != count || left_ % bytes != 0) throw SnapshotDamaged("has another number of vectors");
  rows.reserve(rows.size() + count);
  if (rows.stride() == rows.dimension()) {
    // Without padding whole blocks are read at once.
    while (count > 0) {
      float* first = rows.append_row();
      const size_t run = rows.run(rows.size() - 1, count);
      for (size_t i = 1; i < run; ++i) rows.append_row();
      read(first, run * bytes);
      count -= run;
    }
  } else {
    for (; count > 0; --count) read(rows.append_row(), bytes);
  }
  end();
  // No add lets such a vector in, and walks and heaps rely on it.
  for (size_t i = 0; i < rows.size(); ++i)
    if (!is_finite(rows.row(i), rows.dimension())) throw SnapshotDamaged("has a vector that is not finite");
}

}  // namespace dormouse::search
