// Dates, times and durations of recognisers.h.
#include <array>
#include <charconv>
#include <cstdio>

#include "recognisers.h"

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

bool is_leap(int year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}
int days_in(int year, int month) {
  constexpr int kDaysIn[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDaysIn[month - 1];
}
bool is_date(const Date& d) {
  return d.year >= 1 && d.year <= 9999 && d.month >= 1 && d.month <= 12 && d.day >= 1 &&
         d.day <= days_in(d.year, d.month);
}

int whole(std::string_view digits) {
  int value = -1;
  if (!digits.empty() && digits.size() <= 4) std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

std::string text_of(const Date& d) {
  char out[40];
  std::snprintf(out, sizeof out, "%04d-%02d-%02d", d.year, d.month, d.day);
  return out;
}
std::optional<ExactMatch> found(size_t first, size_t last, const Date& d) {
  if (!is_date(d)) return std::nullopt;
  return ExactMatch{first, last, text_of(d)};
}

// Three numbers with the same sign between: 2026-11-21, 21.11.2026, 11/21/2026 (month first, unless it cannot be).
std::optional<ExactMatch> numeric_date(const Lexemes& l, size_t i) {
  if (!l.is_digits(i)) return std::nullopt;
  const std::string_view sign = l.word(i + 1);
  if ((sign != "-" && sign != "/" && sign != ".") || !l.is(i + 3, sign)) return std::nullopt;
  for (size_t k = i + 1; k <= i + 4; ++k) {
    if (!l.touches(k)) return std::nullopt;
  }
  if (!l.is_digits(i + 2) || !l.is_digits(i + 4)) return std::nullopt;
  const int a = whole(l.word(i)), b = whole(l.word(i + 2)), c = whole(l.word(i + 4));
  if (l.word(i).size() == 4) return found(i, i + 5, {a, b, c});
  if (l.word(i + 4).size() != 4 || l.word(i).size() > 2 || l.word(i + 2).size() > 2) return std::nullopt;
  const bool day_first = sign == "." || a > 12;
  return found(i, i + 5, day_first ? Date{c, b, a} : Date{c, a, b});
}

// "21", "21st", "twenty first": a day of a month.
struct Day {
  size_t last = 0;
  int day = 0;
};
std::optional<Day> day_at(const Lexemes& l, size_t i) {
  if (const auto ordinal = match_ordinal(l, i)) {
    const int64_t day = std::get<int64_t>(ordinal->value);
    if (day >= 1 && day <= 31) return Day{ordinal->last, static_cast<int>(day)};
  }
  if (l.is_digits(i) && l.word(i).size() <= 2) {
    const int day = whole(l.word(i));
    if (day >= 1 && day <= 31) return Day{i + 1, day};
  }
  return std::nullopt;
}

// A year behind a date, perhaps after a comma.
std::optional<Day> year_at(const Lexemes& l, size_t i) {
  const size_t at = l.is(i, ",") ? i + 1 : i;
  if (l.is_digits(at) && l.word(at).size() == 4 && !l.is(at + 1, ":")) {
    const int year = whole(l.word(at));
    if (year >= 1000) return Day{at + 1, year};
  }
  return std::nullopt;
}

// Without a year: the next one from now on.
Date next_of(int month, int day, const Date& now) {
  Date d{now.year, month, day};
  if (month < now.month || (month == now.month && day < now.day)) ++d.year;
  while (day == 29 && month == 2 && !is_leap(d.year) && d.year < now.year + 8) ++d.year;
  return d;
}

std::optional<ExactMatch> month_and_day(const Lexemes& l, size_t first, size_t last, int month, int day,
                                        const Date& now) {
  if (const auto year = year_at(l, last)) return found(first, year->last, {year->day, month, day});
  return found(first, last, next_of(month, day, now));
}

// "november 21st, 2026", "21 november", "the 21st of november"
std::optional<ExactMatch> named_date(const Lexemes& l, size_t i, const Date& now) {
  if (const int month = named(kMonths, l.word(i)); month >= 0) {
    size_t at = i + 1;
    if (l.is(at, ".") && l.touches(at)) ++at;
    if (l.is(at, "the")) ++at;
    const auto day = day_at(l, at);
    if (!day || l.is(day->last, ":")) return std::nullopt;
    return month_and_day(l, i, day->last, month + 1, day->day, now);
  }
  const size_t begin = l.is(i, "the") ? i + 1 : i;
  const auto day = day_at(l, begin);
  if (!day) return std::nullopt;
  size_t at = day->last;
  if (l.is(at, ".") && l.touches(at)) ++at;
  if (l.is(at, "of")) ++at;
  const int month = named(kMonths, l.word(at));
  if (month < 0) return std::nullopt;
  return month_and_day(l, i, at + 1, month + 1, day->day, now);
}

std::optional<ExactMatch> in_days(size_t first, size_t last, const Date& now, int64_t days) {
  return found(first, last, date_of_days(days_of_date(now) + days));
}

// Monday is 0; 1970-01-01 was a Thursday.
int64_t weekday_of(const Date& d) {
  return ((days_of_date(d) + 3) % 7 + 7) % 7;
}

// tomorrow, next friday, in three days, two weeks ago
std::optional<ExactMatch> relative_date(const Lexemes& l, size_t i, const Date& now) {
  if (l.is(i, "today") || l.is(i, "tonight")) return in_days(i, i + 1, now, 0);
  if (l.is(i, "tomorrow")) return in_days(i, i + 1, now, 1);
  if (l.is(i, "yesterday")) return in_days(i, i + 1, now, -1);
  const size_t the = l.is(i, "the") ? i + 1 : i;
  if (l.is(the, "day") && l.is(the + 1, "after") && l.is(the + 2, "tomorrow")) return in_days(i, the + 3, now, 2);
  if (l.is(the, "day") && l.is(the + 1, "before") && l.is(the + 2, "yesterday")) return in_days(i, the + 3, now, -2);
  const bool next = l.is(i, "next"), last = l.is(i, "last"), current = l.is(i, "this") || l.is(i, "on");
  const size_t at = next || last || current ? i + 1 : i;
  // "sun", "wed" and the like are words of their own; only after "next" and its kin they are days.
  const std::string_view word = l.word(at);
  const int day = at == i && word.size() < 6 ? -1 : named(kDays, word);
  if (day >= 0) {
    int64_t days = (day - weekday_of(now) + 7) % 7;
    if (next && days == 0) days = 7;
    if (last) days -= 7;
    const bool is_on = l.is(i, "on");
    return in_days(is_on ? at : i, at + 1, now, days);
  }
  const size_t amount_at = l.is(i, "in") ? i + 1 : i;
  int64_t amount = 0;
  size_t unit = 0;
  if (l.is(amount_at, "a") || l.is(amount_at, "an")) {
    amount = 1;
    unit = amount_at + 1;
  } else if (const auto number = match_number(l, amount_at)) {
    const auto* value = std::get_if<int64_t>(&number->value);
    if (value == nullptr || *value < 0 || *value > 100'000) return std::nullopt;
    amount = *value;
    unit = number->last;
  } else {
    return std::nullopt;
  }
  const int64_t days = l.is(unit, "day") || l.is(unit, "days") ? 1 : l.is(unit, "week") || l.is(unit, "weeks") ? 7 : 0;
  if (days == 0) return std::nullopt;
  if (amount_at > i) return in_days(i, unit + 1, now, amount * days);
  if (l.is(unit + 1, "ago")) return in_days(i, unit + 2, now, -amount * days);
  if (l.is(unit + 1, "from") && (l.is(unit + 2, "now") || l.is(unit + 2, "today"))) {
    return in_days(i, unit + 3, now, amount * days);
  }
  return std::nullopt;
}

std::optional<ExactMatch> at_time(size_t first, size_t last, int hour, int minute, int second = -1) {
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second > 59) return std::nullopt;
  char out[40];
  if (second >= 0) {
    std::snprintf(out, sizeof out, "%02d:%02d:%02d", hour, minute, second);
  } else {
    std::snprintf(out, sizeof out, "%02d:%02d", hour, minute);
  }
  return ExactMatch{first, last, std::string(out)};
}

// am, p.m. and the like at lexeme i: hours to add to 12-hour time, and where it ends.
struct Half {
  size_t last = 0;
  bool after_noon = false;
};
std::optional<Half> half_at(const Lexemes& l, size_t i) {
  if (l.is(i, "am") || l.is(i, "pm")) return Half{i + 1, l.is(i, "pm")};
  if ((l.is(i, "a") || l.is(i, "p")) && l.is(i + 1, ".") && l.is(i + 2, "m")) {
    return Half{l.is(i + 3, ".") ? i + 4 : i + 3, l.is(i, "p")};
  }
  if ((l.is(i, "a") || l.is(i, "p")) && l.is(i + 1, "m")) return Half{i + 2, l.is(i, "p")};
  return std::nullopt;
}

std::optional<int> small_number(const Lexemes& l, size_t i, size_t* last) {
  const auto number = match_number(l, i);
  if (!number) return std::nullopt;
  const auto* value = std::get_if<int64_t>(&number->value);
  if (value == nullptr || *value < 0 || *value > 59) return std::nullopt;
  *last = number->last;
  return static_cast<int>(*value);
}

std::optional<ExactMatch> with_half(size_t first, const Half& half, int hour, int minute) {
  if (hour < 1 || hour > 12) return std::nullopt;
  return at_time(first, half.last, hour % 12 + (half.after_noon ? 12 : 0), minute);
}

struct Unit {
  std::string_view name;
  char letter;
  bool of_time;
  int64_t size;  // of the letter's unit
};
constexpr Unit kUnits[] = {{"second", 'S', true, 1}, {"seconds", 'S', true, 1}, {"sec", 'S', true, 1},
                           {"secs", 'S', true, 1},   {"minute", 'M', true, 1},  {"minutes", 'M', true, 1},
                           {"min", 'M', true, 1},    {"mins", 'M', true, 1},    {"hour", 'H', true, 1},
                           {"hours", 'H', true, 1},  {"hr", 'H', true, 1},      {"hrs", 'H', true, 1},
                           {"day", 'D', false, 1},   {"days", 'D', false, 1},   {"week", 'W', false, 1},
                           {"weeks", 'W', false, 1}, {"month", 'M', false, 1},  {"months", 'M', false, 1},
                           {"year", 'Y', false, 1},  {"years", 'Y', false, 1},  {"fortnight", 'W', false, 2}};
const Unit* unit_at(const Lexemes& l, size_t i) {
  for (const Unit& unit : kUnits) {
    if (l.is(i, unit.name)) return &unit;
  }
  return nullptr;
}

std::string number_text(const ExactValue& value, int64_t size) {
  if (const auto* n = std::get_if<int64_t>(&value)) return std::to_string(*n * size);
  char out[40];
  std::snprintf(out, sizeof out, "%g", std::get<double>(value) * static_cast<double>(size));
  return out;
}

}  // namespace

Date date_of_days(int64_t days) {
  // Years that begin in March: the leap day comes last.
  days += 719'468;
  const int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const int64_t day_of_era = days - era * 146'097;
  const int64_t year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month = (5 * day_of_year + 2) / 153;
  const int64_t civil_month = month < 10 ? month + 3 : month - 9;
  return {static_cast<int>(year_of_era + era * 400 + (civil_month <= 2)), static_cast<int>(civil_month),
          static_cast<int>(day_of_year - (153 * month + 2) / 5 + 1)};
}

int64_t days_of_date(const Date& d) {
  const int64_t year = d.year - (d.month <= 2);
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (d.month > 2 ? d.month - 3 : d.month + 9) + 2) / 5 + d.day - 1;
  return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719'468;
}

