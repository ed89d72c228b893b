#include "calendar.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace dormouse::entities {
namespace {

bool is_leap(int year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int whole(std::string_view digits) {
  int value = -1;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

}  // namespace

int days_in_month(int year, int month) {
  constexpr int kDaysIn[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDaysIn[month - 1];
}

bool is_date(const Date& d) {
  return d.year >= 1 && d.year <= 9999 && d.month >= 1 && d.month <= 12 && d.day >= 1 &&
         d.day <= days_in_month(d.year, d.month);
}

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

// 1970-01-01 was a Thursday.
int64_t weekday_of(const Date& d) {
  return ((days_of_date(d) + 3) % 7 + 7) % 7;
}

std::string iso_text(const Date& d) {
  char out[40];
  std::snprintf(out, sizeof out, "%04d-%02d-%02d", d.year, d.month, d.day);
  return out;
}

std::string iso_month(int year, int month) {
  char out[40];
  std::snprintf(out, sizeof out, "%04d-%02d", year, month);
  return out;
}

// A week belongs to the year of its Thursday.
std::string iso_week(const Date& d) {
  const Date thursday = plus_days(d, 3 - weekday_of(d));
  const int64_t first = days_of_date({thursday.year, 1, 1});
  char out[40];
  std::snprintf(out, sizeof out, "%04d-W%02d", thursday.year,
                static_cast<int>((days_of_date(thursday) - first) / 7 + 1));
  return out;
}

Date plus_days(const Date& d, int64_t days) {
  return date_of_days(days_of_date(d) + days);
}

Date plus_months(const Date& d, int64_t months) {
  const int64_t month = int64_t{d.year} * 12 + d.month - 1 + months;
  if (month < 12) return {};
  Date out{static_cast<int>(month / 12), static_cast<int>(month % 12) + 1, d.day};
  out.day = std::min(out.day, days_in_month(out.year, out.month));
  return out;
}

}  // namespace dormouse::entities
