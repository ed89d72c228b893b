// The names of vectors: int64 or strings, one kind in a collection, and the way from a name to its row.
// Not thread-safe: append excludes everything else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dormouse::search {

struct Id {
  bool is_text = false;
  int64_t number = 0;
  std::string text;
  std::string to_string() const { return is_text ? "'" + text + "'" : std::to_string(number); }
  friend bool operator==(const Id&, const Id&) = default;
};

// Rows are numbered in the order of append. A name may be appended again: then it means the later row.
class IdTable {
 public:
  explicit IdTable(bool text) : text_(text) {}
  bool is_text() const { return text_; }
  size_t size() const { return text_ ? texts_.size() : numbers_.size(); }

  // Room for `rows` in all. Throws std::bad_alloc; after it, append of numbers and of moved texts does not.
  void reserve(size_t rows);
  void append(Id id);
  std::optional<uint32_t> find(const Id& id) const;
  Id at(uint32_t row) const;

  // For snapshots.
  const std::vector<int64_t>& numbers() const { return numbers_; }
  const std::vector<std::string>& texts() const { return texts_; }

 private:
  size_t place(const Id& id) const;  // where it stands in table_, or the empty place where it would
  size_t place_of_row(uint32_t row) const;
  bool same(uint32_t row, const Id& id) const { return text_ ? texts_[row] == id.text : numbers_[row] == id.number; }

  bool text_;
  std::vector<int64_t> numbers_;
  std::vector<std::string> texts_;
  std::vector<uint32_t> table_;  // open addressing, a power of two, at most half full; row + 1, 0 is empty
};

}  // namespace dormouse::search
