// Aligned columns for people. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dormouse {

class Table {
 public:
  explicit Table(std::vector<std::string> headers) : rows_{std::move(headers)} {}

  // As many cells as there are headers. Control characters (a hostile plugin's name) are shown as '?'.
  void add(std::vector<std::string> cells);
  size_t size() const { return rows_.size() - 1; }
  // Columns as wide as their widest cell, two spaces between them, no spaces at the end of a line.
  std::string to_string() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// What may be printed on a terminal: UTF-8 text without control characters.
std::string printable(std::string_view text);
// "1.2 MiB", "-" for nothing known; "250ms", "3.2s", "2m" for people.
std::string show_bytes(int64_t bytes);
std::string show_ms(double ms);

}  // namespace dormouse
