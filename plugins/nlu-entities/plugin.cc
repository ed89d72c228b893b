// Plugin nlu-entities: type `nlu.entities`, methods `extract` and `train`. README.md tells what it can do and how it
// was measured; here is only the translation between the ABI and extractor.h, trainer.h.
#include <chrono>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dormouse/arguments.hpp"
#include "dormouse/plugin.hpp"
#include "extractor.h"
#include "nlu/skipped_report.h"
#include "trainer.h"

namespace {

using namespace dormouse::entities;
using dormouse::count_in;
using dormouse::number_in;
using dormouse::strings_of;

// Names of types in a request: more than a model has would only cost time.
std::vector<std::string> wanted_types(dormouse::View list, const char* field) {
  constexpr uint32_t kTypesMax = 256;
  if (list.size() > kTypesMax) {
    throw dormouse::Failure(DM_INVALID_ARGUMENT, std::string("field '") + field + "': needed at most " +
                                                     std::to_string(kTypesMax) + " names, found " +
                                                     std::to_string(list.size()));
  }
  return strings_of(list);
}

double hundredths(double value) {
  return std::round(value * 100) / 100;
}

uint32_t exact_kinds_of(dormouse::View names) {
  uint32_t kinds = 0;
  for (const std::string& name : strings_of(names)) {
    const auto kind = exact_of(name);
    if (!kind) {
      throw dormouse::Failure(
          DM_INVALID_ARGUMENT,
          "setting 'exact': there is no recogniser '" + name +
              "'; there are url, email, ip, date, time, duration, money, percent, phone, ordinal, number");
    }
    kinds |= 1u << static_cast<unsigned>(*kind);
  }
  return kinds;
}

// The host's date, in UTC.
Date today() {
  const auto days = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
  return date_of_days(days.time_since_epoch().count());
}

// A guess that is hardly better than others says nothing about how numbers are written.
Locale locale_in(dormouse::View in) {
  constexpr double kConfidenceMin = 0.7;
  if (in["language_confidence"].as_float(1) < kConfidenceMin) return {};
  return locale_of(in["language"].as_string(""));
}

Question question_in(dormouse::View in) {
  Question question;
  question.text = in["text"].as_string();
  question.types = wanted_types(in["types"], "types");
  question.expected = wanted_types(in["expected"], "expected");
  question.locale = locale_in(in);
  if (const std::string_view now = in["now"].as_string(""); !now.empty()) {
    const auto date = parse_iso_date(now);
    if (!date) {
      throw dormouse::Failure(DM_INVALID_ARGUMENT,
                              "field 'now': needed an ISO date like 2026-11-21, found '" + std::string(now) + "'");
    }
    question.now = *date;
  } else {
    question.now = today();
  }
  return question;
}

void write_value(const ExactValue& value, dormouse::Map& map) {
  if (const auto* money = std::get_if<Money>(&value)) {
    dormouse::Map fields = map.map("value");
    fields.field("amount", money->amount).field("currency", money->currency);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    map.field("value", *text);
  } else if (const auto* whole = std::get_if<int64_t>(&value)) {
    map.field("value", *whole);
  } else {
    map.field("value", std::get<double>(value));
  }
}

class Entities {
 public:
  static std::unique_ptr<Entities> open(dormouse::Open& open) {
    auto entities = std::make_unique<Entities>();
    if (open.training()) return entities;
    std::optional<Model> model;
    if (open.model_path().empty()) {
      const std::string name(open.name());
      open.host().log().warning(
          "no model: only exact recognisers and the gazetteer answer; to have learned slots, run: "
          "dormouse train " +
          name + " --data FOLDER");
    } else {
      model.emplace(Model::open(std::string(open.model_path())));
    }
    Gazetteer gazetteer;
    if (const std::string_view path = open.settings()["gazetteer"].as_string(); !path.empty()) {
      gazetteer = Gazetteer::read(std::string(path));
    }
    entities->extractor_.emplace(std::move(model), std::move(gazetteer), exact_kinds_of(open.settings()["exact"]),
                                 open.settings()["min_confidence"].as_float(0));
    return entities;
  }

