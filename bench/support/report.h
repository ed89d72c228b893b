// The figures of one run: samples of both sides, their medians and spread, and what section 12 of ARCHITECTURE.md asks
// for. Printed as a table and appended as lines of JSON to build/bench/results.jsonl.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace dormouse::bench {

struct Series {
  std::string name;
  std::string unit;  // "ms", "ns", "requests/s", "KiB"
  std::vector<double> samples;

  void add(double sample) { samples.push_back(sample); }
  double median() const;
  double lowest() const;
  double highest() const;
  // The 95 % interval of the median, by the ranks of the samples: true whatever their distribution is. All samples when
  // they are fewer than six.
  std::pair<double, double> interval() const;
};

enum class Bar { at_most, at_least };

// Prints as it goes, so that a run that is cut short has told what it knew.
class Report {
 public:
  explicit Report(std::string row);  // "start", "http"

  // One side: median and spread of its samples.
  void series(const Series& series);
  // Ratios of pairs: their median, and its 95 % interval.
  void ratio(const Series& series);
  // One figure without a bar.
  void figure(const std::string& name, double value, const std::string& unit);
  // One figure with the bar it is held against; returns whether it is met.
  bool judge(const std::string& name, double value, const std::string& unit, Bar bar, double limit);

 private:
  void write(const std::string& json) const;
  const std::string row_;
};

// The folder everything is written to, made if need be: build/bench.
std::string bench_folder();

}  // namespace dormouse::bench
