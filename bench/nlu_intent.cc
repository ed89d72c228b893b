// What nlu-intent is worth on a data set: accuracy, scope, calibration, latency, size, load and training time.
//   nlu_intent_bench NAME [--OPTION=VALUE ...] FILE.tsv ...
// The files have columns text, intent and perhaps split; the texts that measure are not learnt (learn_dev: false). One
// line a set; options are those of the training that README.md of the plugin compares, and --shots=N: of each intent, N
// of the rows that are learnt, those of the smallest hashes, and all that measure.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "classifier.h"
#include "examples.h"
#include "trainer.h"

namespace {

using namespace dormouse::intent;
using Clock = std::chrono::steady_clock;

double microseconds(Clock::duration time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

void set(TrainOptions* options, const std::string& name, const std::string& value) {
  const double number = std::atof(value.c_str());
  const auto count = static_cast<uint32_t>(number);
  const std::map<std::string, std::function<void()>> setters = {
      {"words", [&] { options->features.words = count; }},
      {"letters_min", [&] { options->features.letters_min = count; }},
      {"letters_max", [&] { options->features.letters_max = count; }},
      {"pairs", [&] { options->features.pair_distance = count; }},
      {"pair_letters", [&] { options->features.pair_letters = count; }},
      {"rows_min", [&] { options->rows_min = count; }},
      {"idf_power", [&] { options->idf_power = number; }},
      {"cost", [&] { options->solver.cost = number; }},
      {"tolerance", [&] { options->solver.tolerance = number; }},
      {"megabytes", [&] { options->bytes_max = number * 1e6; }},
      {"quantisation",
       [&] {
         options->precision = static_cast<Precision>(value == "int8" ? 1 : value == "float16" ? 2 : 4);
       }},
  };
  const auto at = setters.find(name);
  if (at == setters.end()) throw std::runtime_error("no option --" + name);
  at->second();
}

// Median of the calls, in microseconds for one text.
double latency(const Classifier& classifier, const std::vector<std::string_view>& texts, size_t batch) {
  std::vector<double> times;
  for (size_t round = 0; round < 3; ++round) {
    for (size_t i = 0; i + batch <= texts.size(); i += batch) {
      const auto start = Clock::now();
      Classifier::Scratch scratch;
      for (size_t k = 0; k < batch; ++k) classifier.classify(texts[i + k], 3, &scratch);
      times.push_back(microseconds(Clock::now() - start) / static_cast<double>(batch));
    }
  }
  if (times.empty()) return 0;
  std::nth_element(times.begin(), times.begin() + static_cast<ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

// The rows as one file that says which of them measure.
std::string with_shots(const std::vector<std::string>& files, size_t shots, const TrainOptions& options) {
  Examples all = read_examples(files, options.examples, [](double) {});
  std::stable_sort(all.rows.begin(), all.rows.end(),
                   [](const Example& a, const Example& b) { return a.hash < b.hash; });
  const std::string path = (std::filesystem::temp_directory_path() / "nlu_intent_bench.shots.tsv").string();
  std::ofstream out(path);
  out << "text\tintent\tsplit\n";
  std::map<uint32_t, size_t> kept;
  for (const Example& row : all.rows) {
    if (!row.measures && ++kept[row.label] > shots) continue;
    const bool inside = row.label < all.labels.size();
    out << row.text << '\t' << (inside ? all.labels[row.label] : options.examples.scope_label) << '\t'
        << (row.measures ? "val" : "train") << '\n';
  }
  return path;
}

void measure_set(const std::string& name, const std::vector<std::string>& files, const TrainOptions& options) {
  const std::string path = (std::filesystem::temp_directory_path() / ("nlu_intent_bench." + name)).string();
  const TrainReport report = train(files, path, options, [](double, const char*) {});
  double load = 1e9;
  for (int i = 0; i < 5; ++i) {
    const auto start = Clock::now();
    const Model model = Model::open(path);
    load = std::min(load, microseconds(Clock::now() - start) / 1000);
  }
  const Model model = Model::open(path);
  const Classifier classifier(model);
  const Examples examples = read_examples(files, options.examples, [](double) {});
  std::vector<std::string_view> texts;
  for (const Example& example : examples.rows) {
    if (example.measures) texts.push_back(example.text);
  }
  const Measured& dev = report.dev;
  std::printf("%-12s %6.2f %8.2f %6.3f", name.c_str(), 100 * dev.accuracy,
              100 * (report.float32_accuracy - dev.accuracy), dev.ece);
  if (dev.out_of_scope > 0) {
    std::printf("  %5.1f@%4.2f", 100 * dev.scope_recall, 100 * dev.scope_rejected);
  } else {
    std::printf("           -");
  }
  std::printf("  %7.1f %7.1f  %6.1f %6.1f %8.1f  %zu/%zu\n", latency(classifier, texts, 1),
              latency(classifier, texts, 32), static_cast<double>(report.model_bytes) / 1e6, load, report.seconds,
              static_cast<size_t>(report.rows - report.dev_rows), static_cast<size_t>(dev.in_scope));
  std::fflush(stdout);
  std::filesystem::remove(path);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::printf("%-12s %6s %8s %6s  %10s  %7s %7s  %6s %6s %8s  %s\n", "set", "acc %", "lost by", "ECE", "oos %@rej",
                "us/text", "of 32", "MB", "ms", "train s", "learnt/measured");
    return 0;
  }
  try {
    TrainOptions options;
    options.learn_dev = false;
    std::vector<std::string> files;
    size_t shots = 0;
    for (int i = 2; i < argc; ++i) {
      const std::string argument = argv[i];
      const size_t equals = argument.find('=');
      if (argument.starts_with("--shots=")) {
        shots = static_cast<size_t>(std::atoi(argument.c_str() + equals + 1));
      } else if (argument.starts_with("--") && equals != std::string::npos) {
        set(&options, argument.substr(2, equals - 2), argument.substr(equals + 1));
      } else {
        files.push_back(argument);
      }
    }
    if (shots > 0) files = {with_shots(files, shots, options)};
    measure_set(argv[1], files, options);
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "nlu_intent_bench: %s\n", e.what());
    return 1;
  }
}
