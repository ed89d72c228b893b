// Figures of answer quality, for docs/figures.tsv: one line each, appended to the file that DORMOUSE_FIGURES names (row
// figures of bench/run.sh sets it). Without it nothing is written. Not times and sizes, which differ from machine to
// machine.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace dormouse::bench {

// Where a figure comes from: the data it is measured on, and which part of it.
struct Source {
  std::string data, split;
};

// `table`, `row` and `column` are those of the README that shows the figure, so they are its name.
inline void figure(const std::string& table, const std::string& row, const std::string& column, double value,
                   int decimals, const Source& source) {
  const char* path = std::getenv("DORMOUSE_FIGURES");
  std::FILE* file = path == nullptr ? nullptr : std::fopen(path, "a");
  if (file == nullptr) return;
  std::fprintf(file, "%s/%s/%s\t%.*f\t%s\t%s\n", table.c_str(), row.c_str(), column.c_str(), decimals, value,
               source.data.c_str(), source.split.c_str());
  std::fclose(file);
}

}  // namespace dormouse::bench
