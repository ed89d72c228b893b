// How well nlu-entities finds what it was taught, and what that costs:
//   nlu_entities DATA_FOLDER WORK_FOLDER [SET ...]
// For each set found below DATA_FOLDER: F1 of exact spans with their types (micro, as conlleval), time for a text
// alone and in a row of 32, size of the model, time to load it and to train it. A set that has a part for measuring of
// its own is measured on that; of the others, a seeded tenth is held out: the second one, since choices of the plugin
// were made on the first.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "corpus.h"
#include "learners.h"
#include "model.h"
#include "support/figures.h"
#include "trainer.h"

namespace {

using namespace dormouse::entities;
namespace bench = dormouse::bench;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

struct Set {
  const char* name;
  std::vector<const char*> train;  // the first of these that is there
  std::vector<const char*> dev;    // none: a tenth of train
  bool use_expected = true;
  const char* part = "";  // what dev is
};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string first_there(const std::string& folder, const std::vector<const char*>& names) {
  for (const char* name : names) {
    if (fs::exists(folder + "/" + name)) return folder + "/" + name;
  }
  return {};
}

std::vector<Example> read(const std::string& path, bool use_expected) {
  std::vector<Example> examples;
  read_examples(
      path,
      [&](Example&& e) {
        if (!use_expected) e.expected.clear();
        examples.push_back(std::move(e));
      },
      [](uint64_t, uint64_t) {}, Overlaps::first_kept);
  return examples;
}

// Moves the second tenth out of `examples`, the same on every machine.
std::vector<Example> hold_out(std::vector<Example>* examples) {
  std::vector<uint32_t> order(examples->size());
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  shuffle(&order, 20260101);
  std::vector<Example> kept, held;
  for (size_t i = 0; i < order.size(); ++i) {
    const size_t tenth = order.size() / 10;
    (i >= tenth && i < 2 * tenth ? held : kept).push_back((*examples)[order[i]]);
  }
  *examples = std::move(kept);
  return held;
}

// Median microseconds a text, in rows of `row` texts.
double median_us(const Model& model, const std::vector<Example>& texts, size_t row) {
  std::vector<double> times;
  size_t found = 0;
  for (int round = 0; round < 5; ++round) {
    for (size_t begin = 0; begin + row <= texts.size(); begin += row) {
      const auto start = Clock::now();
      for (size_t i = begin; i < begin + row; ++i) found += model.find(texts[i].text, texts[i].expected, [] {}).size();
      times.push_back(1e6 * seconds_since(start) / static_cast<double>(row));
    }
  }
  if (times.empty() || found == SIZE_MAX) return 0;
  std::nth_element(times.begin(), times.begin() + static_cast<ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

void measure(const Set& set, const std::string& train_path, const std::string& dev_path, const std::string& work) {
  std::vector<Example> examples = read(train_path, set.use_expected);
  const std::vector<Example> dev = dev_path.empty() ? hold_out(&examples) : read(dev_path, set.use_expected);
  const std::string file = work + "/" + set.name + ".entities";
  const TrainReport report = train(std::move(examples), file, TrainOptions(), [](double, const char*) {});
  const auto start = Clock::now();
  const Model model = Model::open(file);
  const double load_ms = 1e3 * seconds_since(start);
  const Evaluation e = evaluate(model, dev, [] {});
  std::printf(
      "  %-26s %6zu %5zu  F1 %5.2f  P %5.2f  R %5.2f  cal. error %.3f  %5.1f us  %5.1f us in rows of 32  %5.2f MB"
      "  load %4.1f ms  train %5.1f s\n",
      set.name, static_cast<size_t>(report.examples), dev.size(), e.all.f1(), e.all.precision(), e.all.recall(),
      e.calibration_error, median_us(model, dev, 1), median_us(model, dev, 32),
      static_cast<double>(report.model_bytes) / 1e6, load_ms, report.seconds);
  std::fflush(stdout);
  const bench::Source source{set.name, dev_path.empty() ? "second tenth" : set.part};
  bench::figure("entities", set.name, "learnt", static_cast<double>(report.examples), 0, source);
  bench::figure("entities", set.name, "measured", static_cast<double>(dev.size()), 0, source);
  bench::figure("entities", set.name, "F1", e.all.f1(), 1, source);
  bench::figure("entities", set.name, "precision", e.all.precision(), 1, source);
  bench::figure("entities", set.name, "recall", e.all.recall(), 1, source);
  bench::figure("entities", set.name, "calibration error", e.calibration_error, 3, source);
}

const std::vector<Set> kSets = {
    {"snips",
     {"snips/train.bio", "entities/snips.train.bio.zst"},
     {"snips/valid.bio", "entities/snips.valid.bio.zst"},
     true,
     "valid, development"},
    {"hwu64", {"hwu64/train.jsonl"}, {}},
    {"restaurants8k", {"restaurants8k/train.jsonl"}, {}},
    {"restaurants8k-text-only", {"restaurants8k/train.jsonl"}, {}, false},
    {"wnut17", {"wnut17/train.bio"}, {"wnut17/dev.bio"}, true, "dev"},
    {"wikigold", {"wikigold/dev.bio"}, {}},
    {"xsid-de", {"xsid/de.dev.bio"}, {}},
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "nlu_entities DATA_FOLDER WORK_FOLDER [SET ...]\n");
    return 2;
  }
  const std::vector<std::string> wanted(argv + 3, argv + argc);
  try {
    fs::create_directories(argv[2]);
    std::printf("\nnlu.entities, learned slots: examples to learn from, to measure on\n");
    for (const Set& set : kSets) {
      if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), set.name) == wanted.end()) continue;
      const std::string train_path = first_there(argv[1], set.train), dev_path = first_there(argv[1], set.dev);
      if (train_path.empty() || (!set.dev.empty() && dev_path.empty())) {
        std::printf("  %-26s is not below %s: not measured\n", set.name, argv[1]);
        continue;
      }
      measure(set, train_path, dev_path, argv[2]);
    }
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "nlu_entities: %s\n", problem.what());
    return 1;
  }
  return 0;
}
