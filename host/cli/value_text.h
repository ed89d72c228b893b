// Values as text for people: reports of trainings, answers of the control listener. Pure; any thread.
#pragma once

#include <string>

#include "values/value.h"

namespace dormouse {

// A scalar on one line: strings as they are, numbers short; lists and maps as JSON.
std::string to_cell(dm_value value);
// A map as "name  value" lines, small maps in it as "name value, name value", lists of maps as tables of their own.
using ShowField = std::string (*)(std::string_view key, dm_value value);  // empty: as it is
std::string to_report(dm_value map, ShowField show = nullptr);

// Fields of control answers; missing ones are empty, 0, false.
std::string text_at(dm_value map, const char* key);
double number_at(dm_value map, const char* key);
bool flag_at(dm_value map, const char* key);

}  // namespace dormouse
