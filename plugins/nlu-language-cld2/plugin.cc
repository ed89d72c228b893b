// Plugin nlu-language-cld2: type `nlu.language` answered by CLD2, to compare with and to fall back to while there is no
// trained model. The same fields as plugin nlu-language, so one takes the other's place in a configuration.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "cld2.h"
#include "dormouse/plugin.hpp"

namespace {

namespace cld2 = dormouse::cld2;

void write_guess(const cld2::Guess& guess, dormouse::Map& map) {
  map.field("code", guess.code).field("script", guess.script).field("confidence", guess.confidence);
}

class Language {
 public:
  static std::unique_ptr<Language> open(dormouse::Open& open) {
    auto language = std::make_unique<Language>();
    for (dormouse::View code : open.settings()["languages"].items()) language->allowed_.emplace_back(code.as_string());
    language->min_confidence_ = open.settings()["min_confidence"].as_float(0);
    return language;
  }

  void detect(dormouse::Call&, dormouse::View in, dormouse::Writer out) const {
    const int64_t top = in["top"].as_int(3);
    if (top < 0 || top > 10) {
      throw dormouse::Failure(DM_INVALID_ARGUMENT, "field 'top': needed 0 to 10, found " + std::to_string(top));
    }
    const cld2::Guesses all = cld2::detect(in["text"].as_string());
    std::vector<cld2::Guess> guesses(all.guess.begin(), all.guess.begin() + all.size);
    std::erase_if(guesses, [&](const cld2::Guess& guess) { return !allows(guess.code); });

    dormouse::Map map = out.map();
    const bool sure = !guesses.empty() && guesses.front().confidence >= min_confidence_;
    write_guess(sure ? guesses.front() : cld2::Guess{}, map);
    dormouse::List list = map.list("alternatives");
    const size_t first = sure ? 1 : 0;
    for (size_t i = first; i < std::min(guesses.size(), first + static_cast<size_t>(top)); ++i) {
      dormouse::Map alternative = list.map();
      write_guess(guesses[i], alternative);
    }
  }

 private:
  bool allows(std::string_view code) const {
    return allowed_.empty() || std::find(allowed_.begin(), allowed_.end(), code) != allowed_.end();
  }

  std::vector<std::string> allowed_;
  double min_confidence_ = 0;
};

constexpr dormouse::Type<Language> language_type("nlu.language", dormouse::method<&Language::detect>("detect"));
constexpr dormouse::Plugin plugin("nlu-language-cld2", "1.0.0", language_type);

}  // namespace

constexpr dm_plugin dormouse_plugin = plugin.table();
