// Numbers of recognisers.h and reading.h: digits with their signs, scales and halves, and what is read around them.
#include <charconv>
#include <cmath>
#include <vector>

#include "reading.h"

namespace dormouse::entities {
namespace {

constexpr size_t kDigitsMax = 18;
constexpr size_t kGroupsMax = 8;

// A sign that joins digits without a space.
bool joins(const Lexemes& l, size_t i) {
  constexpr std::string_view kJoiners[] = {".", ",", "'", "’", ":", "/"};
  return is_one_of(l.word(i), kJoiners) || is_dash(l, i);
}
bool joined_at(const Lexemes& l, size_t sign) {
  return sign > 0 && joins(l, sign) && l.touches(sign) && l.touches(sign + 1) && l.is_digits(sign - 1) &&
         l.is_digits(sign + 1);
}

// Digits with the signs between them: "1", ".", "299", ",", "99".
struct Groups {
  size_t last = 0;
  std::vector<std::string_view> digits;
  std::string signs;  // one before each but the first: . , ' or a space
};

// One white space character, so that a list in columns is no number.
bool one_space_before(const Lexemes& l, size_t i, bool* breaks) {
  const std::string_view gap = l.text().substr(l[i - 1].end, l[i].begin - l[i - 1].end);
  *breaks = gap == " ";
  return gap == " " || gap == "\xC2\xA0" || gap == "\xE2\x80\xAF" || gap == "\xE2\x80\x89";
}

Groups read_groups(const Reading& r, size_t i, bool spaces) {
  const Lexemes& l = r.lexemes;
  Groups g{i + 1, {l.word(i)}, {}};
  while (g.digits.size() < kGroupsMax) {
    const size_t at = g.last;
    const bool apostrophe = l.is(at, "'") || l.is(at, "’");
    bool breaks = false;
    if ((l.is(at, ".") || l.is(at, ",") || apostrophe) && joined_at(l, at)) {
      g.signs += apostrophe ? '\'' : l.word(at)[0];
      g.digits.push_back(l.word(at + 1));
      g.last = at + 2;
    } else if (l.is_digits(at) && !l.touches(at) && l.word(at).size() == 3 && l.word(i).size() <= 3 &&
               one_space_before(l, at, &breaks) && (spaces || !breaks) &&
               g.signs.find_first_not_of(' ') == std::string::npos) {
      g.signs += ' ';
      g.digits.push_back(l.word(at));
      g.last = at + 1;
    } else {
      break;
    }
  }
  return g;
}

// Whether the first `count` groups are the whole part of a number: 1,234,567, or 12,34,567 as India writes it.
bool is_whole_part(const Groups& g, size_t count) {
  if (count == 1) return g.digits[0] == "0" || g.digits[0][0] != '0';
  const char sign = g.signs[0];
  if (g.digits[0].size() > 3 || g.digits[0][0] == '0') return false;
  bool thousands = true, lakhs = sign == ',' && g.digits[0].size() <= 2;
  for (size_t k = 1; k < count; ++k) {
    if (g.signs[k - 1] != sign) return false;
    thousands &= g.digits[k].size() == 3;
    lakhs &= g.digits[k].size() == (k + 1 == count ? 3u : 2u);
  }
  return thousands || lakhs;
}

ExactValue value_of(const Groups& g, size_t whole_groups) {
  std::string text;
  for (size_t k = 0; k < whole_groups; ++k) text += g.digits[k];
  if (text.size() > kDigitsMax) return {};
  if (whole_groups == g.digits.size()) {
    int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }
  const std::string_view fraction = g.digits.back();
  text.append(1, '.').append(fraction.substr(0, kDigitsMax));
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::optional<double> fraction_sign(const Lexemes& l, size_t i) {
  if (l.is(i, "½")) return 0.5;
  if (l.is(i, "¼")) return 0.25;
  if (l.is(i, "¾")) return 0.75;
  return std::nullopt;
}

// "1'299.50 can be nothing else; "1.299" is one or the other.
std::optional<Amount> value_in(const Reading& r, const Groups& g) {
  const size_t count = g.digits.size();
  Amount amount;
  amount.last = g.last;
  const bool grouped = is_whole_part(g, count);
  const char sign = count > 1 ? g.signs.back() : 0;
  const bool mark = sign == '.' || sign == ',';
  const bool decimal =
      mark && g.signs.find(sign) == count - 2 && is_whole_part(g, count - 1) && (count < 3 || g.signs[0] != sign);
  if (!grouped && !decimal) return std::nullopt;
  const DecimalSign own = r.locale.decimal;
  const bool is_own = own == (sign == '.' ? DecimalSign::point : DecimalSign::comma);
  if (grouped && decimal) {
    if (own == DecimalSign::unknown) return amount;
    amount.value = value_of(g, is_own ? count - 1 : count);
    return amount;
  }
  amount.value = value_of(g, grouped ? count : count - 1);
  // "1,2" may be a list and "3.5" a day, where the other sign is the decimal one.
  amount.foreign_sign = decimal && count == 2 && !is_own && (own != DecimalSign::unknown || sign == ',');
  return amount;
}

std::optional<double> scale_of(const Lexemes& l, size_t i) {
  if (l.is(i, "hundred")) return 1e2;
  if (l.is(i, "thousand")) return 1e3;
  if (l.is(i, "million")) return 1e6;
  if (l.is(i, "billion")) return 1e9;
  if (l.is(i, "trillion")) return 1e12;
  if (l.is(i, "dozen")) return 12;
  return std::nullopt;
}

bool is_minus(const Lexemes& l, size_t i) {
  return l.is(i, "-") || l.is(i, "−");
}

// Numbers of these are names of versions, models and pages.
bool names_version(std::string_view word) {
  constexpr std::string_view kNames[] = {
      "version", "versions", "ver",    "v",      "release", "build", "python", "java",    "node",    "ios",
      "android", "windows",  "ubuntu", "debian", "php",     "ruby",  "linux",  "kernel",  "lua",     "chrome",
      "firefox", "postgres", "mysql",  "usb",    "http",    "tls",   "isbn",   "chapter", "section", "macos"};
  return is_one_of(word, kNames);
}

}  // namespace

bool is_dash(const Lexemes& l, size_t i) {
  return l.is(i, "-") || l.is(i, "–") || l.is(i, "—") || l.is(i, "−");
}

bool stops(const Lexemes& l, size_t i) {
  constexpr std::string_view kNext[] = {"at",   "for",    "and", "or",     "to", "from", "until",   "till", "by",
                                        "with", "please", "we",  "i",      "if", "when", "because", "is",   "was",
                                        "but",  "then",   "so",  "thanks", "on", "in",   "as",      "it",   "my"};
  if (i >= l.size()) return true;
  if (l[i].kind == LexemeKind::sign) return !(l.touches(i) && (is_dash(l, i) || l.is(i, "%") || l.is(i, "/")));
  if (l.is(i, "in") && l.is(i + 1, "a")) return false;  // "the 15th in a row"
  return is_one_of(l.word(i), kNext);
}

size_t second_end(const Lexemes& l, size_t first, size_t last) {
  if (is_dash(l, last)) {
    const bool closed = l.touches(last) && l.touches(last + 1), open = !l.touches(last) && !l.touches(last + 1);
    return closed || open ? last + 1 : 0;
  }
  if (l.is(last, "to") || l.is(last, "or") || l.is(last, "until") || l.is(last, "till") || l.is(last, "through")) {
    return last + 1;
  }
  const bool between =
      before(l, first) == "between" || (first > 1 && l.is(first - 1, "the") && l.is(first - 2, "between"));
  return l.is(last, "and") && between ? last + 1 : 0;
}

size_t numeral_cluster_end(const Lexemes& l, size_t i) {
  size_t end = i + 1;
  while (end < i + kClusterMax && joined_at(l, end)) end += 2;
  return end;
}

bool cuts_numeral(const Lexemes& l, size_t i) {
  return joined_at(l, i) || (i > 0 && joined_at(l, i - 1));
}

ExactValue scaled(const ExactValue& value, double factor) {
  const auto number = as_double(value);
  if (!number) return {};
  const double product = *number * factor;
  if (product == std::floor(product) && std::fabs(product) < 9e15) return static_cast<int64_t>(product);
  return product;
}

std::optional<double> as_double(const ExactValue& value) {
  if (const auto* whole = std::get_if<int64_t>(&value)) return static_cast<double>(*whole);
  if (const auto* number = std::get_if<double>(&value)) return *number;
  return std::nullopt;
}

std::optional<int64_t> as_whole(const ExactValue& value) {
  const auto* whole = std::get_if<int64_t>(&value);
  return whole == nullptr ? std::nullopt : std::optional(*whole);
}

std::optional<Amount> read_numeral(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  if (const auto part = fraction_sign(l, i)) {
    if (i > 0 && l.touches(i)) return std::nullopt;
    return Amount{i + 1, *part};
  }
  if (!l.is_digits(i)) return std::nullopt;
  Groups groups = read_groups(r, i, true);
  const bool spaced = groups.signs.find(' ') != std::string::npos;
  bool open = false;
  if (spaced && !r.locale.grouped_by_spaces) {
    // "1 299,99" is one number anywhere, whatever it is; "2 100" is one only where numbers are written so.
    const Groups plain = read_groups(r, i, false);
    const bool whole = plain.last == groups.last;
    open = !whole && (groups.signs.back() == ',' || !r.locale.known);
    if (!whole && !open) groups = plain;
  }
  auto amount = value_in(r, groups);
  if (!amount || groups.digits.size() == kGroupsMax) return std::nullopt;
  if (open) amount->value = {};
  if (const auto part = fraction_sign(l, amount->last); part && l.touches(amount->last)) {
    const auto whole = as_whole(amount->value);
    if (!whole) return std::nullopt;
    amount->value = static_cast<double>(*whole) + *part;
    ++amount->last;
  }
  return amount;
}

std::optional<Amount> read_amount(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  const bool words = r.locale.english_words;
  const bool sign = is_minus(l, i) && l[i].spaced && l.touches(i + 1) && l.is_digits(i + 1);
  const bool follows_number = i > 0 && (l.is_digits(i - 1) || is_number_word(l.word(i - 1)));
  const bool word = words && (l.is(i, "minus") || l.is(i, "negative")) && !follows_number;
  const size_t begin = sign || word ? i + 1 : i;
  auto amount = read_numeral(r, begin);
  if (amount && words) {
    size_t at = amount->last;
    if (l.is(at, "and") && l.is(at + 1, "a") && l.is(at + 2, "half") && as_whole(amount->value)) {
      amount->value = static_cast<double>(*as_whole(amount->value)) + 0.5;
      amount->last = at += 3;
    }
    if (const auto scale = scale_of(l, at); scale && !l.touches(at)) {
      amount->value = scaled(amount->value, *scale);
      ++amount->last;
      if (is_number_word(l.word(amount->last))) return std::nullopt;  // "2 thousand five hundred"
    }
  } else if (words && !amount) {
    amount = read_number_words(l, begin);
  }
  if (!amount) return std::nullopt;
  if (begin > i) amount->value = scaled(amount->value, -1);
  return amount;
}

std::optional<ExactMatch> match_number(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  const auto amount = read_amount(r, i);
  if (!amount) return std::nullopt;
  const std::string_view prior = before(l, i);
  if (names_version(prior)) return std::nullopt;
  if (amount->foreign_sign) {
    if (r.locale.known) return std::nullopt;
    return ExactMatch{i, amount->last, {}};
  }
  // "at 7.30" is a time where a point stands in times.
  constexpr std::string_view kBeforeTimes[] = {"at", "around", "before", "after", "until", "till", "from", "by"};
  if (std::holds_alternative<double>(amount->value) && l.is_digits(i) && amount->last == i + 3 &&
      l.word(i + 2).size() == 2 && l.word(i + 2)[0] < '6' && is_one_of(prior, kBeforeTimes)) {
    return std::nullopt;
  }
  constexpr std::string_view kMoreSigns[] = {"²", "³", "‰"};
  if (l.touches(amount->last) && is_one_of(l.word(amount->last), kMoreSigns)) return std::nullopt;
  if (l.is(amount->last, "grand") || l.is(amount->last, "o")) return std::nullopt;
  if (r.locale.english_words) {
    if (l.is(amount->last, "am") || l.is(amount->last, "pm")) return std::nullopt;  // of a time that is none: "13 pm"
    if (prior == "or" && i > 1 && time_unit_at(l, i - 2)) return std::nullopt;      // "an hour or two"
  }
  // "007", and card numbers: 4111 1111 1111 1111
  if (l.is_digits(i) && l.word(i).size() > 1 && l.word(i)[0] == '0') return std::nullopt;
  const auto long_digits = [&](size_t k) { return l.is_digits(k) && l.word(k).size() >= 3; };
  if (long_digits(i) && (long_digits(amount->last) || (i > 0 && long_digits(i - 1) && !l.touches(i))))
    return std::nullopt;
  return ExactMatch{i, amount->last, amount->value};
}

namespace {

std::optional<size_t> percent_end(const Reading& r, size_t at) {
  const Lexemes& l = r.lexemes;
  if (l.is(at, "%")) return at + 1;
  if (!r.locale.english_words) return std::nullopt;
  if (l.is(at, "percent") || l.is(at, "pct")) return at + 1;
  if (l.is(at, "per") && l.is(at + 1, "cent")) return at + 2;
  return std::nullopt;
}

ExactValue as_percent(const ExactValue& value) {
  const auto number = as_double(value);
  return number ? ExactValue(*number) : ExactValue();
}

}  // namespace

std::optional<ExactMatch> match_percent(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  const auto amount = read_amount(r, i);
  if (!amount) return std::nullopt;
  if (const auto end = percent_end(r, amount->last)) return ExactMatch{i, *end, as_percent(amount->value)};
  const size_t second = second_end(l, i, amount->last);
  if (second == 0) return std::nullopt;
  const auto other = read_amount(r, second);
  if (!other || !percent_end(r, other->last)) return std::nullopt;
  return ExactMatch{i, amount->last, as_percent(amount->value)};
}

}  // namespace dormouse::entities