std::optional<Date> parse_iso_date(std::string_view text) {
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  if (text.size() > 10 && text[10] != 'T' && text[10] != ' ') return std::nullopt;
  for (const size_t i : {0, 1, 2, 3, 5, 6, 8, 9}) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
  }
  const Date d{whole(text.substr(0, 4)), whole(text.substr(5, 2)), whole(text.substr(8, 2))};
  return is_date(d) ? std::optional(d) : std::nullopt;
}

std::optional<ExactMatch> match_date(const Lexemes& l, size_t i, const Date& now) {
  if (auto match = numeric_date(l, i)) return match;
  if (auto match = named_date(l, i, now)) return match;
  return relative_date(l, i, now);
}

std::optional<ExactMatch> match_time(const Lexemes& l, size_t i) {
  if (l.is(i, "noon") || l.is(i, "midday")) return at_time(i, i + 1, 12, 0);
  if (l.is(i, "midnight")) return at_time(i, i + 1, 0, 0);
  // 14:30, 14:30:05, 2:30 pm
  if (l.is_digits(i) && l.word(i).size() <= 2 && l.is(i + 1, ":") && l.touches(i + 1) && l.is_digits(i + 2) &&
      l.touches(i + 2) && l.word(i + 2).size() == 2) {
    const int hour = whole(l.word(i)), minute = whole(l.word(i + 2));
    if (const auto half = half_at(l, i + 3)) return with_half(i, *half, hour, minute);
    if (l.is(i + 3, ":") && l.touches(i + 3) && l.is_digits(i + 4) && l.touches(i + 4) && l.word(i + 4).size() == 2) {
      return at_time(i, i + 5, hour, minute, whole(l.word(i + 4)));
    }
    return at_time(i, i + 3, hour, minute);
  }
  // half past two, quarter to five, ten past six
  size_t at = i, last = 0;
  int minutes = -1;
  if (l.is(i, "a") && l.is(i + 1, "quarter")) at = i + 1;
  if (l.is(at, "half")) minutes = 30;
  if (l.is(at, "quarter")) minutes = 15;
  if (minutes > 0) last = at + 1;
  if (minutes < 0) {
    if (const auto number = small_number(l, at, &last)) minutes = *number;
  }
  if (minutes < 0) return std::nullopt;
  if (l.is(last, "past") || l.is(last, "to")) {
    const bool to = l.is(last, "to");
    size_t hour_last = 0;
    const auto hour = small_number(l, last + 1, &hour_last);
    // "5 to 6" is a range more often than a time.
    if (!hour || *hour < 1 || *hour > 12 || (to && l.is_digits(i))) return std::nullopt;
    const int of = to ? (*hour + 23) % 24 : *hour;
    const int minute = to ? (60 - minutes) % 60 : minutes;
    if (const auto half = half_at(l, hour_last)) return with_half(i, *half, of == 0 ? 12 : of, minute);
    return at_time(i, hour_last, of, minute);
  }
  if (at != i || l.is(at, "half") || l.is(at, "quarter")) return std::nullopt;
  // five pm, 5 o'clock, seven thirty pm
  if (const auto half = half_at(l, last)) return with_half(i, *half, minutes, 0);
  if (l.is(last, "o") && l.is(last + 1, "'") && l.is(last + 2, "clock")) return at_time(i, last + 3, minutes, 0);
  size_t minute_last = 0;
  if (const auto minute = small_number(l, last, &minute_last)) {
    if (const auto half = half_at(l, minute_last)) return with_half(i, *half, minutes, *minute);
  }
  return std::nullopt;
}

