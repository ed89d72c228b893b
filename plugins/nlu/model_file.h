// A trained model in its file: named sections behind a header, each with its checksum, mapped read-only.
// Not what the sections mean: that is the plugin's, which must not trust their content beyond what is checked here.
// Immutable once open; any thread may read it. Whatever stands in the file, reading through it stays inside the
// mapping.
//
// Layout, little-endian: Header | Section[section_count] | sections, each at a multiple of 64
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "nlu/mapped_file.h"

namespace dormouse::nlu {

inline constexpr size_t kSectionAlignment = 64;
inline constexpr size_t kSectionNameMax = 15;  // bytes
inline constexpr uint32_t kSectionsMax = 64;
inline constexpr uint64_t kModelBytesMax = uint64_t{1} << 31;

// Which files a plugin takes for its own.
struct ModelFormat {
  char magic[8];          // "DMINTENT"
  uint32_t version;       // a file of another one is refused, with the remedy
  std::string_view what;  // for messages: "intent model"
};

class ModelFile {
 public:
  // Maps the file and checks header, section table and checksums. Throws Failure: DM_NOT_FOUND, DM_DATA_LOSS (with what
  // is wrong), DM_FAILED_PRECONDITION (another version of the format), DM_UNAVAILABLE (the system refuses).
  static ModelFile open(const std::string& path, const ModelFormat& format);
  // The same checks on bytes that the caller keeps, on a boundary of 8 at least: for tests and trainings.
  static ModelFile view(std::span<const std::byte> bytes, std::string name, const ModelFormat& format);

  // The bytes of a section. Throws Failure DM_DATA_LOSS when there is none of that name.
  std::span<const std::byte> section(std::string_view name) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }
  // A section as elements of T. Throws Failure DM_DATA_LOSS when its size is no multiple of theirs.
  template <class T>
  std::span<const T> array(std::string_view name) const {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= 8);
    const std::span<const std::byte> bytes = section(name);
    if (bytes.size() % sizeof(T) != 0) damaged("section '" + std::string(name) + "' has an impossible size");
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
  // A section that is exactly one T.
  template <class T>
  const T& record(std::string_view name) const {
    const std::span<const T> items = array<T>(name);
    if (items.size() != 1) damaged("section '" + std::string(name) + "' has an impossible size");
    return items[0];
  }

  // Throws Failure DM_DATA_LOSS "model NAME: what; train it again".
  [[noreturn]] void damaged(const std::string& what) const { damaged_model(name_, what); }
  const std::string& name() const { return name_; }
  size_t size() const { return bytes_.size(); }
  // Tells models apart: 16 hexadecimal digits, the same for the same content.
  std::string stamp() const;

 private:
  struct Section;
  friend class ModelFileWriter;
  friend void seal_model_file(std::span<std::byte> bytes);
  void check(const ModelFormat& format);
  const Section* find(std::string_view name) const;

  MappedFile file_;  // where bytes_ lie, unless the caller keeps them
  std::span<const std::byte> bytes_;
  std::string name_;
  std::span<const Section> sections_;
};

// Puts sections together. Same sections, same bytes.
class ModelFileWriter {
 public:
  explicit ModelFileWriter(const ModelFormat& format) : format_(format) {}

  // Names are of at most kSectionNameMax bytes and come once.
  void add(std::string_view name, std::span<const std::byte> bytes);
  template <class T>
  void add_array(std::string_view name, const std::vector<T>& items) {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= 8);
    add(name, std::as_bytes(std::span(items)));
  }
  template <class T>
  void add_record(std::string_view name, const T& item) {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= 8);
    add(name, std::as_bytes(std::span(&item, 1)));
  }
  // The bytes of the file, for write_file_atomically.
  std::vector<std::byte> finish() const;

 private:
  const ModelFormat format_;
  std::vector<std::pair<std::string, std::vector<std::byte>>> sections_;
};

// Makes the checksums of an image fit its content where its section table allows that; finish() has done so. For tests
// that damage what lies behind them.
void seal_model_file(std::span<std::byte> bytes);

}  // namespace dormouse::nlu
