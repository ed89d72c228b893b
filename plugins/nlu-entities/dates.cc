// Dates of recognisers.h: days as "2026-11-21", what is longer as ISO 8601 writes it: a month "2026-12", a week
// "2026-W48", a weekend "2026-11-21/2026-11-22".
#include <array>

#include "calendar.h"
#include "reading.h"

namespace dormouse::entities {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"january",   "february", "march",    "april",
                                                      "may",       "june",     "july",     "august",
                                                      "september", "october",  "november", "december"};
constexpr std::array<std::string_view, 7> kDays = {"monday", "tuesday",  "wednesday", "thursday",
                                                   "friday", "saturday", "sunday"};

// The full name, its first three letters, or a customary short form. 0-based; -1: none.
template <size_t N>
int named(const std::array<std::string_view, N>& names, std::string_view word) {
  if (word.size() < 3) return -1;
  for (size_t i = 0; i < N; ++i) {
    if (word == names[i] || word == names[i].substr(0, 3)) return static_cast<int>(i);
  }
  if (word == "sept" && N == 12) return 8;
  if ((word == "tues" || word == "thurs" || word == "thur") && N == 7) return word[1] == 'u' ? 1 : 3;
  return -1;
}

int whole(std::string_view digits) {
  int value = digits.empty() || digits.size() > 4 ? -1 : 0;
  for (const char c : digits) value = value < 0 ? -1 : value * 10 + (c - '0');
  return value;
}

std::optional<ExactMatch> found(size_t first, size_t last, const Date& d) {
  if (!is_date(d)) return std::nullopt;
  return ExactMatch{first, last, iso_text(d)};
}

bool is_lower(const Lexemes& l, size_t i) {
  const char c = l.text()[l[i].begin];
  return c >= 'a' && c <= 'z';
}

// Three numbers with the same sign between: 2026-11-21, 21.11.2026, 11/21/2026. Which comes first is the locale's where
// both may be months.
std::optional<ExactMatch> numeric_date(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  if (!l.is_digits(i)) return std::nullopt;
  const std::string_view sign = l.word(i + 1);
  if ((sign != "-" && sign != "/" && sign != ".") || !l.is(i + 3, sign)) return std::nullopt;
  for (size_t k = i + 1; k <= i + 4; ++k) {
    if (!l.touches(k)) return std::nullopt;
  }
  if (!l.is_digits(i + 2) || !l.is_digits(i + 4)) return std::nullopt;
  const int a = whole(l.word(i)), b = whole(l.word(i + 2)), c = whole(l.word(i + 4));
  if (l.word(i).size() == 4 && l.word(i + 2).size() <= 2 && l.word(i + 4).size() <= 2)
    return found(i, i + 5, {a, b, c});
  if (l.word(i + 4).size() != 4 || l.word(i).size() > 2 || l.word(i + 2).size() > 2) return std::nullopt;
  const Date day_first{c, b, a}, month_first{c, a, b};
  if (sign == "." || a == b || !is_date(month_first)) return found(i, i + 5, day_first);
  if (!is_date(day_first)) return found(i, i + 5, month_first);
  if (r.locale.day_order == DayOrder::unknown) return ExactMatch{i, i + 5, {}};
  return found(i, i + 5, r.locale.day_order == DayOrder::day_first ? day_first : month_first);
}

// "21", "21st", "twenty first": a day of a month.
struct Day {
  size_t last = 0;
  int day = 0;
  bool ordinal = false;
};
std::optional<Day> day_at(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  if (const auto ordinal = match_ordinal(r, i)) {
    const int64_t day = std::get<int64_t>(ordinal->value);
    if (day >= 1 && day <= 31) return Day{ordinal->last, static_cast<int>(day), true};
  }
  // "second" alone is no day of a month behind "may": match_ordinal has read what comes before it.
  if (l.is_digits(i) && l.word(i).size() <= 2) {
    const int day = whole(l.word(i));
    if (day >= 1 && day <= 31) return Day{i + 1, day};
  }
  return std::nullopt;
}

// A year behind a date, perhaps after a comma.
std::optional<Day> year_at(const Lexemes& l, size_t i) {
  const size_t at = l.is(i, ",") ? i + 1 : i;
  if (l.is_digits(at) && l.word(at).size() == 4 && !l.is(at + 1, ":") && !cuts_numeral(l, at)) {
    const int year = whole(l.word(at));
    if (year >= 1000) return Day{at + 1, year};
  }
  return std::nullopt;
}

