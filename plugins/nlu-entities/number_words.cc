// English number words of reading.h, and ordinals.
#include "reading.h"

namespace dormouse::entities {
namespace {

struct NumberWord {
  std::string_view word;
  int64_t value;
};

constexpr NumberWord kSmall[] = {
    {"zero", 0},      {"one", 1},       {"two", 2},       {"three", 3},    {"four", 4},     {"five", 5},
    {"six", 6},       {"seven", 7},     {"eight", 8},     {"nine", 9},     {"ten", 10},     {"eleven", 11},
    {"twelve", 12},   {"thirteen", 13}, {"fourteen", 14}, {"fifteen", 15}, {"sixteen", 16}, {"seventeen", 17},
    {"eighteen", 18}, {"nineteen", 19}, {"twenty", 20},   {"thirty", 30},  {"forty", 40},   {"fifty", 50},
    {"sixty", 60},    {"seventy", 70},  {"eighty", 80},   {"ninety", 90}};
constexpr NumberWord kScales[] = {
    {"thousand", 1'000}, {"million", 1'000'000}, {"billion", 1'000'000'000}, {"trillion", 1'000'000'000'000}};
constexpr NumberWord kOrdinals[] = {
    {"first", 1},      {"second", 2},       {"third", 3},       {"fourth", 4},       {"fifth", 5},
    {"sixth", 6},      {"seventh", 7},      {"eighth", 8},      {"ninth", 9},        {"tenth", 10},
    {"eleventh", 11},  {"twelfth", 12},     {"thirteenth", 13}, {"fourteenth", 14},  {"fifteenth", 15},
    {"sixteenth", 16}, {"seventeenth", 17}, {"eighteenth", 18}, {"nineteenth", 19},  {"twentieth", 20},
    {"thirtieth", 30}, {"fortieth", 40},    {"fiftieth", 50},   {"sixtieth", 60},    {"seventieth", 70},
    {"eightieth", 80}, {"ninetieth", 90},   {"hundredth", 100}, {"thousandth", 1000}};

// Behind a number they make a fraction of it, or another number: "two thirds", "two grand".
constexpr std::string_view kFractions[] = {
    "half",    "halves", "quarter", "quarters",   "third", "thirds", "fourths",  "fifth",     "fifths",   "sixths",
    "eighths", "tenth",  "tenths",  "hundredths", "grand", "score",  "hundreds", "thousands", "millions", "billions"};

// Words of the longest number looked at.
constexpr size_t kWordsMax = 24;

template <size_t N>
std::optional<int64_t> find(const NumberWord (&table)[N], std::string_view word) {
  for (const NumberWord& w : table) {
    if (w.word == word) return w.value;
  }
  return std::nullopt;
}

// "forty-two", "one hundred and five", "a hundred and twenty", "two million three hundred thousand": a running total
// and a part below 1000.
struct Words {
  size_t last = 0;
  int64_t value = 0;
  bool complete = true;  // no further number word stands behind it
};
std::optional<Words> read_words(const Lexemes& l, size_t i) {
  int64_t total = 0, part = 0, scale_before = INT64_MAX;
  bool any = false, tens = false, units = false;
  size_t at = i, end = i;
  if ((l.is(i, "a") || l.is(i, "an")) && (l.is(i + 1, "hundred") || find(kScales, l.word(i + 1)))) {
    part = 1;
    any = units = true;
    ++at;
  }
  while (at < i + kWordsMax) {
    size_t word = at;
    const bool after_scale = (part % 1000 >= 100 || total > 0) && !tens && !units;
    if (any && l.is(at, "and") && after_scale) ++word;
    if (any && l.is(at, "-") && l.touches(at) && l.touches(at + 1) && (tens || l.is(at + 1, "hundred"))) ++word;
    const std::string_view w = l.word(word);
    if (const auto small = find(kSmall, w)) {
      if (units || (tens && (*small == 0 || *small > 9))) break;
      if (any && *small == 0) break;
      part += *small;
      tens = *small >= 20;
      units = !tens;
    } else if (w == "hundred" && any && part >= 1 && part <= 99 && word == at + (l.is(at, "-") ? 1 : 0)) {
      part *= 100;
      tens = units = false;
    } else if (const auto scale = find(kScales, w); scale && any && part > 0 && *scale < scale_before) {
      total += part * *scale;
      scale_before = *scale;
      part = 0;
      tens = units = false;
    } else {
      break;
    }
    any = true;
    at = end = word + 1;
  }
  if (end == i) return std::nullopt;
  return Words{end, total + part, !is_number_word(l.word(end))};
}

// "one" is a number where it counts something, not in "this one", "no one", "one of them".
bool counts_one(const Lexemes& l, size_t i) {
  constexpr std::string_view kBefore[] = {"for",     "add",   "plus", "minus", "number",  "just",    "only",
                                          "exactly", "least", "most", "than",  "to",      "between", "and",
                                          "or",      "from",  "need", "want",  "order",   "buy",     "by",
                                          "with",    "about", "have", "times", "negative"};
  constexpr std::string_view kAfter[] = {"of", "another", "who", "which",  "that",
                                         "is", "was",     "can", "should", "would"};
  if (is_one_of(l.word(i + 1), kAfter) || l.is(i + 1, "'")) return false;
  if (i == 0) return i + 1 < l.size();
  return is_one_of(before(l, i), kBefore) || l.is(i - 1, ",") || l.is(i + 1, "more") || l.is(i + 1, "person");
}

// A dozen, half a dozen, half a million, two dozen: what stands before the scale.
std::optional<Amount> read_scaled(const Lexemes& l, size_t i) {
  const bool half = l.is(i, "half") && l.is(i + 1, "a");
  const size_t scale_at = half ? i + 2 : l.is(i, "a") ? i + 1 : 0;
  if (scale_at == 0) return std::nullopt;
  if (l.is(scale_at, "dozen")) return Amount{scale_at + 1, int64_t{half ? 6 : 12}, true};
  const auto scale = half ? find(kScales, l.word(scale_at)) : std::nullopt;
  if (scale) return Amount{scale_at + 1, *scale / 2, true};
  return std::nullopt;
}

}  // namespace

bool is_number_word(std::string_view word) {
  return find(kSmall, word) || find(kScales, word) || word == "hundred" || word == "dozen";
}

size_t number_words_end(const Lexemes& l, size_t i) {
  size_t at = i;
  while (at < l.size() && at < i + kWordsMax) {
    size_t word = at;
    if (at > i && ((l.is(at, "-") && l.touches(at) && l.touches(at + 1)) || l.is(at, "point"))) ++word;
    if (!is_number_word(l.word(word)) && !(at > i && is_one_of(l.word(word), kFractions))) break;
    at = word + 1;
  }
  return at;
}

std::optional<Amount> read_number_words(const Lexemes& l, size_t i) {
  if (auto scaled_amount = read_scaled(l, i)) return scaled_amount;
  const auto words = read_words(l, i);
  if (!words) return std::nullopt;
  // "half eight" is a time of day in one country and another one elsewhere.
  const std::string_view prior = before(l, i);
  if (prior == "half" || (i > 0 && l.touches(i) && l.is(i - 1, "-"))) return std::nullopt;
  if (words->value == 1 && words->last == i + 1 && l.is(i, "one") && !counts_one(l, i) && !l.is(i + 1, "and") &&
      !l.is(i + 1, "point") && !l.is(i + 1, "-") && !time_unit_at(l, i + 1)) {
    return std::nullopt;
  }
  size_t at = words->last;
  if (l.is(at, "dozen")) return Amount{at + 1, words->value * 12, true};
  if (!words->complete) return std::nullopt;
  Amount amount{at, words->value, true};
  if (l.is(at, "and") && l.is(at + 1, "a") && (l.is(at + 2, "half") || l.is(at + 2, "quarter"))) {
    if (words->value >= 100) return std::nullopt;  // "a million and a half"
    amount = {at + 3, static_cast<double>(words->value) + (l.is(at + 2, "half") ? 0.5 : 0.25), true};
    if (const auto scale = find(kScales, l.word(at + 3))) {
      amount = {at + 4, std::get<double>(amount.value) * static_cast<double>(*scale), true};
    }
  } else if (l.is(at, "point")) {
    double value = static_cast<double>(words->value), place = 0.1;
    for (++at; at < i + kWordsMax; ++at, place /= 10) {
      const auto digit = find(kSmall, l.word(at));
      if (!digit || *digit > 9) break;
      value += place * static_cast<double>(*digit);
    }
    if (at == words->last + 1) return std::nullopt;
    amount = {at, value, true};
    if (const auto scale = find(kScales, l.word(at))) amount = {at + 1, value * static_cast<double>(*scale), true};
  }
  at = amount.last;
  if (is_number_word(l.word(at)) || is_one_of(l.word(at), kFractions)) return std::nullopt;
  // "one-way", "fifty-fifty"; "five-minute" is an amount of time and "five-ten" a range.
  if (is_dash(l, at) && l.touches(at) && l.touches(at + 1) && l.is_letters(at + 1) && !time_unit_at(l, at + 1)) {
    const auto next = read_words(l, at + 1);
    if (!next || next->value <= words->value) return std::nullopt;
  }
  return amount;
}

std::optional<ExactMatch> match_ordinal(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  if (l.is_digits(i)) {
    if (!l.touches(i + 1) || l.word(i).size() > 9 || l.word(i)[0] == '0' || cuts_numeral(l, i)) return std::nullopt;
    int64_t value = 0;
    for (const char c : l.word(i)) value = value * 10 + (c - '0');
    const int64_t tens = value % 100, last = value % 10;
    const std::string_view wanted = tens >= 11 && tens <= 13 ? "th"
                                    : last == 1              ? "st"
                                    : last == 2              ? "nd"
                                    : last == 3              ? "rd"
                                                             : "th";
    if (l.is(i + 1, wanted)) return ExactMatch{i, i + 2, value};
    return std::nullopt;
  }
  if (!r.locale.english_words) return std::nullopt;
  const std::string_view prior = before(l, i);
  // "twenty-first", "one hundred and first"
  if (const auto words = read_words(l, i)) {
    size_t at = words->last;
    const bool joined = l.is(at, "-") || l.is(at, "and");
    if (joined) ++at;
    const auto end = find(kOrdinals, l.word(at));
    const bool is_open = l.is(at, "second") && !joined && prior != "the";  // "twenty second delay"
    if (end && !is_open && words->value % 10 == 0 && words->value >= 20 && *end < 10) {
      return ExactMatch{i, at + 1, words->value + *end};
    }
    return std::nullopt;
  }
  const auto value = find(kOrdinals, l.word(i));
  if (!value) return std::nullopt;
  // "a second opinion", "a third of it", "every second", "at first", "first of all", "first name", "second hand"
  constexpr std::string_view kNoOrder[] = {"a", "an", "every", "each", "per", "at", "one", "split", "half"};
  constexpr std::string_view kNoOrderBehind[] = {"name", "names", "hand", "aid", "party", "parties", "class", "-"};
  if (is_one_of(prior, kNoOrder) || is_number_word(prior) || (i > 0 && l.is_digits(i - 1))) return std::nullopt;
  if (is_one_of(l.word(i + 1), kNoOrderBehind) || (l.is(i + 1, "of") && l.is(i + 2, "all"))) return std::nullopt;
  if (l.is(i, "first") && (i == 0 || stops(l, i + 1)) && (prior.empty() || prior == ",")) return std::nullopt;
  return ExactMatch{i, i + 1, *value};
}

}  // namespace dormouse::entities
