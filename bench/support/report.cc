#include "support/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

namespace dormouse::bench {

double Series::median() const {
  if (samples.empty()) return 0;
  std::vector<double> sorted = samples;
  std::sort(sorted.begin(), sorted.end());
  const size_t middle = sorted.size() / 2;
  return sorted.size() % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

double Series::lowest() const {
  return samples.empty() ? 0 : *std::min_element(samples.begin(), samples.end());
}

double Series::highest() const {
  return samples.empty() ? 0 : *std::max_element(samples.begin(), samples.end());
}

// Of n samples, those of rank n/2 -+ 0.98 sqrt(n): the normal form of the binomial that counts samples below the
// median.
std::pair<double, double> Series::interval() const {
  if (samples.size() < 6) return {lowest(), highest()};
  std::vector<double> sorted = samples;
  std::sort(sorted.begin(), sorted.end());
  const double n = static_cast<double>(sorted.size()), reach = 0.98 * std::sqrt(n);
  const auto low = static_cast<size_t>(std::max(0.0, std::floor(n / 2 - reach)));
  const auto high = std::min(sorted.size() - 1, static_cast<size_t>(std::ceil(n / 2 + reach)) - 1);
  return {sorted[low], sorted[high]};
}

std::string bench_folder() {
  std::filesystem::create_directories(DORMOUSE_BENCH_FOLDER);
  return DORMOUSE_BENCH_FOLDER;
}

namespace {

// Three significant digits are what a shared machine can promise.
std::string digits(double value) {
  const double size = value < 0 ? -value : value;
  return fmt::format("{:.{}f}", value, size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

}  // namespace

Report::Report(std::string row) : row_(std::move(row)) {
  fmt::print("\n{:<52} {:>22}   {}\n", row_, "median", "lowest .. highest, or bar");
}

void Report::write(const std::string& json) const {
  std::FILE* file = std::fopen((bench_folder() + "/results.jsonl").c_str(), "a");
  if (!file) return;
  fmt::print(file, "{}\n", json);
  std::fclose(file);
}

void Report::series(const Series& series) {
  fmt::print("  {:<50} {:>11} {:<10}   {} .. {}  (n = {})\n", series.name, digits(series.median()), series.unit,
             digits(series.lowest()), digits(series.highest()), series.samples.size());
  std::fflush(stdout);
  write(fmt::format(R"({{"row":"{}","series":"{}","unit":"{}","median":{},"lowest":{},"highest":{},"samples":[{}]}})",
                    row_, series.name, series.unit, series.median(), series.lowest(), series.highest(),
                    fmt::join(series.samples, ",")));
}

void Report::ratio(const Series& series) {
  const auto [low, high] = series.interval();
  fmt::print("  {:<50} {:>9.3f} {:<2}   95 % {:.3f} .. {:.3f}  (n = {})\n", series.name, series.median(), series.unit,
             low, high, series.samples.size());
  std::fflush(stdout);
  write(fmt::format(R"({{"row":"{}","ratio":"{}","median":{},"low":{},"high":{},"samples":[{}]}})", row_, series.name,
                    series.median(), low, high, fmt::join(series.samples, ",")));
}

void Report::figure(const std::string& name, double value, const std::string& unit) {
  fmt::print("  {:<50} {:>11} {:<10}\n", name, digits(value), unit);
  std::fflush(stdout);
  write(fmt::format(R"({{"row":"{}","figure":"{}","unit":"{}","value":{}}})", row_, name, unit, value));
}

bool Report::judge(const std::string& name, double value, const std::string& unit, Bar bar, double limit) {
  const bool met = bar == Bar::at_most ? value <= limit : value >= limit;
  const char* sign = bar == Bar::at_most ? "<=" : ">=";
  fmt::print("  {:<50} {:>11} {:<10}   {} {} {}: {}\n", name, digits(value), unit, sign, digits(limit), unit,
             met ? "met" : "MISSED");
  std::fflush(stdout);
  write(fmt::format(R"({{"row":"{}","figure":"{}","unit":"{}","value":{},"bar":"{} {}","met":{}}})", row_, name, unit,
                    value, sign, limit, met));
  return met;
}

}  // namespace dormouse::bench