// Without a year: the next one from now on.
Date next_of(int month, int day, const Date& now) {
  Date d{now.year, month, day};
  if (month < now.month || (month == now.month && day < now.day)) ++d.year;
  while (day == 29 && month == 2 && !is_date(d) && d.year < now.year + 8) ++d.year;
  return d;
}

// A date by the name of its month, before it is written out.
struct NamedDate {
  size_t last = 0;
  Date date;
  bool year_given = false;
};

std::optional<NamedDate> with_year(const Reading& r, size_t last, int month, int day) {
  const Lexemes& l = r.lexemes;
  if (const auto year = year_at(l, last)) return NamedDate{year->last, {year->day, month, day}, true};
  // "21 nov 26": a year of two digits, or anything else.
  if (l.is_digits(last) && l.word(last).size() == 2 && stops(l, last + 1) && !l.is(last + 1, ":")) return std::nullopt;
  if (l.is(last, "'") && l.is_digits(last + 1)) return std::nullopt;
  return NamedDate{last, next_of(month, day, r.now), false};
}

int month_at(const Lexemes& l, size_t i) {
  return named(kMonths, l.word(i));
}

// "november 21st, 2026", "21 november", "the 21st of november"
std::optional<NamedDate> named_date(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  if (const int month = month_at(l, i); month >= 0) {
    size_t at = i + 1;
    if (l.is(at, ".") && l.touches(at)) ++at;
    if (l.is(at, "the")) ++at;
    const auto day = day_at(r, at);
    if (!day || l.is(day->last, ":") || cuts_numeral(l, at)) return std::nullopt;
    if (l.is_letters(day->last) && l.touches(day->last)) return std::nullopt;
    // "may 5 people come", "march 10 miles"
    const bool may_be_word = l.is(i, "may") || l.is(i, "march") || l.is(i, "mar");
    if (may_be_word && is_lower(l, i) && !day->ordinal && !stops(l, day->last) && !year_at(l, day->last)) {
      return std::nullopt;
    }
    return with_year(r, day->last, month + 1, day->day);
  }
  const size_t begin = l.is(i, "the") ? i + 1 : i;
  const auto day = day_at(r, begin);
  if (!day) return std::nullopt;
  size_t at = day->last;
  if (l.is(at, ".") && l.touches(at)) ++at;
  const bool of = l.is(at, "of");
  if (of) ++at;
  const int month = month_at(l, at);
  if (month < 0) return std::nullopt;
  // "for 5 may be", "the first may": a month in small letters needs its day as an ordinal or "of".
  if (l.is(at, "may") && is_lower(l, at) && !of && !day->ordinal && !stops(l, at + 1) && !year_at(l, at + 1))
    return std::nullopt;
  return with_year(r, at + 1, month + 1, day->day);
}

// "3" of "3 to 5 May", "the 3rd" of "from the 3rd to the 5th of May"
std::optional<ExactMatch> first_day_of_range(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  const size_t begin = l.is(i, "the") ? i + 1 : i;
  const auto day = day_at(r, begin);
  if (!day) return std::nullopt;
  const size_t second = second_end(l, i, day->last);
  if (second == 0 || !(l.is(second, "the") || day_at(r, second))) return std::nullopt;
  const auto end = named_date(r, second);
  if (!end || end->date.day <= day->day) return std::nullopt;
  return found(i, day->last, {end->date.year, end->date.month, day->day});
}

std::optional<ExactMatch> in_days(const Reading& r, size_t first, size_t last, int64_t days) {
  return found(first, last, plus_days(r.now, days));
}

// "december 2026"
std::optional<ExactMatch> month_of_year(const Reading& r, size_t i) {
  const int month = month_at(r.lexemes, i);
  const auto year = month < 0 || r.lexemes.is(i + 1, ",") ? std::nullopt : year_at(r.lexemes, i + 1);
  if (!year) return std::nullopt;
  return ExactMatch{i, year->last, iso_month(year->day, month + 1)};
}

