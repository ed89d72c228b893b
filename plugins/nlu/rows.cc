#include "nlu/rows.h"

#include <algorithm>

#include "dormouse/plugin.hpp"

namespace dormouse::nlu {
namespace {

constexpr size_t kNowhere = SIZE_MAX;
constexpr uint64_t kRowsBetweenReports = 1024;

template <class Visit>
void each_field(std::string_view line, Visit visit) {
  for (size_t i = 0;; ++i) {
    const size_t tab = line.find('\t');
    visit(i, line.substr(0, tab));
    if (tab == std::string_view::npos) return;
    line.remove_prefix(tab + 1);
  }
}

bool is_utf8(std::string_view text) {
  return dm_utf8_valid(reinterpret_cast<const unsigned char*>(text.data()), text.size()) != 0;
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \r\v\f") == std::string_view::npos;
}

std::string quoted(std::string_view name) {
  std::string out = "'";
  return out.append(name).append("'");
}

// "'text' and 'intent'"
std::string list_of(const std::vector<Column>& columns, bool required_only) {
  std::vector<std::string> names;
  for (const Column& column : columns) {
    if (column.required || !required_only) names.push_back(quoted(column.name));
  }
  std::string out;
  for (size_t i = 0; i < names.size(); ++i) {
    out.append(i == 0 ? "" : i + 1 == names.size() ? " and " : ", ").append(names[i]);
  }
  return out;
}

// A table being read: where the columns asked for stand, and the fields of one row.
class Table {
 public:
  Table(Lines& lines, const std::vector<Column>& columns)
      : lines_(lines), columns_(columns), place_(columns.size(), kNowhere), fields_(columns.size()) {}

  void read_header(OtherColumns others) {
    const auto header = lines_.next();
    if (!header) {
      throw Failure(DM_INVALID_ARGUMENT, lines_.path() + ": the file is empty; needed a line of column names");
    }
    bool all_known = true;
    std::string_view unknown;
    each_field(*header, [&](size_t place, std::string_view name) {
      const auto known =
          std::find_if(columns_.begin(), columns_.end(), [&](const Column& c) { return c.name == name; });
      if (known != columns_.end()) {
        size_t& at = place_[static_cast<size_t>(known - columns_.begin())];
        if (at != kNowhere) lines_.refuse("the column " + quoted(name) + " stands there twice");
        at = place;
      } else if (all_known) {
        all_known = false;
        unknown = name;
      }
      width_ = place + 1;
    });
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (!columns_[i].required || place_[i] != kNowhere) continue;
      lines_.refuse("needed a line of column names with " + list_of(columns_, true) + ", found '" + printable(*header) +
                    "'");
    }
    if (!all_known && others == OtherColumns::refused) {
      lines_.refuse("unknown column '" + printable(unknown) + "'; known are " + list_of(columns_, false));
    }
  }

  Row read(std::string_view line) {
    std::fill(fields_.begin(), fields_.end(), std::string_view());
    size_t width = 0;
    each_field(line, [&](size_t place, std::string_view field) {
      width = place + 1;
      for (size_t i = 0; i < place_.size(); ++i) {
        if (place_[i] == place) fields_[i] = field;
      }
    });
    if (width > width_) {
      lines_.refuse("needed at most " + std::to_string(width_) + " fields, found " + std::to_string(width));
    }
    for (size_t i = 0; i < columns_.size(); ++i) check(i, width);
    return {lines_, fields_};
  }

 private:
  void check(size_t i, size_t width) const {
    const Column& column = columns_[i];
    if (column.required && place_[i] >= width) lines_.refuse("column " + quoted(column.name) + " is missing");
    if (!is_utf8(fields_[i])) lines_.refuse("column " + quoted(column.name) + " is not UTF-8");
    if (column.required && is_blank(fields_[i])) lines_.refuse("column " + quoted(column.name) + " is empty");
  }

  Lines& lines_;
  const std::vector<Column>& columns_;
  std::vector<size_t> place_;
  std::vector<std::string_view> fields_;
  size_t width_ = 0;
};

}  // namespace

void read_rows(const std::string& path, const std::vector<Column>& columns, OtherColumns others,
               const std::function<void(const Row&)>& on_row, const std::function<void(uint64_t, uint64_t)>& on_bytes,
               SkippedLines* skipped) {
  Lines lines(path);
  Table table(lines, columns);
  table.read_header(others);
  while (const auto line = lines.next()) {
    try {
      on_row(table.read(*line));
    } catch (const RefusedLine& refused) {
      if (skipped == nullptr) throw;
      skipped->add(refused);
    }
    if (lines.number() % kRowsBetweenReports == 0) on_bytes(lines.bytes_done(), lines.bytes_total());
  }
  on_bytes(lines.bytes_total(), lines.bytes_total());
}

}  // namespace dormouse::nlu
