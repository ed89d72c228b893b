#include "recognisers.h"

#include <algorithm>
#include <array>

#include "reading.h"

namespace dormouse::entities {

// Of clock_times.cc and dates.cc.
std::optional<ExactMatch> time_rest_of_range(const Reading& r, const ExactMatch& found);
std::optional<ExactMatch> date_rest_of_range(const Reading& r, const ExactMatch& found);

namespace {

constexpr std::array<std::string_view, kExactCount> kNames = {
    "url", "email", "ip", "date", "time", "duration", "money", "percent", "phone", "ordinal", "number"};

std::optional<ExactMatch> match(const Reading& r, size_t i, Exact kind) {
  switch (kind) {
    case Exact::url:
    case Exact::email:
    case Exact::ip:
    case Exact::phone:
      return match_address(r.lexemes, i, kind);
    case Exact::date:
      return match_date(r, i);
    case Exact::time:
      return match_time(r, i);
    case Exact::duration:
      return match_duration(r, i);
    case Exact::money:
      return match_money(r, i);
    case Exact::percent:
      return match_percent(r, i);
    case Exact::ordinal:
      return match_ordinal(r, i);
    case Exact::number:
      return match_number(r, i);
  }
  return std::nullopt;
}

bool is_address(Exact kind) {
  return kind == Exact::url || kind == Exact::email || kind == Exact::ip || kind == Exact::phone;
}

// A name with a number in it: "mp3", "covid-19", "#12", "file_2", "v2".
bool is_part_of_name(const Lexemes& l, const ExactMatch& m, Exact kind) {
  if (m.first > 0 && l.touches(m.first) && l.is_digits(m.first)) {
    constexpr std::string_view kSigns[] = {"#", "_", "@", "\\", "&", "="};
    const size_t sign = m.first - 1;
    if (l.is_letters(sign) || is_one_of(l.word(sign), kSigns)) return true;
    if (sign > 0 && l.touches(sign) && (is_dash(l, sign) || l.is(sign, ".") || l.is(sign, "/")) &&
        l.is_letters(sign - 1)) {
      return true;
    }
  }
  if (!l.is_letters(m.last) || !l.touches(m.last)) return false;
  return kind == Exact::number || l.is_letters(m.last - 1) || l.is_digits(m.last - 1);
}

// The two ends of "3-5", "10:00-12:00": they are joined, and each is read for itself. Numbers only in ascending order,
// so that "2020-21", scores and the like are none.
bool is_end_of_range(const Reading& r, const ExactMatch& m, Exact kind) {
  const Lexemes& l = r.lexemes;
  size_t begin = l.is_digits(m.first) && cuts_numeral(l, m.first) ? m.first : m.last - 1;
  for (size_t steps = 0; steps < kClusterMax && begin > 0 && cuts_numeral(l, begin); ++steps) --begin;
  const size_t end = numeral_cluster_end(l, begin);
  size_t dash = 0, dashes = 0;
  for (size_t k = begin; k < end; ++k) {
    if (!is_dash(l, k)) continue;
    dash = k;
    ++dashes;
  }
  const bool at_dash = (m.last == dash && m.first <= begin) || (m.first == dash + 1 && m.last >= end);
  if (dashes != 1 || !at_dash) return false;
  if (kind == Exact::time || kind == Exact::date) return true;
  const auto low = read_numeral(r, begin), high = read_numeral(r, dash + 1);
  if (!low || !high || low->last != dash || high->last != end) return false;
  const auto a = as_double(low->value), b = as_double(high->value);
  return a && b && *a < *b;
}

// Digits that other digits are joined to are read with them or not at all.
bool cuts(const Reading& r, const ExactMatch& m, Exact kind) {
  if (is_address(kind)) return false;
  const Lexemes& l = r.lexemes;
  const bool begins_inside = l.is_digits(m.first) && cuts_numeral(l, m.first);
  const bool ends_inside = cuts_numeral(l, m.last) && l.is_digits(m.last - 1);
  if (!begins_inside && !ends_inside) return false;
  return !is_end_of_range(r, m, kind);
}

bool is_version(const Lexemes& l, size_t i) {
  constexpr std::string_view kBefore[] = {"version", "v", "ver", "release", "build"};
  return is_one_of(before(l, i), kBefore);
}

struct Best {
  ExactMatch match;
  Exact kind = Exact::number;
};

std::optional<Best> best_at(const Reading& r, size_t i, uint32_t kinds) {
  std::optional<Best> best;
  for (size_t k = 0; k < kExactCount; ++k) {
    if ((kinds >> k & 1) == 0) continue;
    const auto kind = static_cast<Exact>(k);
    auto found = match(r, i, kind);
    if (!found || found->last > r.lexemes.size() || found->last <= i || found->last <= found->first) continue;
    if (best && found->last <= best->match.last) continue;
    if (cuts(r, *found, kind) || (!is_address(kind) && is_part_of_name(r.lexemes, *found, kind))) continue;
    if (kind == Exact::ip && is_version(r.lexemes, i)) continue;
    best = Best{std::move(*found), kind};
  }
  return best;
}

// Where a stretch that nothing was found in ends: digits with what is joined to them, number words as a whole.
size_t unread_end(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  if (l.is_digits(i)) return numeral_cluster_end(l, i);
  const size_t words = r.locale.english_words ? number_words_end(l, i) : i;
  return std::max(words, i + 1);
}

}  // namespace

std::string_view exact_name(Exact kind) {
  return kNames[static_cast<size_t>(kind)];
}

std::optional<Exact> exact_of(std::string_view name) {
  const auto at = std::find(kNames.begin(), kNames.end(), name);
  if (at == kNames.end()) return std::nullopt;
  return static_cast<Exact>(at - kNames.begin());
}

std::optional<ExactMatch> match_rest_of_range(const Reading& r, const ExactMatch& found, Exact kind) {
  if (!r.locale.english_words && kind != Exact::money) return std::nullopt;
  if (kind == Exact::time) return time_rest_of_range(r, found);
  if (kind == Exact::date) return date_rest_of_range(r, found);
  const auto* money = std::get_if<Money>(&found.value);
  const Lexemes& l = r.lexemes;
  if (kind != Exact::money || money == nullptr || !l.is_digits(found.last - 1)) return std::nullopt;
  const size_t begin = second_end(l, found.first, found.last);
  if (begin == 0 || !l.is_digits(begin)) return std::nullopt;
  const bool told = is_dash(l, found.last) || before(l, found.first) == "from" || before(l, found.first) == "between";
  const auto number = read_amount(r, begin);
  const auto amount = number ? as_double(number->value) : std::nullopt;
  if (!amount || *amount <= money->amount || match_money(r, begin)) return std::nullopt;
  if (!told && !stops(l, number->last)) return std::nullopt;
  return ExactMatch{begin, number->last, Money{*amount, money->currency}};
}

std::vector<ExactSpan> recognise(std::string_view text, uint32_t kinds, const Date& now, const Locale& locale) {
  const Lexemes l(text);
  const Reading r{l, locale, now};
  std::vector<ExactSpan> spans;
  std::optional<Best> rest;
  for (size_t i = 0; i < l.size();) {
    std::optional<Best> best = rest && rest->match.first == i ? rest : best_at(r, i, kinds);
    if (!best) {
      i = unread_end(r, i);
      continue;
    }
    const ExactMatch& found = best->match;
    spans.push_back({l[found.first].begin, l[found.last - 1].end, best->kind, found.value});
    // A relative date may begin behind its preposition; never go back.
    i = std::max(found.last, i + 1);
    rest.reset();
    if (auto match = match_rest_of_range(r, found, best->kind)) rest = Best{std::move(*match), best->kind};
  }
  return spans;
}

}  // namespace dormouse::entities