std::optional<ExactMatch> match_duration(const Lexemes& l, size_t i) {
  std::string date_part, time_part;
  size_t at = i, end = i;
  for (int parts = 0; parts < 4; ++parts) {
    size_t start = at;
    if (parts > 0 && (l.is(at, "and") || l.is(at, ","))) ++start;
    ExactValue amount;
    size_t unit_place = 0;
    bool half = false;
    if (l.is(start, "half") && (l.is(start + 1, "an") || l.is(start + 1, "a"))) {
      amount = 0.5;
      unit_place = start + 2;
    } else if (l.is(start, "a") || l.is(start, "an")) {
      amount = int64_t{1};
      unit_place = start + 1;
    } else if (const auto number = match_number(l, start)) {
      amount = number->value;
      unit_place = number->last;
      if (l.is(unit_place, "and") && l.is(unit_place + 1, "a") && l.is(unit_place + 2, "half")) {
        unit_place += 3;
        half = true;
      }
    } else {
      break;
    }
    const Unit* unit = unit_at(l, unit_place);
    if (unit == nullptr) break;
    if (half) {
      amount = (std::holds_alternative<int64_t>(amount) ? static_cast<double>(std::get<int64_t>(amount))
                                                        : std::get<double>(amount)) +
               0.5;
    }
    const bool minutes_of_hour = unit->letter == 'H' && std::holds_alternative<double>(amount);
    const double hours = minutes_of_hour ? std::get<double>(amount) : 0;
    const bool whole_minutes = minutes_of_hour && hours < 1e6 && hours > 0 &&
                               hours * 60 == static_cast<double>(static_cast<int64_t>(hours * 60));
    if (whole_minutes) {
      time_part += std::to_string(static_cast<int64_t>(hours * 60)) + "M";
    } else {
      (unit->of_time ? time_part : date_part) += number_text(amount, unit->size) + unit->letter;
    }
    at = end = unit_place + 1;
    if (whole_minutes) break;
  }
  if (end == i) return std::nullopt;
  return ExactMatch{i, end, "P" + date_part + (time_part.empty() ? "" : "T" + time_part)};
}

}  // namespace dormouse::entities
