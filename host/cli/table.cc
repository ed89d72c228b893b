#include "cli/table.h"

#include <algorithm>
#include <cstdio>

#include "base/units.h"

namespace dormouse {
namespace {

// Code points: wide and combining ones are rare enough in names.
size_t columns(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

void Table::add(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = printable(cell);
  cells.resize(rows_.front().size());
  rows_.push_back(std::move(cells));
}

std::string Table::to_string() const {
  std::vector<size_t> widths(rows_.front().size());
  for (const auto& row : rows_)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns(row[i]));
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) line += row[i] + std::string(widths[i] - columns(row[i]) + 2, ' ');
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string printable(std::string_view text) {
  std::string shown(text);
  for (char& c : shown)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  return shown;
}

std::string show_bytes(int64_t bytes) {
  if (bytes < 0) return "-" + format_bytes(static_cast<uint64_t>(-bytes));
  return format_bytes(static_cast<uint64_t>(bytes));
}

std::string show_ms(double ms) {
  char text[32];
  if (ms < 10) {
    std::snprintf(text, sizeof text, "%.1fms", ms);
  } else if (ms < 1000) {
    std::snprintf(text, sizeof text, "%.0fms", ms);
  } else if (ms < 120'000) {
    std::snprintf(text, sizeof text, "%.1fs", ms / 1000);
  } else if (ms < 7'200'000) {
    std::snprintf(text, sizeof text, "%.0fm", ms / 60'000);
  } else {
    std::snprintf(text, sizeof text, "%.1fh", ms / 3'600'000);
  }
  return text;
}

}  // namespace dormouse
