// Plugin embed-lsa: type `embed.lsa`, methods `embed`, `embed_many` and `train`. README.md tells what it can do and how
// it was measured; here is only the translation between the ABI and model.h, trainer.h.
#include "dormouse/plugin.hpp"
#include "dormouse/arguments.hpp"

#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model.h"
#include "nlu/skipped_report.h"
#include "trainer.h"

namespace {

using namespace dormouse::lsa;
using dormouse::choice_in;
using dormouse::count_in;
using dormouse::Failure;
using dormouse::number_in;
using dormouse::strings_of;
using dormouse::nlu::Precision;

Precision precision_in(dormouse::View in) {
  using enum Precision;
  return choice_in<Precision>(in, "quantisation",
                              {{dormouse::nlu::precision_name(int8), int8},
                               {dormouse::nlu::precision_name(float16), float16},
                               {dormouse::nlu::precision_name(float32), float32}});
}

TrainOptions options_in(dormouse::View in) {
  TrainOptions options;
  dormouse::nlu::FeatureOptions& features = options.features;
  features.words = count_in(in, "words", features.words, 1, dormouse::nlu::kWordOrderMax);
  features.letters_min = count_in(in, "letters_min", features.letters_min, 1, dormouse::nlu::kLetterOrderMax);
  features.letters_max = count_in(in, "letters_max", features.letters_max, 0, dormouse::nlu::kLetterOrderMax);
  options.letters_weight = number_in(in, "letters_weight", options.letters_weight, 0, 10);
  options.idf_power = number_in(in, "idf_power", options.idf_power, 0, 4);
  options.flatten = number_in(in, "flatten", options.flatten, 0, 1);
  options.dimension = count_in(in, "dimension", options.dimension, 2, kDimensionMax);
  options.rows_min = count_in(in, "rows_min", options.rows_min, 1, 100);
  options.features_max = count_in(in, "ngrams", options.features_max, 100, kFeaturesMax);
  options.iterations = count_in(in, "iterations", options.iterations, 0, 20);
  options.precision = precision_in(in);
  options.dev_share = number_in(in, "dev_share", options.dev_share, 0, 0.5);
  options.skip_bad = in["skip_bad"].as_bool(false);
  options.learn_dev = in["learn_dev"].as_bool(true);
  return options;
}

// Borrowed from the request.
std::vector<Passage> passages_in(dormouse::View in) {
  const dormouse::View texts = in["texts"], titles = in["titles"], documents = in["documents"];
  if (static_cast<bool>(texts) == static_cast<bool>(documents))
    throw Failure(DM_INVALID_ARGUMENT, "needed either texts or documents, found both or none");
  if (titles && titles.size() != texts.size()) {
    throw Failure(DM_INVALID_ARGUMENT, "field 'titles': needed one for each of " + std::to_string(texts.size()) +
                                           " texts, found " + std::to_string(titles.size()));
  }
  std::vector<Passage> passages;
  for (uint32_t i = 0; i < texts.size(); ++i) passages.push_back({texts.at(i).as_string(), titles.at(i).as_string("")});
  for (const dormouse::View document : documents.items())
    passages.push_back({document["text"].as_string(""), document["title"].as_string("")});
  return passages;
}

class Embedder {
 public:
  static std::unique_ptr<Embedder> open(dormouse::Open& open) {
    auto embedder = std::make_unique<Embedder>();
    if (open.training()) return embedder;
    if (open.model_path().empty()) {
      throw Failure(DM_NOT_FOUND, "no model for '" + std::string(open.name()) + "'; run: dormouse train " +
                                      std::string(open.name()) + " --data rows.tsv");
    }
    embedder->model_.emplace(Model::open(std::string(open.model_path())));
    return embedder;
  }

  void embed(dormouse::Call&, dormouse::View in, dormouse::Writer out) const {
    Scratch scratch;
    write_one(in, &scratch, out);
  }

  void embed_together(dormouse::Batch& batch) const {
    Scratch scratch;
    for (uint32_t i = 0; i < batch.size(); ++i) {
      batch.answer(i, [&](dormouse::Writer out) { write_one(batch.in(i), &scratch, out); });
    }
  }

  void embed_many(dormouse::Call& call, dormouse::View in, dormouse::Writer out) const {
    const std::vector<Passage> passages = passages_in(in);
    const size_t n = model().dimension();
    dormouse::Map map = out.map();
    map.field("model", model().stamp());
    float* rows = map.field("vectors").tensor<float>({static_cast<int64_t>(passages.size()), static_cast<int64_t>(n)});
    Scratch scratch;
    for (size_t i = 0; i < passages.size(); ++i) {
      if (i % kTextsBetweenChecks == 0) call.check_cancelled();
      model().embed(passages[i], &scratch, rows + i * n);
    }
  }

  void train(dormouse::Call& call, dormouse::View in, dormouse::Writer out) const {
    const TrainReport report = dormouse::lsa::train(strings_of(in["data"]), std::string(in["output"].as_string()),
                                                    options_in(in), [&](double done, const char* what) {
                                                      call.check_cancelled();
                                                      call.progress(done, 1, what);
                                                    });
    dormouse::Map map = out.map();
    map.field("texts", report.texts)
        .field("ngrams", report.ngrams)
        .field("ngrams_left_out", report.ngrams_left_out)
        .field("dimension", report.dimension)
        .field("model_bytes", report.model_bytes)
        .field("seconds", std::round(report.seconds * 10) / 10);
    dormouse::nlu::write_skipped(report.skipped, map);
    if (report.dev_texts == 0) return;
    dormouse::Map dev = map.map("dev");
    dev.field("texts", report.dev_texts)
        .field("kept", std::round(report.dev_kept * 1e4) / 100)  // per cent
        .field("cosine_to_float32", std::round(report.dev_cosine * 1e5) / 1e5);
  }

 private:
  static constexpr uint32_t kTextsBetweenChecks = 64;

  const Model& model() const {
    if (!model_) throw Failure(DM_FAILED_PRECONDITION, "opened for training: there is no model to ask");
    return *model_;
  }

  void write_one(dormouse::View in, Scratch* scratch, dormouse::Writer out) const {
    dormouse::Map map = out.map();
    map.field("model", model().stamp());
    float* vector = map.field("vector").tensor<float>({static_cast<int64_t>(model().dimension())});
    model().embed({in["text"].as_string(), in["title"].as_string("")}, scratch, vector);
  }

  std::optional<Model> model_;
};

constexpr dormouse::Type<Embedder> embedder_type("embed.lsa",
                                                 dormouse::method<&Embedder::embed, &Embedder::embed_together>("embed"),
                                                 dormouse::method<&Embedder::embed_many>("embed_many"),
                                                 dormouse::method<&Embedder::train>("train"));
constexpr dormouse::Plugin plugin("embed-lsa", "1.0.0", embedder_type);

}  // namespace

constexpr dm_plugin dormouse_plugin = plugin.table();
