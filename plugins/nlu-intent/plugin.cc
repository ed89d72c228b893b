// Plugin nlu-intent: type `nlu.intent`, methods `classify` and `train`. README.md tells what it can do and how it was
// measured; here is only the translation between the ABI and classifier.h, trainer.h.
#include "dormouse/plugin.hpp"
#include "dormouse/arguments.hpp"

#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "classifier.h"
#include "model.h"
#include "nlu/skipped_report.h"
#include "trainer.h"

namespace {

using namespace dormouse::intent;
using dormouse::choice_in;
using dormouse::count_in;
using dormouse::number_in;
using dormouse::strings_of;

Precision precision_in(dormouse::View in) {
  using enum Precision;
  return choice_in<Precision>(
      in, "quantisation",
      {{precision_name(int8), int8}, {precision_name(float16), float16}, {precision_name(float32), float32}});
}

TrainOptions options_in(dormouse::View in) {
  TrainOptions options;
  options.examples.scope_label = in["scope_label"].as_string("oos");
  options.examples.dev_share = number_in(in, "dev_share", options.examples.dev_share, 0, 0.5);
  FeatureOptions& features = options.features;
  features.words = count_in(in, "words", features.words, 1, dormouse::nlu::kWordOrderMax);
  features.letters_min = count_in(in, "letters_min", features.letters_min, 1, dormouse::nlu::kLetterOrderMax);
  features.letters_max = count_in(in, "letters_max", features.letters_max, 0, dormouse::nlu::kLetterOrderMax);
  features.pair_distance = count_in(in, "pairs", features.pair_distance, 0, dormouse::nlu::kPairDistanceMax);
  features.pair_letters = count_in(in, "pair_letters", features.pair_letters, 1, dormouse::nlu::kPairLettersMax);
  options.solver.cost = number_in(in, "cost", options.solver.cost, 0.001, 1000);
  options.solver.tolerance = number_in(in, "tolerance", options.solver.tolerance, 0.001, 1);
  options.precision = precision_in(in);
  options.idf_power = number_in(in, "idf_power", options.idf_power, 0, 2);
  options.rejection_max = number_in(in, "rejection", options.rejection_max, 0, 0.5);
  options.rows_min = in["rows_min"] ? count_in(in, "rows_min", 0, 1, 100) : 0;
  options.examples.skip_bad = in["skip_bad"].as_bool(false);
  options.bytes_max = 1e6 * number_in(in, "megabytes", options.bytes_max / 1e6, 0.1, 500);
  options.learn_dev = in["learn_dev"].as_bool(true);
  return options;
}

// Per cent with two digits behind the point.
double percent(double share) {
  return std::round(share * 1e4) / 100;
}

double thousandths(double value) {
  return std::round(value * 1e3) / 1e3;
}

class Intent {
 public:
  static std::unique_ptr<Intent> open(dormouse::Open& open) {
    auto intent = std::make_unique<Intent>();
    if (open.training()) return intent;
    if (open.model_path().empty()) {
      throw dormouse::Failure(DM_NOT_FOUND, "no model for '" + std::string(open.name()) + "'; run: dormouse train " +
                                                std::string(open.name()) + " --data rows.tsv");
    }
    intent->model_.emplace(Model::open(std::string(open.model_path())));
    intent->classifier_.emplace(*intent->model_);
    intent->alternatives_ = static_cast<size_t>(open.settings()["alternatives"].as_int(3));
    return intent;
  }

  void classify(dormouse::Call&, dormouse::View in, dormouse::Writer out) const {
    write(classifier().classify(in["text"].as_string(), alternatives_), out);
  }

  void classify_together(dormouse::Batch& batch) const {
    Classifier::Scratch scratch;
    for (uint32_t i = 0; i < batch.size(); ++i) {
      batch.answer(i, [&](dormouse::Writer out) {
        write(classifier().classify(batch.in(i)["text"].as_string(), alternatives_, &scratch), out);
      });
    }
  }

  void train(dormouse::Call& call, dormouse::View in, dormouse::Writer out) const {
    const TrainReport report = dormouse::intent::train(strings_of(in["data"]), std::string(in["output"].as_string()),
                                                       options_in(in), [&](double done, const char* what) {
                                                         call.check_cancelled();
                                                         call.progress(done, 1, what);
                                                       });
    write_report(report, out);
  }

 private:
  const Classifier& classifier() const {
    if (!classifier_) throw dormouse::Failure(DM_FAILED_PRECONDITION, "opened for training: there is no model to ask");
    return *classifier_;
  }

  static void write(const Decision& decision, dormouse::Writer out) {
    dormouse::Map map = out.map();
    map.field("name", decision.best.name)
        .field("confidence", decision.best.confidence)
        .field("out_of_scope", decision.out_of_scope);
    dormouse::List list = map.list("alternatives");
    for (size_t i = 0; i < decision.alternative_count; ++i) {
      dormouse::Map alternative = list.map();
      alternative.field("name", decision.alternatives[i].name).field("confidence", decision.alternatives[i].confidence);
    }
  }

  static void write_report(const TrainReport& report, dormouse::Writer out) {
    dormouse::Map map = out.map();
    map.field("rows", report.rows)
        .field("intents", report.intents)
        .field("out_of_scope_rows", report.out_of_scope_rows)
        .field("out_of_scope", report.out_of_scope_rows > 0 ? "learnt" : "never: no row of the data is out of scope")
        .field("dev_rows", report.dev_rows)
        .field("ngrams", report.ngrams)
        .field("ngrams_left_out", report.ngrams_left_out)
        .field("model_bytes", report.model_bytes)
        .field("rows_min", report.rows_min)
        .field("seconds", std::round(report.seconds * 10) / 10);
    dormouse::nlu::write_skipped(report.skipped, map);
    if (report.dev.in_scope > 0) write_dev(report, map);
    dormouse::List list = map.list("confused");
    for (const Confusion& confusion : report.confused) {
      dormouse::Map pair = list.map();
      pair.field("intent", confusion.intent).field("taken_for", confusion.taken_for).field("texts", confusion.texts);
    }
  }

  // Shares in per cent, but the calibration error, which is known as a share of 1.
  static void write_dev(const TrainReport& report, dormouse::Map& map) {
    dormouse::Map dev = map.map("dev");
    dev.field("accuracy", percent(report.dev.accuracy))
        .field("quantisation_loss", percent(report.float32_accuracy - report.dev.accuracy))
        .field("calibration_error", thousandths(report.dev.ece));
    if (report.dev.out_of_scope == 0) return;
    dev.field("scope_rejected", percent(report.dev.scope_rejected))
        .field("out_of_scope_recall", percent(report.dev.scope_recall));
  }

  std::optional<Model> model_;
  std::optional<Classifier> classifier_;  // refers to model_
  size_t alternatives_ = 3;
};

constexpr dormouse::Type<Intent> intent_type(
    "nlu.intent", dormouse::method<&Intent::classify, &Intent::classify_together>("classify"),
    dormouse::method<&Intent::train>("train"));
constexpr dormouse::Plugin plugin("nlu-intent", "1.1.0", intent_type);

}  // namespace

constexpr dm_plugin dormouse_plugin = plugin.table();
