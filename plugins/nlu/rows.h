// Training rows: tab-separated files whose first line names the columns, plain or compressed with zstd, checked line by
// line. Not the training; no row is kept, and there is no quoting. Blocking; one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nlu/lines.h"

namespace dormouse::nlu {

// What a training asks of one column. Every field of it must be UTF-8.
struct Column {
  std::string_view name;
  bool required = true;  // the file must have it, and every row something in it that is no space
};

// What happens to columns that the training did not ask for.
enum class OtherColumns { refused, ignored };

// One row. Views are valid until the callback returns.
class Row {
 public:
  Row(const Lines& lines, std::span<const std::string_view> fields) : lines_(lines), fields_(fields) {}
  // The field of the i-th column asked for; empty when file or row has none.
  std::string_view operator[](size_t i) const { return fields_[i]; }
  uint64_t line() const { return lines_.number(); }
  // Throws RefusedLine.
  [[noreturn]] void refuse(const std::string& what) const { lines_.refuse(what); }

 private:
  const Lines& lines_;
  std::span<const std::string_view> fields_;
};

// Calls on_row for each row of the file at `path`.
// on_bytes(read, total) is called now and then and may throw to stop. Rows that are refused, also by on_row, are left
// out and noted in `skipped` where one is given; the line of column names is not. Throws Failure: DM_NOT_FOUND,
// RefusedLine, DM_DATA_LOSS (a damaged archive), and what the callbacks throw.
void read_rows(const std::string& path, const std::vector<Column>& columns, OtherColumns others,
               const std::function<void(const Row&)>& on_row, const std::function<void(uint64_t, uint64_t)>& on_bytes,
               SkippedLines* skipped = nullptr);

}  // namespace dormouse::nlu
