// Days, months and weeks as numbers, for the scanners of dates. Proleptic Gregorian, years 1 to 9999, no time zones.
// What recognisers.h declares of it is for the plugin; the rest is for the scanners. Pure; any thread.
#pragma once

#include <optional>
#include <string>

#include "recognisers.h"

namespace dormouse::entities {

bool is_date(const Date& date);
int days_in_month(int year, int month);
int64_t weekday_of(const Date& date);        // Monday is 0
std::string iso_text(const Date& date);      // "2026-11-21"
std::string iso_month(int year, int month);  // "2026-11"
std::string iso_week(const Date& date);      // "2026-W47"
Date plus_days(const Date& date, int64_t days);
Date plus_months(const Date& date, int64_t months);  // the 31st becomes the last day of a shorter month

}  // namespace dormouse::entities
