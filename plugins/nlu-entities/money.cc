// Money of recognisers.h. A bare dollar is the US one; a name that two currencies share, and pounds, which may be a
// weight, need the words around them.
#include "reading.h"

namespace dormouse::entities {
namespace {

struct Currency {
  std::string_view name, code;
};
constexpr Currency kSigns[] = {{"€", "EUR"}, {"£", "GBP"}, {"₹", "INR"}, {"₩", "KRW"}, {"₽", "RUB"},
                               {"₺", "TRY"}, {"₴", "UAH"}, {"₪", "ILS"}, {"₫", "VND"}, {"₿", "BTC"}};
// Letters before the sign of the dollar; other letters make it a dollar that is not known.
constexpr Currency kDollars[] = {{"us", "USD"}, {"a", "AUD"},  {"au", "AUD"}, {"c", "CAD"},
                                 {"ca", "CAD"}, {"hk", "HKD"}, {"nz", "NZD"}, {"s", "SGD"},
                                 {"r", "BRL"},  {"mx", "MXN"}, {"nt", "TWD"}};
constexpr Currency kCodes[] = {{"usd", "USD"}, {"eur", "EUR"}, {"gbp", "GBP"},  {"jpy", "JPY"},  {"inr", "INR"},
                               {"cny", "CNY"}, {"rmb", "CNY"}, {"chf", "CHF"},  {"sek", "SEK"},  {"nok", "NOK"},
                               {"dkk", "DKK"}, {"pln", "PLN"}, {"cad", "CAD"},  {"aud", "AUD"},  {"rub", "RUB"},
                               {"krw", "KRW"}, {"brl", "BRL"}, {"mxn", "MXN"},  {"egp", "EGP"},  {"nzd", "NZD"},
                               {"hkd", "HKD"}, {"sgd", "SGD"}, {"euro", "EUR"}, {"euros", "EUR"}};
constexpr Currency kWords[] = {{"dollar", "USD"}, {"dollars", "USD"}, {"bucks", "USD"}, {"quid", "GBP"}, {"yen", "JPY"},
                               {"rupees", "INR"}, {"rupee", "INR"},   {"yuan", "CNY"},  {"zloty", "PLN"}};

template <size_t N>
std::string_view code_of(const Currency (&table)[N], std::string_view name) {
  for (const Currency& c : table) {
    if (c.name == name) return c.code;
  }
  return {};
}

// Which currency a sign or name at some lexeme stands for.
struct Named {
  size_t last = 0;
  std::string_view code;  // empty: it may be two
};

bool in_capitals(const Lexemes& l, size_t i) {
  for (const char c : l.text().substr(l[i].begin, l[i].end - l[i].begin)) {
    if (c < 'A' || c > 'Z') return false;
  }
  return true;
}

std::optional<Named> sign_at(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  if (l.is(i, "¥") || l.is(i, "￥")) return Named{i + 1, r.locale.yen_sign};
  if (l.is(i, "$")) return Named{i + 1, "USD"};
  const std::string_view code = code_of(kSigns, l.word(i));
  if (code.empty()) return std::nullopt;
  return Named{i + 1, code};
}

// "$", "US$", "EUR"; a code in small letters may be a word: "rub 3 drops".
std::optional<Named> before_number(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  if (l.is_letters(i)) {
    if (l.is(i + 1, "$") && l.touches(i + 1)) {
      const std::string_view code = code_of(kDollars, l.word(i));
      return code.empty() ? std::nullopt : std::optional(Named{i + 2, code});
    }
    constexpr std::string_view kNoWords[] = {"usd", "eur", "gbp", "chf"};
    const std::string_view code = l.word(i).size() == 3 ? code_of(kCodes, l.word(i)) : std::string_view();
    if (code.empty() || (!in_capitals(l, i) && !is_one_of(l.word(i), kNoWords))) return std::nullopt;
    return Named{i + 1, code};
  }
  if (i > 0 && l.touches(i) && l.is_letters(i - 1)) return std::nullopt;  // found from the letters on, or not at all
  return sign_at(r, i);
}

// Pounds are money behind words of paying.
bool pays(const Lexemes& l, size_t i) {
  constexpr std::string_view kPaying[] = {
      "pay",    "paid",    "pays",  "transfer", "send",    "cost",   "costs", "spend", "spent",  "price", "owe",
      "charge", "charged", "worth", "withdraw", "deposit", "refund", "fee",   "bill",  "budget", "earn",  "donate"};
  for (size_t k = 1; k <= 5 && k <= i; ++k) {
    if (is_one_of(l.word(i - k), kPaying)) return true;
  }
  return false;
}

// `number` is where the amount begins.
std::optional<Named> after_number(const Reading& r, size_t number, size_t at) {
  const Lexemes& l = r.lexemes;
  if (auto sign = sign_at(r, at)) return sign;
  if (const std::string_view code = code_of(kCodes, l.word(at)); !code.empty()) return Named{at + 1, code};
  if (!r.locale.english_words) return std::nullopt;
  if (const std::string_view code = code_of(kWords, l.word(at)); !code.empty()) return Named{at + 1, code};
  if (l.is(at, "pounds") || l.is(at, "pound")) {
    if (l.is(at + 1, "sterling")) return Named{at + 2, "GBP"};
    if (r.locale.british || pays(l, number)) return Named{at + 1, "GBP"};
    return std::nullopt;
  }
  if (l.is(at, "swiss") && (l.is(at + 1, "francs") || l.is(at + 1, "franc"))) return Named{at + 2, "CHF"};
  constexpr Currency kNations[] = {{"us", "USD"},         {"american", "USD"},  {"canadian", "CAD"},
                                   {"australian", "AUD"}, {"singapore", "SGD"}, {"british", "GBP"}};
  constexpr std::string_view kUnits[] = {"dollar", "dollars", "pound", "pounds"};
  const std::string_view nation = code_of(kNations, l.word(at));
  const bool pound = l.is(at + 1, "pound") || l.is(at + 1, "pounds");
  if (!nation.empty() && is_one_of(l.word(at + 1), kUnits) && pound == (nation == "GBP")) return Named{at + 2, nation};
  return std::nullopt;
}

// k, m, bn written to the number.
std::optional<double> scale_letters(const Lexemes& l, size_t at) {
  if (!l.is_letters(at) || !l.touches(at)) return std::nullopt;
  if (l.is(at, "k")) return 1e3;
  if (l.is(at, "m") || l.is(at, "mn") || l.is(at, "mio")) return 1e6;
  if (l.is(at, "bn") || l.is(at, "b")) return 1e9;
  return std::nullopt;
}

ExactValue money(const ExactValue& amount, std::string_view code) {
  const auto number = as_double(amount);
  if (!number || code.empty()) return {};
  return Money{*number, std::string(code)};
}

struct Scaled {
  Amount amount;
  bool by_letters = false;
};
std::optional<Scaled> read_scaled(const Reading& r, size_t i) {
  auto amount = read_amount(r, i);
  if (!amount) return std::nullopt;
  const auto scale = amount->in_words ? std::nullopt : scale_letters(r.lexemes, amount->last);
  if (scale) {
    amount->value = scaled(amount->value, *scale);
    ++amount->last;
  }
  return Scaled{*amount, scale.has_value()};
}

// "$5", "-$5", "$5k", "USD 5 million"
std::optional<ExactMatch> sign_first(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  const bool minus = (l.is(i, "-") || l.is(i, "−")) && l[i].spaced && l.touches(i + 1);
  const auto sign = before_number(r, minus ? i + 1 : i);
  if (!sign) return std::nullopt;
  const bool inner = !minus && l.is(sign->last, "-") && l.touches(sign->last) && l.touches(sign->last + 1);
  const size_t begin = inner ? sign->last + 1 : sign->last;
  if (!l.is_digits(begin)) return std::nullopt;
  const auto number = read_scaled(r, begin);
  if (!number || (l.is_letters(number->amount.last) && l.touches(number->amount.last) && !number->by_letters)) {
    return std::nullopt;
  }
  size_t end = number->amount.last;
  if (number->by_letters && l.is_letters(end) && l.touches(end)) return std::nullopt;
  ExactValue value = minus || inner ? scaled(number->amount.value, -1) : number->amount.value;
  // "$5-10k": thousands of which?
  if (const size_t second = second_end(l, begin, end); second != 0 && !number->by_letters && is_dash(l, end)) {
    const auto other = read_scaled(r, second);
    if (other && (other->by_letters || is_number_word(l.word(other->amount.last - 1)))) value = {};
  }
  std::string_view code = sign->code;
  if (const std::string_view other = code_of(kCodes, l.word(end)); !other.empty() && l.is(sign->last - 1, "$")) {
    code = other;  // "$5 CAD"
    ++end;
  }
  return ExactMatch{i, end, money(value, code)};
}

// Cents behind an amount in words: "and twenty cents".
std::optional<Amount> cents_at(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  if (!r.locale.english_words) return std::nullopt;
  auto cents = read_amount(r, i);
  if (!cents || !(l.is(cents->last, "cents") || l.is(cents->last, "cent") || l.is(cents->last, "pence")))
    return std::nullopt;
  ++cents->last;
  return cents;
}

}  // namespace

std::optional<ExactMatch> match_money(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  if (auto found = sign_first(r, i)) return found;
  if (const auto cents = cents_at(r, i)) {
    return ExactMatch{i, cents->last,
                      money(scaled(cents->value, 0.01), l.is(cents->last - 1, "pence") ? "GBP" : "USD")};
  }
  auto number = read_scaled(r, i);
  if (!number && r.locale.english_words && l.is(i, "a") && (l.is(i + 1, "dollar") || l.is(i + 1, "euro"))) {
    return ExactMatch{i, i + 2, money(int64_t{1}, l.is(i + 1, "euro") ? "EUR" : "USD")};
  }
  if (!number) return std::nullopt;
  const size_t at = number->amount.last;
  const auto named = after_number(r, i, at);
  if (!named) {
    const size_t second = second_end(l, i, at);
    const auto other = second == 0 ? std::nullopt : read_scaled(r, second);
    const auto unit = other ? after_number(r, second, other->amount.last) : std::nullopt;
    if (!unit) return std::nullopt;
    const bool unclear = other->by_letters && !number->by_letters;
    return ExactMatch{i, at, unclear ? ExactValue() : money(number->amount.value, unit->code)};
  }
  size_t end = named->last;
  const auto amount = as_double(number->amount.value);
  // "five dollars and twenty cents", "5€50"; "five dollars twenty" is either
  const size_t rest = l.is(end, "and") ? end + 1 : end;
  if (const auto cents = cents_at(r, rest)) {
    const auto part = as_double(cents->value);
    return ExactMatch{i, cents->last, amount && part ? money(*amount + *part / 100, named->code) : ExactValue()};
  }
  if (l.is_digits(end) && l.touches(end) && l.word(end).size() == 2 && l[at].kind == LexemeKind::sign && amount &&
      as_whole(number->amount.value)) {
    const double part = (l.word(end)[0] - '0') * 10 + (l.word(end)[1] - '0');
    return ExactMatch{i, end + 1, money(*amount + part / 100, named->code)};
  }
  if (rest == end && number->amount.in_words && is_number_word(l.word(end)))
    return ExactMatch{i, number_words_end(l, end), {}};
  return ExactMatch{i, end, money(number->amount.value, named->code)};
}

}  // namespace dormouse::entities
