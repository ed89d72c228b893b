// Numbers, ordinals, per cent and money of recognisers.h.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>

#include "recognisers.h"

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

// Words of the longest number looked at, and digits of a run.
constexpr size_t kWordsMax = 24;
constexpr size_t kDigitsMax = 18;

template <size_t N>
std::optional<int64_t> find(const NumberWord (&table)[N], std::string_view word) {
  for (const NumberWord& w : table) {
    if (w.word == word) return w.value;
  }
  return std::nullopt;
}

std::optional<int64_t> digits_value(std::string_view digits) {
  if (digits.empty() || digits.size() > kDigitsMax) return std::nullopt;
  int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

// "12", "1,234,567", "3.5", "1,234.50"; perhaps a scale behind it: "3.5 million".
std::optional<ExactMatch> match_digits(const Lexemes& l, size_t i) {
  if (!l.is_digits(i)) return std::nullopt;
  std::string digits(l.word(i));
  size_t at = i + 1;
  const auto group = [&](size_t k) { return l.is_digits(k + 1) && l.touches(k) && l.touches(k + 1); };
  while (digits.size() <= kDigitsMax && l.is(at, ",") && group(at) && l.word(at + 1).size() == 3 &&
         (at > i + 1 || l.word(i).size() <= 3)) {
    digits += l.word(at + 1);
    at += 2;
  }
  if (digits.size() > kDigitsMax) return std::nullopt;
  const auto scale_at = [&](size_t k) { return find(kScales, l.word(k)); };
  if (l.is(at, ".") && group(at) && l.word(at + 1).size() <= kDigitsMax &&
      !(l.is(at + 2, ".") && l.touches(at + 2) && group(at + 2))) {
    digits += '.';
    digits += l.word(at + 1);
    double value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    at += 2;
    if (const auto scale = scale_at(at)) {
      value *= static_cast<double>(*scale);
      ++at;
      if (value == std::floor(value) && value < 9e15) return ExactMatch{i, at, static_cast<int64_t>(value)};
    }
    return ExactMatch{i, at, value};
  }
  const auto value = digits_value(digits);
  if (!value) return std::nullopt;
  if (const auto scale = scale_at(at); scale && *value < 1'000'000) return ExactMatch{i, at + 1, *value * *scale};
  return ExactMatch{i, at, *value};
}

// "forty-two", "one hundred and five", "two million three hundred thousand". A running total and a part below 1000.
struct Words {
  size_t last = 0;
  int64_t value = 0;
};
std::optional<Words> read_words(const Lexemes& l, size_t i) {
  int64_t total = 0, part = 0, scale_before = INT64_MAX;
  bool any = false, tens = false, units = false;
  size_t at = i, end = i;
  while (at < i + kWordsMax) {
    size_t word = at;
    if (any && l.is(at, "and") && (part % 1000 >= 100 || total > 0) && !tens && !units) ++word;
    if (any && l.is(at, "-") && l.touches(at) && l.touches(at + 1) && tens) ++word;
    const std::string_view w = l.word(word);
    if (const auto small = find(kSmall, w)) {
      if (units || (tens && (*small == 0 || *small > 9))) break;
      if (any && *small == 0) break;
      part += *small;
      tens = *small >= 20;
      units = !tens;
    } else if (w == "hundred" && any && part >= 1 && part <= 99) {
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
  if (!any) return std::nullopt;
  return Words{end, total + part};
}

double amount_of(const ExactValue& value) {
  if (const auto* whole = std::get_if<int64_t>(&value)) return static_cast<double>(*whole);
  return std::get<double>(value);
}

struct Currency {
  std::string_view name, code;
};
constexpr Currency kSigns[] = {{"$", "USD"},   {"€", "EUR"}, {"£", "GBP"}, {"¥", "JPY"}, {"₹", "INR"}, {"₩", "KRW"},
                               {"₽", "RUB"}, {"₺", "TRY"}, {"₴", "UAH"}, {"₪", "ILS"}, {"₫", "VND"}, {"₿", "BTC"}};
constexpr Currency kNames[] = {
    {"dollar", "USD"}, {"dollars", "USD"}, {"bucks", "USD"}, {"usd", "USD"},  {"euro", "EUR"},   {"euros", "EUR"},
    {"eur", "EUR"},    {"pounds", "GBP"},  {"quid", "GBP"},  {"gbp", "GBP"},  {"yen", "JPY"},    {"jpy", "JPY"},
    {"rupees", "INR"}, {"rupee", "INR"},   {"inr", "INR"},   {"yuan", "CNY"}, {"cny", "CNY"},    {"rmb", "CNY"},
    {"francs", "CHF"}, {"chf", "CHF"},     {"sek", "SEK"},   {"nok", "NOK"},  {"dkk", "DKK"},    {"pln", "PLN"},
    {"zloty", "PLN"},  {"cad", "CAD"},     {"aud", "AUD"},   {"rub", "RUB"},  {"rubles", "RUB"}, {"krw", "KRW"},
    {"brl", "BRL"},    {"mxn", "MXN"},     {"egp", "EGP"}};

template <size_t N>
std::string_view code_of(const Currency (&table)[N], std::string_view name) {
  for (const Currency& c : table) {
    if (c.name == name) return c.code;
  }
  return {};
}

// Not the number's own digits: "5-6", "$-5".
bool minus_before_number(const Lexemes& l, size_t i) {
  return l.is(i, "-") && l[i].spaced && l.touches(i + 1) && l.is_digits(i + 1);
}

ExactValue negated(const ExactValue& value) {
  if (const auto* whole = std::get_if<int64_t>(&value)) return -*whole;
  return -std::get<double>(value);
}

}  // namespace

std::optional<ExactMatch> match_number(const Lexemes& l, size_t i) {
  if (minus_before_number(l, i)) {
    auto match = match_digits(l, i + 1);
    if (match) {
      match->first = i;
      match->value = negated(match->value);
    }
    return match;
  }
  if (auto match = match_digits(l, i)) return match;
  if (const auto words = read_words(l, i)) return ExactMatch{i, words->last, words->value};
  return std::nullopt;
}

std::optional<ExactMatch> match_ordinal(const Lexemes& l, size_t i) {
  if (l.is_digits(i) && l.touches(i + 1)) {
    const std::string_view ending = l.word(i + 1);
    const auto value = digits_value(l.word(i));
    if (value && (ending == "st" || ending == "nd" || ending == "rd" || ending == "th")) {
      return ExactMatch{i, i + 2, *value};
    }
    return std::nullopt;
  }
  // "twenty-first", "one hundred and first"
  if (const auto words = read_words(l, i)) {
    size_t at = words->last;
    if (l.is(at, "-") || l.is(at, "and")) ++at;
    const auto end = find(kOrdinals, l.word(at));
    if (end && words->value % 10 == 0 && words->value >= 20 && *end < 10)
      return ExactMatch{i, at + 1, words->value + *end};
    return std::nullopt;
  }
  if (const auto value = find(kOrdinals, l.word(i))) return ExactMatch{i, i + 1, *value};
  return std::nullopt;
}

std::optional<ExactMatch> match_percent(const Lexemes& l, size_t i) {
  const auto number = match_number(l, i);
  if (!number) return std::nullopt;
  size_t at = number->last;
  if (l.is(at, "%") || l.is(at, "percent") || l.is(at, "pct")) {
    ++at;
  } else if (l.is(at, "per") && l.is(at + 1, "cent")) {
    at += 2;
  } else {
    return std::nullopt;
  }
  return ExactMatch{i, at, amount_of(number->value)};
}

std::optional<ExactMatch> match_money(const Lexemes& l, size_t i) {
  std::string_view code = code_of(kSigns, l.word(i));
  if (code.empty() && l.word(i).size() == 3) code = code_of(kNames, l.word(i));
  if (!code.empty()) {
    const auto number = match_digits(l, i + 1);
    if (!number) return std::nullopt;
    return ExactMatch{i, number->last, Money{amount_of(number->value), std::string(code)}};
  }
  const auto number = match_number(l, i);
  if (!number) return std::nullopt;
  const size_t at = number->last;
  code = code_of(kSigns, l.word(at));
  if (code.empty()) code = code_of(kNames, l.word(at));
  if (code.empty()) return std::nullopt;
  double amount = amount_of(number->value);
  size_t end = at + 1;
  // "five dollars and twenty cents"
  const size_t rest = l.is(end, "and") ? end + 1 : end;
  if (const auto cents = match_number(l, rest); cents && (l.is(cents->last, "cents") || l.is(cents->last, "pence"))) {
    amount += amount_of(cents->value) / 100;
    end = cents->last + 1;
  }
  return ExactMatch{i, end, Money{amount, std::string(code)}};
}

}  // namespace dormouse::entities