// Which month "june", "june 2027", "the month", "next month" is.
struct Month {
  size_t last = 0;
  int year = 0, month = 0;
  bool fixed = true;  // false: a name without a year
};
std::optional<Month> which_month(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  if (const int month = month_at(l, i); month >= 0) {
    if (const auto year = year_at(l, i + 1)) return Month{year->last, year->day, month + 1};
    return Month{i + 1, r.now.year + (month + 1 < r.now.month ? 1 : 0), month + 1, false};
  }
  if (!l.is(i + 1, "month")) return std::nullopt;
  const int64_t steps = l.is(i, "next") ? 1 : l.is(i, "last") ? -1 : 0;
  if (steps == 0 && !l.is(i, "the") && !l.is(i, "this")) return std::nullopt;
  const Date date = plus_months({r.now.year, r.now.month, 1}, steps);
  return Month{i + 2, date.year, date.month};
}

// "end of the month", "the end of june", "end of the year"
std::optional<ExactMatch> end_of(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  const size_t at = l.is(i, "the") ? i + 1 : i;
  if (!l.is(at, "end") || !l.is(at + 1, "of")) return std::nullopt;
  const size_t whose = at + 2;
  if (l.is(whose + 1, "year")) {
    const int steps = l.is(whose, "next") ? 1 : l.is(whose, "last") ? -1 : 0;
    if (steps == 0 && !l.is(whose, "the") && !l.is(whose, "this")) return std::nullopt;
    return found(i, whose + 2, {r.now.year + steps, 12, 31});
  }
  const auto month = which_month(r, whose);
  if (!month || !is_date({month->year, month->month, 1})) return std::nullopt;
  return found(i, month->last, {month->year, month->month, days_in_month(month->year, month->month)});
}

// "first Monday in June", "the last friday of the month"
std::optional<ExactMatch> weekday_of_month(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  const size_t at = l.is(i, "the") ? i + 1 : i;
  constexpr std::string_view kWhich[] = {"first", "second", "third", "fourth"};
  const bool last = l.is(at, "last");
  int which = last ? 5 : 0;
  for (int k = 0; k < 4; ++k) {
    if (l.is(at, kWhich[k])) which = k + 1;
  }
  const int day = which == 0 ? -1 : named(kDays, l.word(at + 1));
  if (day < 0 || !(l.is(at + 2, "of") || l.is(at + 2, "in"))) return std::nullopt;
  auto month = which_month(r, at + 3);
  if (!month) return std::nullopt;
  const auto date_in = [&](int year) {
    const Date first{year, month->month, 1};
    Date date = plus_days(first, (day - weekday_of(first) + 7) % 7 + 7 * (std::min(which, 4) - 1));
    if (last && plus_days(date, 7).month == month->month) date = plus_days(date, 7);
    return date;
  };
  Date date = date_in(month->year);
  if (days_of_date(date) < days_of_date(r.now)) {
    if (month->fixed) return l.is(at + 3, "the") ? std::nullopt : found(i, month->last, date);
    date = date_in(month->year + 1);
  }
  return found(i, month->last, date);
}

// The next day of that number, from now on.
Date next_day_of_month(int day, const Date& now) {
  for (Date month = plus_months({now.year, now.month, 1}, day < now.day ? 1 : 0);; month = plus_months(month, 1)) {
    const Date date{month.year, month.month, day};
    if (is_date(date) || month.year > 9998) return date;
  }
}

// "on the 15th", "the 15th of next month"
std::optional<ExactMatch> day_of_month(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  if (!l.is(i, "the")) return std::nullopt;
  const auto day = day_at(r, i + 1);
  if (!day || !day->ordinal) return std::nullopt;
  if (l.is(day->last, "of")) {
    const auto month = which_month(r, day->last + 1);
    if (!month) return std::nullopt;
    return found(i, month->last, {month->year, month->month, day->day});
  }
  constexpr std::string_view kBefore[] = {"on", "by", "until", "till", "before", "after"};
  // Only digits: "after the first" may be anything's first.
  if (!is_one_of(before(l, i), kBefore) || !stops(l, day->last) || !l.is_digits(i + 1)) return std::nullopt;
  return found(i, day->last, next_day_of_month(day->day, r.now));
}

