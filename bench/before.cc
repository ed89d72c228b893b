// Whether this build is slower than another one, of an older commit: both measure in turn, old and new, new and old,
// and each figure is the ratio of the two runs of one pair.
//   dormouse_bench_before OLDER_BUILD [PAIRS]     OLDER_BUILD: a build folder made with DORMOUSE_BENCH=ON
// "Not slower" is a median ratio of at most 1.03. The rows are run in a short form: one sample a run, PAIRS runs (20).
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>

#include "support/live/child_process.h"
#include "support/report.h"

namespace dormouse::bench {
namespace {

struct Row {
  std::string program;
  std::vector<std::string> arguments;
  unsigned pairs_max = 1000;  // of a program that takes half a minute
};

// HTTP is not among them: its sides share their rounds, `dormouse_bench_http --beside`.
const std::vector<Row>& rows() {
  static const std::vector<Row> all{
      {"dormouse_bench", {"--benchmark_filter=call/(direct|warm|cache_hit)(/|$)", "--benchmark_repetitions=1"}},
      {"dormouse_bench",
       {"--benchmark_filter=call/(one_stage|three_stages|three_wrapped)(/|$)", "--benchmark_repetitions=1"}},
      {"dormouse_bench", {"--benchmark_filter=cold/", "--benchmark_repetitions=1"}},
      {"dormouse_bench_start", {"start"}},
      {"dormouse_bench_start", {"unused"}},
      {"dormouse_bench_cache", {"costs"}, 5},
  };
  return all;
}

// The medians that one run of one program printed, by "row: series".
using Medians = std::map<std::string, double>;

class Build {
 public:
  explicit Build(std::string folder) : folder_(std::move(folder)), results_(folder_ + "/bench/results.jsonl") {}

  Medians measure(const Row& row) const {
    const uintmax_t before = std::filesystem::exists(results_) ? std::filesystem::file_size(results_) : 0;
    std::vector<std::string> argv{folder_ + "/bin/" + row.program};
    argv.insert(argv.end(), row.arguments.begin(), row.arguments.end());
    output_of(argv, std::chrono::seconds(120));
    return read_from(before);
  }

 private:
  Medians read_from(uintmax_t offset) const {
    Medians medians;
    std::ifstream in(results_);
    in.seekg(static_cast<std::streamoff>(offset));
    for (std::string line; std::getline(in, line);) {
      const boost::json::object object = boost::json::parse(line).as_object();
      if (!object.contains("series")) continue;
      const std::string name(object.at("row").as_string().c_str());
      medians[name + ": " + object.at("series").as_string().c_str() + ", " + object.at("unit").as_string().c_str()] =
          object.at("median").to_number<double>();
    }
    return medians;
  }

  const std::string folder_, results_;
};

void compare(const Row& row, const Build& now, const Build& older, unsigned pairs, Report& report) {
  std::map<std::string, Series> ratios;
  for (unsigned i = 0; i < std::min(pairs, row.pairs_max); ++i) {
    const bool now_first = i % 2 == 0;
    Medians first = (now_first ? now : older).measure(row), second = (now_first ? older : now).measure(row);
    const Medians& new_side = now_first ? first : second;
    const Medians& old_side = now_first ? second : first;
    for (const auto& [name, value] : new_side)
      if (const auto found = old_side.find(name); found != old_side.end() && found->second > 0) {
        Series& series = ratios.try_emplace(name, Series{name, "x", {}}).first->second;
        series.add(value / found->second);
      }
  }
  for (const auto& [name, series] : ratios) report.ratio(series);
}

}  // namespace
}  // namespace dormouse::bench

int main(int argc, char** argv) {
  try {
    unsigned pairs = 20;
    const std::string_view count = argc == 3 ? argv[2] : "";
    const bool usable =
        count.empty() || (std::from_chars(count.data(), count.data() + count.size(), pairs).ec == std::errc());
    if (argc < 2 || argc > 3 || !usable || pairs == 0) {
      std::cerr << "usage: " << argv[0] << " OLDER_BUILD [PAIRS]\n";
      return 2;
    }
    const std::string now = std::filesystem::path(dormouse::bench::bench_folder()).parent_path();
    const std::string older = std::filesystem::canonical(argv[1]);
    dormouse::bench::Report report("before");
    for (const auto& row : dormouse::bench::rows())
      dormouse::bench::compare(row, dormouse::bench::Build(now), dormouse::bench::Build(older), pairs, report);
    return 0;
  } catch (const std::exception& e) {
    std::cerr << argv[0] << ": " << e.what() << "\n";
    return 1;
  }
}
