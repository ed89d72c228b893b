// What nlu-intent is worth on a data set: accuracy, scope, calibration, latency, size, load and training time.
//   nlu_intent_bench NAME [--OPTION=VALUE ...] FILE.tsv ...
// The files have columns text, intent and perhaps split; the texts that measure are not learnt (learn_dev: false). One
// line a set; options are those of the training that README.md of the plugin compares, and --shots=N: of each intent, N
// of the rows that are learnt, those of the smallest hashes, and all that measure. --figures=PART: these are figures of
// the product (support/figures.h), measured on that part. --second-tenth: a part that no choice was made on.
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
#include "support/figures.h"
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

// The rows as one file in which the second tenth of each intent, in the order of the texts' hashes, measures: choices
// of the plugin were made on the first one.
std::string with_second_tenth(const std::vector<std::string>& files, const TrainOptions& options) {
  Examples all = read_examples(files, options.examples, [](double) {});
  std::stable_sort(all.rows.begin(), all.rows.end(),
                   [](const Example& a, const Example& b) { return a.hash < b.hash; });
  std::map<uint32_t, std::vector<const Example*>> others;  // of each intent, what the first tenth leaves
  for (const Example& row : all.rows) {
    others[row.label];
    if (!row.measures) others[row.label].push_back(&row);
  }
  const std::string path = (std::filesystem::temp_directory_path() / "nlu_intent_bench.tenth.tsv").string();
  std::ofstream out(path);
  out << "text\tintent\tsplit\n";
  const auto write = [&](const Example& row, bool measures) {
    const bool inside = row.label < all.labels.size();
    out << row.text << '\t' << (inside ? all.labels[row.label] : options.examples.scope_label) << '\t'
        << (measures ? "val" : "train") << '\n';
  };
  for (const Example& row : all.rows) {
    if (row.measures) write(row, false);
  }
  for (const auto& [label, rows] : others) {
    for (size_t i = 0; i < rows.size(); ++i) write(*rows[i], i < rows.size() / 9);
  }
  return path;
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

struct Answers {
  double accepted = 0, rejected = 0;  // shares of the texts in scope: right and not rejected; called out of scope
};

// Of the trained model, as it ships.
Answers ask(const Classifier& classifier, const Examples& examples) {
  Answers sum;
  double all = 0;
  for (const Example& row : examples.rows) {
    if (!row.measures || row.label >= examples.labels.size()) continue;
    const Decision decision = classifier.classify(row.text, 0);
    sum.rejected += decision.out_of_scope;
    sum.accepted += !decision.out_of_scope && decision.best.name == examples.labels[row.label];
    ++all;
  }
  return all == 0 ? Answers() : Answers{sum.accepted / all, sum.rejected / all};
}

// What README.md of the plugin shows. The threshold of a set with texts out of scope is measured across halves; without
// any there is nothing to fit, and the model itself is asked.
void write_figures(const std::string& name, const std::string& part, size_t shots, const TrainReport& report,
                   const Answers& answers) {
  const dormouse::bench::Source source{name, part};
  const Measured& dev = report.dev;
  if (shots > 0) {
    dormouse::bench::figure("intents-shots", name, std::to_string(shots), 100 * dev.accuracy, 2, source);
    return;
  }
  const auto write = [&](const char* table, const char* column, double value, int decimals) {
    dormouse::bench::figure(table, name, column, value, decimals, source);
  };
  write("intents", "learnt", static_cast<double>(report.rows - report.dev_rows), 0);
  write("intents", "measured", static_cast<double>(dev.in_scope), 0);
  write("intents", "accuracy %", 100 * dev.accuracy, 2);
  write("intents", "lost by int8", 100 * (report.float32_accuracy - dev.accuracy), 2);
  write("intents", "ECE", dev.ece, 3);
  const bool fitted = dev.out_of_scope > 0;
  write("intents-rejections", "right and accepted %", 100 * (fitted ? dev.accepted : answers.accepted), 2);
  write("intents-rejections", "rejected in scope %", 100 * (fitted ? dev.scope_rejected : answers.rejected), 2);
  if (fitted) write("intents-rejections", "out-of-scope recall %", 100 * dev.scope_recall, 1);
}

void measure_set(const std::string& name, const std::string& part, size_t shots, const std::vector<std::string>& files,
                 const TrainOptions& options) {
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
  if (!part.empty()) {
    write_figures(name, part, shots, report, ask(classifier, examples));
  }
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
    std::string part;
    bool second_tenth = false;
    for (int i = 2; i < argc; ++i) {
      const std::string argument = argv[i];
      const size_t equals = argument.find('=');
      if (argument.starts_with("--shots=")) {
        shots = static_cast<size_t>(std::atoi(argument.c_str() + equals + 1));
      } else if (argument == "--second-tenth") {
        second_tenth = true;
      } else if (argument.starts_with("--figures=")) {
        part = argument.substr(equals + 1);
      } else if (argument.starts_with("--") && equals != std::string::npos) {
        set(&options, argument.substr(2, equals - 2), argument.substr(equals + 1));
      } else {
        files.push_back(argument);
      }
    }
    if (second_tenth) files = {with_second_tenth(files, options)};
    if (shots > 0) files = {with_shots(files, shots, options)};
    measure_set(argv[1], part, shots, files, options);
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "nlu_intent_bench: %s\n", e.what());
    return 1;
  }
}