// "this week", "next month", "last year", "this weekend"
std::optional<ExactMatch> named_span(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  const int64_t steps = l.is(i, "next") ? 1 : l.is(i, "last") ? -1 : 0;
  if (steps == 0 && !l.is(i, "this")) return std::nullopt;
  // "the middle of next month" is not the month.
  if (before(l, i) == "of" || before(l, i) == "mid" || before(l, i) == "early" || before(l, i) == "late")
    return std::nullopt;
  if (l.is(i + 1, "week")) return ExactMatch{i, i + 2, iso_week(plus_days(r.now, 7 * steps))};
  if (l.is(i + 1, "month")) {
    const Date d = plus_months({r.now.year, r.now.month, 1}, steps);
    return ExactMatch{i, i + 2, iso_month(d.year, d.month)};
  }
  if (l.is(i + 1, "year")) {
    const std::string text = iso_text({r.now.year + static_cast<int>(steps), 1, 1});
    return ExactMatch{i, i + 2, text.substr(0, 4)};
  }
  const int64_t weekday = weekday_of(r.now);
  if (l.is(i + 1, "weekend") && steps <= 0 && (steps == 0 || weekday < 5)) {
    const Date saturday = plus_days(r.now, 5 - weekday + 7 * steps);
    return ExactMatch{i, i + 2, iso_text(saturday) + "/" + iso_text(plus_days(saturday, 1))};
  }
  return std::nullopt;
}

// friday, next friday, on mon, friday the 27th, Friday, November 27
std::optional<ExactMatch> weekday_date(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  const bool next = l.is(i, "next"), last = l.is(i, "last"), current = l.is(i, "this"), on = l.is(i, "on");
  const size_t at = next || last || current || on ? i + 1 : i;
  const int day = named(kDays, l.word(at));
  if (day < 0) return std::nullopt;
  // "sun", "wed" and the like are words of their own.
  const bool short_form = l.word(at).size() < 6;
  if (short_form && (at == i || (is_lower(l, at) && (l.is(at, "sun") || l.is(at, "sat") || l.is(at, "wed"))))) {
    return std::nullopt;
  }
  const size_t first = on ? at : i;
  const std::string_view prior = before(l, i);
  constexpr std::string_view kRepeats[] = {"every", "each", "first", "second", "third", "fourth", "any", "of", "other"};
  if (is_one_of(prior, kRepeats) && at == i) return std::nullopt;
  const size_t end = at + 1;
  if (l.is(end, "week")) return std::nullopt;  // "friday week"
  // A date behind it says more, if the two agree.
  const size_t more = l.is(end, ",") ? end + 1 : end;
  std::optional<NamedDate> date = named_date(r, more);
  if (!date && l.is(more, "the")) {
    if (const auto number = day_at(r, more + 1); number && number->ordinal && stops(l, number->last)) {
      date = NamedDate{number->last, next_day_of_month(number->day, r.now), true};
    }
  }
  if (date && is_date(date->date)) {
    if (weekday_of(date->date) != day) return ExactMatch{first, date->last, {}};
    return found(first, date->last, date->date);
  }
  const int64_t today = weekday_of(r.now);
  int64_t days = (day - today + 7) % 7;
  if (next) {
    if (day > today) return ExactMatch{first, end, {}};  // in this week, or in the next
    if (days == 0) days = 7;
  }
  if (current && day < today) return ExactMatch{first, end, {}};
  if (last) days -= 7;
  return in_days(r, first, end, days);
}

std::optional<ExactMatch> holiday(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  const bool day = l.is(i + 1, "day"), eve = l.is(i + 1, "eve");
  if (l.is(i, "christmas") && (day || eve)) return found(i, i + 2, next_of(12, day ? 25 : 24, r.now));
  const bool apostrophe = l.is(i + 2, "'") || l.is(i + 2, "’");
  if (l.is(i, "new") && l.is(i + 1, "year") && apostrophe && l.is(i + 3, "s")) {
    if (l.is(i + 4, "eve")) return found(i, i + 5, next_of(12, 31, r.now));
    if (l.is(i + 4, "day")) return found(i, i + 5, next_of(1, 1, r.now));
  }
  return std::nullopt;
}

std::optional<ExactMatch> simple_day(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  if (l.is(i, "today") || l.is(i, "tonight")) return in_days(r, i, i + 1, 0);
  if (l.is(i, "tomorrow")) return in_days(r, i, i + 1, 1);
  if (l.is(i, "yesterday")) return in_days(r, i, i + 1, -1);
  const size_t the = l.is(i, "the") ? i + 1 : i;
  if (l.is(the, "day") && l.is(the + 1, "after") && l.is(the + 2, "tomorrow")) return in_days(r, i, the + 3, 2);
  if (l.is(the, "day") && l.is(the + 1, "before") && l.is(the + 2, "yesterday")) return in_days(r, i, the + 3, -2);
  return std::nullopt;
}

