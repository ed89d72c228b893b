// A file from which a collection is in memory again quickly: sections of bytes, each with its checksum. It replaces the
// one before it at once or not at all. Never the truth: whoever cannot read it takes the store instead.
// What goes into it, collection.cc and the indexes decide.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "vector_rows.h"

namespace dormouse::search {

// The file is not what it should be. what() is the rest of a sentence: "ends in the middle of 'vectors'".
class SnapshotDamaged : public std::runtime_error {
 public:
  using runtime_error::runtime_error;
};

// A descriptor that is closed with its owner.
class FileHandle {
 public:
  explicit FileHandle(int fd) : fd_(fd) {}
  ~FileHandle();
  FileHandle(const FileHandle&) = delete;
  FileHandle& operator=(const FileHandle&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

class SnapshotWriter {
 public:
  // Writes beside `path`; the file there stays as it is until finish. Errors: Failure, as of all functions here.
  explicit SnapshotWriter(std::string path);
  ~SnapshotWriter();  // without finish: nothing has happened

  void begin(std::string_view name, uint64_t bytes);
  void write(const void* data, size_t size);
  void end();

  template <class T>
  void section(std::string_view name, const std::vector<T>& values) {
    begin(name, values.size() * sizeof(T));
    write(values.data(), values.size() * sizeof(T));
    end();
  }
  void section(std::string_view name, const VectorRows& rows);

  // Waits for the disk and puts the file in its place. How large it is.
  uint64_t finish();

 private:
  void flush();
  [[noreturn]] void fail(const char* doing);

  std::string path_;
  std::string unfinished_;
  FileHandle file_;
  std::vector<char> buffer_;
  uint64_t written_ = 0;
  uint64_t left_ = 0;  // bytes the open section still wants
  uint32_t checksum_ = 0;
  bool finished_ = false;
};

class SnapshotReader {
 public:
  // Throws SnapshotDamaged, as all functions here do; when there is none, exists() says so before.
  explicit SnapshotReader(const std::string& path);
  static bool exists(const std::string& path);

  // The next section must have this name. Its size, which is never more than the file has left.
  uint64_t begin(std::string_view name);
  void read(void* data, size_t size);
  void end();

  template <class T>
  std::vector<T> section(std::string_view name) {
    const uint64_t bytes = begin(name);
    if (bytes % sizeof(T) != 0) throw SnapshotDamaged("has a section of a wrong size");
    std::vector<T> values(bytes / sizeof(T));
    read(values.data(), bytes);
    end();
    return values;
  }
  // Appends `count` vectors.
  void section(std::string_view name, VectorRows& rows, size_t count);

 private:
  FileHandle file_;
  uint64_t file_left_ = 0;
  uint64_t left_ = 0;
  uint32_t checksum_ = 0;
  std::string name_;
};

}  // namespace dormouse::search
