#include "search/ids.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace dormouse::search {
namespace {

uint64_t mix(uint64_t x) {
  x ^= x >> 32;
  x *= 0xD6E8FEB86659FD93u;
  x ^= x >> 32;
  return x;
}

uint64_t hash(const Id& id) {
  return id.is_text ? mix(std::hash<std::string_view>()(id.text)) : mix(static_cast<uint64_t>(id.number));
}

}  // namespace

void IdTable::reserve(size_t rows) {
  size_t places = std::max<size_t>(table_.size(), 16);
  while (places < 2 * rows) places *= 2;
  // Twice as much as asked for, so that rows one by one are cheap as well.
  if (text_) {
    if (texts_.capacity() < rows) texts_.reserve(std::max(rows, 2 * texts_.capacity()));
  } else if (numbers_.capacity() < rows) {
    numbers_.reserve(std::max(rows, 2 * numbers_.capacity()));
  }
  if (places == table_.size()) return;
  std::vector<uint32_t> table(places);
  table.swap(table_);
  for (uint32_t row = 0; row < size(); ++row) table_[place_of_row(row)] = row + 1;
}

void IdTable::append(Id id) {
  reserve(size() + 1);
  const auto row = static_cast<uint32_t>(size());
  const size_t at = place(id);
  if (text_) {
    texts_.push_back(std::move(id.text));
  } else {
    numbers_.push_back(id.number);
  }
  table_[at] = row + 1;
}

std::optional<uint32_t> IdTable::find(const Id& id) const {
  if (table_.empty() || id.is_text != text_) return std::nullopt;
  const uint32_t entry = table_[place(id)];
  if (entry == 0) return std::nullopt;
  return entry - 1;
}

Id IdTable::at(uint32_t row) const {
  return text_ ? Id{true, 0, texts_[row]} : Id{false, numbers_[row], {}};
}

size_t IdTable::place(const Id& id) const {
  const size_t mask = table_.size() - 1;
  size_t at = hash(id) & mask;
  while (table_[at] != 0 && !same(table_[at] - 1, id)) at = (at + 1) & mask;
  return at;
}

size_t IdTable::place_of_row(uint32_t row) const {
  return place(at(row));
}

}  // namespace dormouse::search