// An amount of days or more, for "in three weeks", "a month ago", "two days after christmas eve".
std::optional<ExactMatch> counted(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  const size_t begin = l.is(i, "in") ? i + 1 : i;
  int64_t amount = 1;
  size_t unit_at = begin + 1;
  if (!l.is(begin, "a") && !l.is(begin, "an")) {
    const auto number = read_amount(r, begin);
    const auto value = number ? as_whole(number->value) : std::nullopt;
    if (!value || *value < 0 || *value > 10'000) return std::nullopt;
    amount = *value;
    unit_at = number->last;
  }
  const auto unit = time_unit_at(l, unit_at);
  if (!unit || unit->letter == 'S' || unit->letter == 'M' || unit->letter == 'H') return std::nullopt;
  amount *= unit->size;
  const size_t behind = unit_at + 1;
  const auto moved = [&](const Date& from, int64_t steps) {
    if (unit->letter == 'D') return plus_days(from, steps);
    if (unit->letter == 'W') return plus_days(from, 7 * steps);
    return plus_months(from, unit->letter == 'Y' ? 12 * steps : steps);
  };
  if (begin > i) {
    // "in 3 days 5 hours", "in a day or two", "in 2 weeks and a half"
    if (l.is(behind, "or") || l.is(behind, "and") || l.is(behind, "'") || l.is_digits(behind)) return std::nullopt;
    return found(i, behind, moved(r.now, amount));
  }
  if (l.is(behind, "ago")) return found(i, behind + 1, moved(r.now, -amount));
  const bool after = l.is(behind, "from") || l.is(behind, "after");
  if (!after && !l.is(behind, "before")) return std::nullopt;
  if (l.is(behind + 1, "now")) return after ? found(i, behind + 2, moved(r.now, amount)) : std::nullopt;
  auto anchor = simple_day(r, behind + 1);
  if (!anchor) anchor = weekday_date(r, behind + 1);
  if (!anchor) anchor = holiday(r, behind + 1);
  if (!anchor) {
    if (const auto date = named_date(r, behind + 1)) anchor = found(behind + 1, date->last, date->date);
  }
  const auto* text = anchor ? std::get_if<std::string>(&anchor->value) : nullptr;
  const auto date = text == nullptr ? std::nullopt : parse_iso_date(*text);
  if (!date) return std::nullopt;
  return found(i, anchor->last, moved(*date, after ? amount : -amount));
}

}  // namespace

std::optional<ExactMatch> match_date(const Reading& r, size_t i) {
  if (auto match = numeric_date(r, i)) return match;
  if (!r.locale.english_words) return std::nullopt;
  std::optional<ExactMatch> best;
  const auto take = [&](std::optional<ExactMatch> match) {
    if (match && (!best || match->last > best->last)) best = std::move(match);
  };
  if (const auto date = named_date(r, i)) take(found(i, date->last, date->date));
  for (const auto scan : {first_day_of_range, month_of_year, end_of, weekday_of_month, day_of_month, named_span,
                          weekday_date, holiday, simple_day, counted}) {
    take(scan(r, i));
  }
  return best;
}

// "May 3 to 5": the other day of that month.
std::optional<ExactMatch> date_rest_of_range(const Reading& r, const ExactMatch& span) {
  const Lexemes& l = r.lexemes;
  const auto* text = std::get_if<std::string>(&span.value);
  const size_t begin = second_end(l, span.first, span.last);
  if (text == nullptr || begin == 0 || month_at(l, span.first) < 0) return std::nullopt;
  const auto first = parse_iso_date(*text);
  const size_t at = l.is(begin, "the") ? begin + 1 : begin;
  const auto day = day_at(r, at);
  if (!first || !day || day->day <= first->day || match_date(r, begin) || match_time(r, at)) return std::nullopt;
  if (const auto year = year_at(l, day->last)) return found(begin, year->last, {year->day, first->month, day->day});
  if (!is_dash(l, span.last) && !stops(l, day->last)) return std::nullopt;
  return found(begin, day->last, {first->year, first->month, day->day});
}

}  // namespace dormouse::entities
