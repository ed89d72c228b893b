#include "calibration.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace dormouse::language {
namespace {

constexpr int kRounds = 12;
constexpr double kStartTemperature = 0.6;
// Step sizes of AdaGrad, in the units of what they move. A place is one of about a hundred of a sentence.
constexpr double kStepPerPlace = 0.01, kStepBias = 0.05, kStepTemperature = 0.05;

// One number that is learnt, with its own falling step size.
class Learnt {
 public:
  explicit Learnt(double value = 0) : value_(value) {}
  double value() const { return value_; }
  void descend(double gradient, double step) {
    squares_ += gradient * gradient;
    value_ -= step * gradient / std::sqrt(squares_ + 1e-6);
  }

 private:
  double value_;
  double squares_ = 0;
};

class Fit {
 public:
  explicit Fit(size_t class_count) : per_place_(class_count), bias_(class_count), chance_(class_count) {
    temperature_.fill(Learnt(std::log(kStartTemperature)));  // learnt as a logarithm, so it stays above 0
  }

  void learn(const ScoredText& text, double pace) {
    Learnt& log_temperature = temperature_[length_bin(text.letters)];
    const double temperature = std::exp(log_temperature.value());
    const double places = text.places;
    double top = -1e300, sum = 0;
    for (size_t i = 0; i < chance_.size(); ++i) {
      chance_[i] = temperature * (text.scores[i] + places * per_place_[i].value()) + bias_[i].value();
      top = std::max(top, chance_[i]);
    }
    for (double& x : chance_) sum += x = std::exp(x - top);
    double towards_temperature = 0;
    for (size_t i = 0; i < chance_.size(); ++i) {
      const double error = chance_[i] / sum - (i == text.cls ? 1 : 0);
      towards_temperature += error * temperature * (text.scores[i] + places * per_place_[i].value());
      if (std::abs(error) < 1e-6) continue;
      per_place_[i].descend(error * temperature * places, pace * kStepPerPlace);
      bias_[i].descend(error, pace * kStepBias);
    }
    log_temperature.descend(towards_temperature, pace * kStepTemperature);
  }

  Calibration result() const {
    Calibration out;
    for (const Learnt& x : per_place_) out.per_place.push_back(static_cast<float>(x.value()));
    for (const Learnt& x : bias_) out.bias.push_back(static_cast<float>(x.value()));
    for (size_t i = 0; i < kLengthBins; ++i) out.temperature[i] = static_cast<float>(std::exp(temperature_[i].value()));
    return out;
  }

 private:
  std::vector<Learnt> per_place_, bias_;
  std::array<Learnt, kLengthBins> temperature_;
  std::vector<double> chance_;
};

// A fixed order that mixes classes and lengths; std::shuffle differs between libraries.
std::vector<uint32_t> mixed_order(size_t size) {
  std::vector<uint32_t> order(size);
  std::iota(order.begin(), order.end(), 0);
  uint64_t state = 0x9E3779B97F4A7C15u;
  for (size_t i = size; i > 1; --i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    std::swap(order[i - 1], order[(state >> 33) % i]);
  }
  return order;
}

}  // namespace

Calibration calibrate(const std::vector<ScoredText>& texts, size_t class_count, const std::function<void()>& on_round) {
  Fit fit(class_count);
  const std::vector<uint32_t> order = mixed_order(texts.size());
  for (int round = 0; round < kRounds; ++round) {
    on_round();
    const double pace = 1 - static_cast<double>(round) / kRounds;
    for (uint32_t i : order) fit.learn(texts[i], pace);
  }
  return fit.result();
}

}  // namespace dormouse::language
