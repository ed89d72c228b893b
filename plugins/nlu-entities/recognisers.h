// What needs no training: numbers, dates, money, addresses and the like, found by hand-written scanners, each with a
// value in one standard form. English words; digits, ISO forms, addresses in any language.
// Not the learned slots (model.h), and no calendar library: proleptic Gregorian dates, years 1 to 9999, no time zones.
// Time is linear in the text: each scanner looks at a bounded stretch from each place. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lexer.h"

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
using ExactValue = std::variant<int64_t, double, std::string, Money>;

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
std::vector<ExactSpan> recognise(std::string_view text, uint32_t kinds, const Date& now);

// One scanner's find at lexeme `first`: where it ends and what it is worth.
struct ExactMatch {
  size_t first = 0, last = 0;  // lexemes, last exclusive
  ExactValue value;
};

// The scanners. Each looks for its kind beginning exactly at lexeme i.
std::optional<ExactMatch> match_number(const Lexemes& lexemes, size_t i);
std::optional<ExactMatch> match_ordinal(const Lexemes& lexemes, size_t i);
std::optional<ExactMatch> match_percent(const Lexemes& lexemes, size_t i);
std::optional<ExactMatch> match_money(const Lexemes& lexemes, size_t i);
std::optional<ExactMatch> match_date(const Lexemes& lexemes, size_t i, const Date& now);
std::optional<ExactMatch> match_time(const Lexemes& lexemes, size_t i);
std::optional<ExactMatch> match_duration(const Lexemes& lexemes, size_t i);
// email, url, ip, phone
std::optional<ExactMatch> match_address(const Lexemes& lexemes, size_t i, Exact kind);

}  // namespace dormouse::entities
