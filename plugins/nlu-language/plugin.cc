// Plugin nlu-language: type `nlu.language`, methods `detect` and `train`. README.md tells what it can do and how it was
// measured; here is only the translation between the ABI and detector.h, trainer.h.
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "detector.h"
#include "dormouse/arguments.hpp"
#include "dormouse/plugin.hpp"
#include "model.h"
#include "nlu/skipped_report.h"
#include "trainer.h"

namespace {

using namespace dormouse::language;
using dormouse::count_in;
using dormouse::number_in;
using dormouse::strings_of;

double hundredths(double value) {
  return std::round(value * 100) / 100;
}

// What is known about a guess, as the fields of a map.
void write_guess(const Guess& guess, dormouse::Map& map) {
  map.field("code", guess.code).field("script", guess.script).field("confidence", guess.confidence);
}

class Language {
 public:
  static std::unique_ptr<Language> open(dormouse::Open& open) {
    auto language = std::make_unique<Language>();
    if (open.training()) return language;
    if (open.model_path().empty()) {
      throw dormouse::Failure(DM_NOT_FOUND, "no model for '" + std::string(open.name()) + "'; run: dormouse train " +
                                                std::string(open.name()) + " --data language-id.tsv.zst");
    }
    language->model_.emplace(Model::open(std::string(open.model_path())));
    language->detector_.emplace(*language->model_, strings_of(open.settings()["languages"]),
                                open.settings()["min_confidence"].as_float(0));
    return language;
  }

  void detect(dormouse::Call&, dormouse::View in, dormouse::Writer out) const {
    if (!detector_) throw dormouse::Failure(DM_FAILED_PRECONDITION, "opened for training: there is no model to ask");
    const auto top = count_in(in, "top", 3, 0, kAlternativesMax);
    const Detection detection = detector_->detect(in["text"].as_string(), top);
    dormouse::Map map = out.map();
    write_guess(detection.best, map);
    dormouse::List list = map.list("alternatives");
    for (size_t i = 0; i < detection.alternative_count; ++i) {
      dormouse::Map alternative = list.map();
      write_guess(detection.alternatives[i], alternative);
    }
  }

  void train(dormouse::Call& call, dormouse::View in, dormouse::Writer out) const {
    TrainOptions options;
    options.estimate.order = count_in(in, "order", options.estimate.order, 1, kOrderMax);
    options.estimate.discount = number_in(in, "discount", options.estimate.discount, 0.05, 0.95);
    options.estimate.count_power = number_in(in, "count_power", options.estimate.count_power, 0, 1);
    options.bytes_max = 1e6 * number_in(in, "megabytes", options.bytes_max / 1e6, 0.1, 500);
    options.skip_bad = in["skip_bad"].as_bool(false);
    const TrainReport report = dormouse::language::train(strings_of(in["data"]), std::string(in["output"].as_string()),
                                                         options, [&](double done, const char* what) {
                                                           call.check_cancelled();
                                                           call.progress(done, 1, what);
                                                         });
    write_report(report, out);
  }

 private:
  static void write_report(const TrainReport& report, dormouse::Writer out) {
    dormouse::Map map = out.map();
    map.field("languages", report.languages)
        .field("classes", report.classes)
        .field("rows", report.rows)
        .field("rows_dropped", report.rows_dropped)
        .field("rows_held_out", report.held_out_rows)
        .field("seconds", std::round(report.seconds * 10) / 10)
        .field("model_bytes", report.model_bytes)
        .field("ngrams", report.ngrams)
        .field("weights", report.weights);
    {
      dormouse::Map accuracy = map.map("dev_accuracy");
      accuracy.field("words", hundredths(report.held_out.words))
          .field("pairs", hundredths(report.held_out.pairs))
          .field("sentences", hundredths(report.held_out.sentences));
    }
    map.field("quantisation_loss", hundredths(report.quantisation_loss));
    dormouse::nlu::write_skipped(report.skipped, map);
  }

  std::optional<Model> model_;
  std::optional<Detector> detector_;  // refers to model_
};

constexpr dormouse::Type<Language> language_type("nlu.language", dormouse::method<&Language::detect>("detect"),
                                                 dormouse::method<&Language::train>("train"));
constexpr dormouse::Plugin plugin("nlu-language", "1.0.0", language_type);

}  // namespace

constexpr dm_plugin dormouse_plugin = plugin.table();
