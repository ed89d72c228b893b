// What needs no training: numbers, dates, money, addresses and the like, found by hand-written scanners, each with a
// value in one standard form. English words; digits, ISO forms, addresses in any language.
// The rule: the right value or none. What has two readings ("1.299" without a language, "3/4/2026" in English) is a
// span without a value; what is part of something that is not read ("3.11" of a version, a fraction) is no span. Not
// the learned slots (model.h), and no calendar library: proleptic Gregorian dates, years 1 to 9999, no time zones. Time
// is linear in the text: each scanner looks at a bounded stretch from each place. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lexer.h"
#include "text_locale.h"

namespace dormouse::entities {

// In the order in which they win where two begin at the same place and are of the same length.
enum class Exact : uint8_t { url, email, ip, date, time, duration, money, percent, phone, ordinal, number };
inline constexpr size_t kExactCount = 11;
std::string_view exact_name(Exact kind);
std::optional<Exact> exact_of(std::string_view name);

struct Money {
  double amount = 0;
  std::string currency;  // ISO 4217
};
// std::monostate: found, but it has more than one reading.
using ExactValue = std::variant<std::monostate, int64_t, double, std::string, Money>;

struct ExactSpan {
  size_t begin = 0, end = 0;  // bytes
  Exact kind = Exact::number;
  ExactValue value;
};

struct Date {
  int year = 0, month = 0, day = 0;
};
// "2026-11-21", perhaps with a time behind it; nothing when it is no date.
std::optional<Date> parse_iso_date(std::string_view text);
Date date_of_days(int64_t days_since_1970);
int64_t days_of_date(const Date& date);

// All spans of the wanted kinds (bit 1 << Exact), in order, none overlapping: the one that begins first, then the
// longest, then the first in the list above. `now` is what relative dates are counted from.
std::vector<ExactSpan> recognise(std::string_view text, uint32_t kinds, const Date& now, const Locale& locale);

// One scanner's find at lexeme `first`: where it ends and what it is worth.
struct ExactMatch {
  size_t first = 0, last = 0;  // lexemes, last exclusive
  ExactValue value;
};

struct Reading;  // reading.h

// The scanners. Each looks for its kind beginning exactly at lexeme i. The first end of a range ("3" of "3 to 5 pm")
// takes its unit from the second.
std::optional<ExactMatch> match_number(const Reading& r, size_t i);
std::optional<ExactMatch> match_ordinal(const Reading& r, size_t i);
std::optional<ExactMatch> match_percent(const Reading& r, size_t i);
std::optional<ExactMatch> match_money(const Reading& r, size_t i);
std::optional<ExactMatch> match_date(const Reading& r, size_t i);
std::optional<ExactMatch> match_time(const Reading& r, size_t i);
std::optional<ExactMatch> match_duration(const Reading& r, size_t i);
// email, url, ip, phone
std::optional<ExactMatch> match_address(const Lexemes& lexemes, size_t i, Exact kind);

// The second end of a range that leaves out what the first one said: "5" of "9am to 5", of "May 3 to 5", of "$3-5".
// `span` was found and ends before lexeme `at`.
std::optional<ExactMatch> match_rest_of_range(const Reading& r, const ExactMatch& found, Exact kind);

}  // namespace dormouse::entities
