#include "small_set.h"

#include <fstream>
#include <iterator>

#include "trainer.h"

namespace dormouse::intent {

namespace {

struct Part {
  const char* intent;
  std::vector<std::string> beginnings, ends;
};

const std::vector<Part>& parts() {
  static const std::vector<Part> kParts = {
      {"weather",
       {"what is the weather", "will it rain", "is it sunny"},
       {"today", "in Paris", "on Monday", "tomorrow"}},
      {"alarm", {"set an alarm", "wake me up", "ring the bell"}, {"at seven", "in one hour", "tomorrow", "on Monday"}},
      {"music",
       {"play a song", "I want to hear jazz", "put on some music"},
       {"now", "by Miles Davis", "in the kitchen", "please"}},
      {"reise",
       {"ich möchte einen Zug buchen", "wie komme ich", "zeig mir Fahrkarten"},
       {"nach Köln", "zum Museum", "heute", "am Montag"}},
      {"oos",
       {"who invented", "how heavy is", "why do people like"},
       {"the bicycle", "an elephant", "philosophy", "paint"}},
  };
  return kParts;
}

}  // namespace

std::string small_tsv() {
  std::string tsv = "text\tintent\n";
  for (const Part& part : parts()) {
    for (const std::string& beginning : part.beginnings) {
      for (const std::string& end : part.ends) tsv += beginning + " " + end + "\t" + part.intent + "\n";
    }
  }
  return tsv;
}

std::string write_text(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string small_model(const std::string& folder) {
  const std::string rows = write_text(folder + "/rows.tsv", small_tsv());
  train({rows}, folder + "/model", {}, [](double, const char*) {});
  return folder + "/model";
}

ModelContent two_intents(bool scope) {
  ModelContent content;
  content.labels = {"a", "b"};
  content.has_scope = scope;
  content.features = {1, 1, 0, 0, 1, 0};
  std::vector<Feature> features;
  read_features("left right else", content.features, &features);
  for (const Feature& feature : features) content.hashes.push_back(feature.hash);
  content.idf = {1, 1, 1};
  content.weights =
      scope ? std::vector<float>{1, -1, -1, -1, 1, -1, -1, -1, 1} : std::vector<float>{1, -1, -1, 1, 0, 0};
  content.bias.assign(scope ? 3 : 2, 0.0f);
  return content;
}

}  // namespace dormouse::intent
