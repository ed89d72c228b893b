#include "small_corpus.h"

#include <fstream>
#include <iterator>

namespace dormouse::lsa {

std::string small_tsv() {
  return "text\n"
         "will it rain today or will the sun shine\n"
         "rain and wind all day with little sun\n"
         "the wind brings rain and storm today\n"
         "a storm with wind is no day of sun\n"
         "wake me with the alarm at seven\n"
         "the alarm rings at seven to wake people\n"
         "set the alarm for seven and wake early\n"
         "people who wake early need no alarm\n"
         "boil the pasta with salt and olive oil\n"
         "fry garlic in olive oil and add salt\n"
         "pasta with garlic needs oil and salt\n"
         "boil water for pasta and add garlic\n";
}

std::string write_text(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TrainOptions small_options() {
  TrainOptions options;
  options.dimension = 4;
  options.dev_share = 0;
  return options;
}

std::string small_model(const std::string& folder, const TrainOptions& options) {
  const std::string rows = write_text(folder + "/rows.tsv", small_tsv()), model = folder + "/small.model";
  train({rows}, model, options, [](double, const char*) {});
  return model;
}

double cosine(const Model& model, const std::string& a, const std::string& b) {
  Scratch scratch;
  std::vector<float> x(model.dimension()), y(model.dimension());
  model.embed({a}, &scratch, x.data());
  model.embed({b}, &scratch, y.data());
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) sum += static_cast<double>(x[i]) * static_cast<double>(y[i]);
  return sum;
}

}  // namespace dormouse::lsa