  void extract(dormouse::Call& call, dormouse::View in, dormouse::Writer out) const {
    if (!extractor_) throw dormouse::Failure(DM_FAILED_PRECONDITION, "opened for training: there is nothing to ask");
    const Question question = question_in(in);
    write(question.text, extractor_->extract(question, [&] { call.check_cancelled(); }), out);
  }

  void extract_together(dormouse::Batch& batch) const {
    for (uint32_t i = 0; i < batch.size(); ++i) {
      batch.answer(i, [&](dormouse::Writer out) {
        dormouse::Call call = batch.call(i);
        extract(call, batch.in(i), out);
      });
    }
  }

  void train(dormouse::Call& call, dormouse::View in, dormouse::Writer out) const {
    TrainOptions options;
    options.passes = count_in(in, "passes", options.passes, 1, 100);
    options.rate = number_in(in, "rate", options.rate, 0.001, 1);
    options.count_min = count_in(in, "count_min", 0, 0, 1000);
    options.bytes_max = 1e6 * number_in(in, "megabytes", options.bytes_max / 1e6, 0.5, 500);
    options.skip_bad = in["skip_bad"].as_bool(false);
    const TrainReport report = dormouse::entities::train(strings_of(in["data"]), std::string(in["output"].as_string()),
                                                         options, [&](double done, const char* what) {
                                                           call.check_cancelled();
                                                           call.progress(done, 1, what);
                                                         });
    write_report(report, out);
  }

 private:
  static void write(std::string_view text, const std::vector<Entity>& entities, dormouse::Writer out) {
    dormouse::Map map = out.map();
    dormouse::List list = map.list("entities");
    for (const Entity& e : entities) {
      dormouse::Map entity = list.map();
      entity.field("type", e.type)
          .field("text", text.substr(e.begin, e.end - e.begin))
          .field("start", e.start)
          .field("end", e.stop);
      if (e.value) write_value(*e.value, entity);
      entity.field("confidence", e.confidence);
    }
  }

  static void write_score(const Score& score, dormouse::Map& map) {
    map.field("f1", hundredths(score.f1()))
        .field("precision", hundredths(score.precision()))
        .field("recall", hundredths(score.recall()))
        .field("spans", score.wanted);
  }

  static void write_report(const TrainReport& report, dormouse::Writer out) {
    dormouse::Map map = out.map();
    map.field("examples", report.examples)
        .field("tokens", report.tokens)
        .field("spans", report.spans)
        .field("spans_widened", report.spans_widened)
        .field("types", report.types)
        .field("intents", report.kinds)
        .field("features", report.features)
        .field("weights", report.weights)
        .field("model_bytes", report.model_bytes)
        .field("seconds", std::round(report.seconds * 10) / 10)
        .field("dev_examples", report.dev.examples);
    dormouse::nlu::write_skipped(report.skipped, map);
    if (report.dev.examples == 0) return;
    {
      dormouse::Map dev = map.map("dev");
      write_score(report.dev.all, dev);
      dev.field("calibration_error", std::round(report.dev.calibration_error * 1e3) / 1e3);
    }
    {
      dormouse::Map types = map.map("dev_types");
      for (const TypeScore& type : report.dev.types) {
        dormouse::Map one = types.map(type.type);
        write_score(type.score, one);
      }
    }
    dormouse::List confusions = map.list("worst_confusions");
    for (const Confusion& c : report.dev.confusions) {
      dormouse::Map one = confusions.map();
      one.field("wanted", c.wanted.empty() ? std::string("nothing") : c.wanted)
          .field("found", c.found.empty() ? std::string("nothing") : c.found)
          .field("count", c.count);
    }
  }

  std::optional<Extractor> extractor_;
};

constexpr dormouse::Type<Entities> entities_type(
    "nlu.entities", dormouse::method<&Entities::extract, &Entities::extract_together>("extract"),
    dormouse::method<&Entities::train>("train"));
constexpr dormouse::Plugin plugin("nlu-entities", "1.1.0", entities_type);

}  // namespace

constexpr dm_plugin dormouse_plugin = plugin.table();
