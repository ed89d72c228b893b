// Times of day of recognisers.h. Without am, pm or a part of the day, the clock is taken as it is written.
#include <cstdio>

#include "reading.h"

namespace dormouse::entities {
namespace {

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

int two_digits(std::string_view digits) {
  int value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value;
}

enum class Part : uint8_t { none, am, pm, morning, afternoon, evening, night };

Part part_named(std::string_view word) {
  if (word == "morning") return Part::morning;
  if (word == "afternoon") return Part::afternoon;
  if (word == "evening") return Part::evening;
  if (word == "night" || word == "tonight") return Part::night;
  return Part::none;
}

// What is said of the half of the day, and where that ends. `last` is where the time ends that it belongs to: "8" of
// "8 tonight", whose other word is a date, "8 in the evening" as a whole.
struct Told {
  size_t last = 0;
  Part part = Part::none;
};

bool names_day(std::string_view word) {
  constexpr std::string_view kDays[] = {"this",      "tomorrow", "yesterday", "monday",   "tuesday",
                                        "wednesday", "thursday", "friday",    "saturday", "sunday"};
  return is_one_of(word, kDays);
}

Told told_behind(const Lexemes& l, size_t i) {
  if (l.is(i, "am")) return {i + 1, Part::am};
  if (l.is(i, "pm")) return {i + 1, Part::pm};
  if ((l.is(i, "a") || l.is(i, "p")) && l.is(i + 1, ".") && l.touches(i + 1) && l.is(i + 2, "m")) {
    return {l.is(i + 3, ".") && l.touches(i + 3) ? i + 4 : i + 3, l.is(i, "p") ? Part::pm : Part::am};
  }
  if ((l.is(i, "a") || l.is(i, "p")) && l.is(i + 1, "m")) return {i + 2, l.is(i, "p") ? Part::pm : Part::am};
  if (l.is(i, "in") && l.is(i + 1, "the") && part_named(l.word(i + 2)) != Part::none) {
    return {i + 3, part_named(l.word(i + 2))};
  }
  if (l.is(i, "at") && l.is(i + 1, "night")) return {i + 2, Part::night};
  if (l.is(i, "tonight")) return {i, Part::night};
  const size_t day = l.is(i, "on") ? i + 1 : i;
  if (names_day(l.word(day))) return {i, part_named(l.word(day + 1))};
  return {i, Part::none};
}

bool leads_to_time(std::string_view word) {
  constexpr std::string_view kBefore[] = {"at", "around", "about", "by", "before", "after", "until", "till", "from"};
  return is_one_of(word, kBefore);
}

// "tonight at 8", "tomorrow evening around 7"
Part told_before(const Lexemes& l, size_t i) {
  if (i < 2 || !leads_to_time(l.word(i - 1))) return Part::none;
  return part_named(l.word(i - 2));
}

// The hour of 24; -1: these two do not go together.
int hour_of_day(int hour, Part part) {
  if (hour > 12 || (hour == 0 && part != Part::am && part != Part::pm)) {
    return part == Part::am || part == Part::pm ? -1 : hour;
  }
  switch (part) {
    case Part::none:
      return hour;
    case Part::am:
    case Part::pm:
      return hour < 1 ? -1 : hour % 12 + (part == Part::pm ? 12 : 0);
    case Part::morning:
      return hour % 12;
    case Part::afternoon:
      return hour == 12 ? 12 : hour <= 7 ? hour + 12 : -1;
    case Part::evening:
      return hour >= 4 && hour < 12 ? hour + 12 : -1;
    case Part::night:
      return hour == 12 ? 0 : hour >= 5 ? hour + 12 : -1;
  }
  return -1;
}

// A time as far as the clock goes, before anything is said of the half of the day.
struct Clock {
  size_t last = 0;
  int hour = 0, minute = 0, second = -1;
  bool bare = false;        // only an hour, which may be any number
  bool needs_part = false;  // not a time without am, pm or a part of the day
};

std::optional<int> small_whole(const Reading& r, size_t i, size_t* last, bool words_only = false) {
  const Lexemes& l = r.lexemes;
  if (l.is_digits(i)) {
    if (words_only || l.word(i).size() > 2) return std::nullopt;
    *last = i + 1;
    return two_digits(l.word(i));
  }
  if (!r.locale.english_words || (i > 0 && l.is(i - 1, "-") && l.touches(i))) return std::nullopt;
  // Word by word, because "eight thirty" is no number.
  constexpr std::string_view kUnits[] = {
      "one",    "two",    "three",    "four",     "five",    "six",     "seven",     "eight",    "nine",    "ten",
      "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
  constexpr std::string_view kTens[] = {"twenty", "thirty", "forty", "fifty"};
  for (int k = 0; k < 19; ++k) {
    if (!l.is(i, kUnits[k])) continue;
    *last = i + 1;
    return k + 1;
  }
  for (int k = 0; k < 4; ++k) {
    if (!l.is(i, kTens[k])) continue;
    *last = i + 1;
    const size_t unit = l.is(i + 1, "-") ? i + 2 : i + 1;
    for (int u = 0; u < 9; ++u) {
      if (!l.is(unit, kUnits[u])) continue;
      *last = unit + 1;
      return 20 + 10 * k + u + 1;
    }
    return 20 + 10 * k;
  }
  return std::nullopt;
}

bool two_digits_at(const Lexemes& l, size_t i) {
  return l.is_digits(i) && l.touches(i) && l.word(i).size() == 2;
}

// 14:30, 14:30:05, 17h30, 2.30 pm
std::optional<Clock> clock_digits(const Lexemes& l, size_t i) {
  if (!l.is_digits(i) || l.word(i).size() > 2 || !l.touches(i + 1) || !two_digits_at(l, i + 2)) return std::nullopt;
  Clock clock{i + 3, two_digits(l.word(i)), two_digits(l.word(i + 2))};
  if (l.is(i + 1, ":")) {
    if (l.is(i + 3, ":") && l.touches(i + 3) && two_digits_at(l, i + 4)) {
      clock.last = i + 5;
      clock.second = two_digits(l.word(i + 4));
    }
    return clock;
  }
  // "1h30" may be a duration.
  if (l.is(i + 1, "h") && l.word(i).size() == 2 && !(l.touches(i + 3) && l.is_letters(i + 3))) return clock;
  clock.needs_part = true;
  return l.is(i + 1, ".") ? std::optional(clock) : std::nullopt;
}

// half past two, quarter to five, ten past six
std::optional<Clock> clock_past(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  if (!r.locale.english_words) return std::nullopt;
  const size_t at = l.is(i, "a") && l.is(i + 1, "quarter") ? i + 1 : i;
  size_t last = at + 1;
  int minutes = l.is(at, "half") ? 30 : l.is(at, "quarter") ? 15 : -1;
  const bool words = !l.is_digits(at);
  if (minutes < 0) {
    const auto number = small_whole(r, at, &last);
    if (!number || *number > 59) return std::nullopt;
    minutes = *number;
    if (l.is(last, "minutes") || l.is(last, "mins")) ++last;
  }
  const bool named_minutes = l.is(last - 1, "minutes") || l.is(last - 1, "mins");
  const bool to = l.is(last, "to"), past = l.is(last, "past");
  if (!to && !past) return std::nullopt;
  // "5 to 6" is a range more often than a time; "from ten to six" always is, and "nine to five" is no minute.
  const std::string_view prior = before(l, i);
  if (to && !named_minutes && (!words || prior == "from" || prior == "between" || minutes % 5 != 0 || minutes > 30)) {
    return std::nullopt;
  }
  size_t hour_last = 0;
  const auto hour = small_whole(r, last + 1, &hour_last);
  if (!hour || *hour < 1 || *hour > 12 || is_number_word(l.word(hour_last))) return std::nullopt;
  if (to) return Clock{hour_last, *hour == 1 ? 12 : *hour - 1, (60 - minutes) % 60};
  return Clock{hour_last, *hour, minutes};
}

// five (pm), seven thirty (pm), 5 o'clock
std::optional<Clock> clock_hour(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  size_t last = 0;
  const auto hour = small_whole(r, i, &last);
  if (!hour || *hour > 24) return std::nullopt;
  if (l.is(last, "o") && (l.is(last + 1, "'") || l.is(last + 1, "’")) && l.is(last + 2, "clock")) {
    return Clock{last + 3, *hour, 0};
  }
  Clock clock{last, *hour, 0, -1, true, true};
  size_t minute_last = 0;
  if (!l.is_digits(i) || !l.touches(last)) {
    const auto minute = small_whole(r, last, &minute_last, true);
    if (minute && *minute >= 10 && *minute <= 59) {
      clock.last = minute_last;
      clock.minute = *minute;
      clock.bare = false;
    }
  }
  return clock;
}

std::optional<Clock> clock_at(const Reading& r, size_t i) {
  if (auto clock = clock_digits(r.lexemes, i)) return clock;
  if (auto clock = clock_past(r, i)) return clock;
  return clock_hour(r, i);
}

struct Read {
  ExactMatch match;
  int minutes = 0;  // since midnight
  bool has_half = false;
};

// The time that begins at i. Nothing where the clock alone does not make it one.
std::optional<Read> read_time(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  const auto clock = clock_at(r, i);
  if (!clock) return std::nullopt;
  Told told{clock->last, Part::none};
  if (r.locale.english_words) {
    told = told_behind(l, clock->last);
    if (told.part == Part::none) told = {clock->last, told_before(l, i)};
  }
  const bool alone = told.last == clock->last && told.part != Part::none;
  // "a table for 8 tonight" has eight chairs.
  if (clock->bare && alone && !leads_to_time(before(l, i))) return std::nullopt;
  if (clock->needs_part && told.part == Part::none) return std::nullopt;
  if (is_number_word(l.word(told.last)) && !l.is_digits(i)) return std::nullopt;
  const int hour = hour_of_day(clock->hour, told.part);
  auto match = at_time(i, told.last, hour, clock->minute, clock->second);
  if (!match) return std::nullopt;
  return Read{*match, hour * 60 + clock->minute, told.part != Part::none};
}

// The last time of the 12-hour clock reading `clock` before `end`, both in minutes.
std::optional<ExactMatch> earlier(size_t i, const Clock& clock, int end) {
  const int minutes = clock.hour % 12 * 60 + clock.minute;
  const int later = minutes + 720;
  const int value = later < end ? later : minutes;
  if (value >= end) return std::nullopt;
  return at_time(i, clock.last, value / 60, value % 60);
}

}  // namespace

std::optional<ExactMatch> match_time(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  if (r.locale.english_words) {
    if (l.is(i, "noon") || l.is(i, "midday")) return at_time(i, i + 1, 12, 0);
    if (l.is(i, "midnight")) return at_time(i, i + 1, 0, 0);
  }
  // "3 to 5 pm": both are in the afternoon.
  if (const auto clock = clock_at(r, i); clock && clock->hour >= 1 && clock->hour <= 12) {
    const size_t second = second_end(l, i, clock->last);
    const auto end = second == 0 ? std::nullopt : read_time(r, second);
    if (end && end->has_half && !(clock->last > i + 1 && read_time(r, i) && read_time(r, i)->has_half)) {
      if (auto found = earlier(i, *clock, end->minutes)) return found;
    }
  }
  auto read = read_time(r, i);
  if (!read) return std::nullopt;
  return read->match;
}

// "9am to 5": the next five o'clock.
std::optional<ExactMatch> time_rest_of_range(const Reading& r, const ExactMatch& found) {
  const Lexemes& l = r.lexemes;
  const auto* text = std::get_if<std::string>(&found.value);
  const size_t begin = second_end(l, found.first, found.last);
  if (text == nullptr || text->size() != 5 || begin == 0) return std::nullopt;
  if (!read_time(r, found.first) || !read_time(r, found.first)->has_half || read_time(r, begin)) return std::nullopt;
  const auto clock = clock_hour(r, begin);
  if (!clock || !clock->bare || clock->hour < 1 || clock->hour > 12 || !stops(l, clock->last)) return std::nullopt;
  const int start = two_digits(text->substr(0, 2)) * 60 + two_digits(text->substr(3, 2));
  int end = clock->hour % 12 * 60;
  while (end <= start) end += 720;
  return at_time(begin, clock->last, end / 60 % 24, end % 60);
}

}  // namespace dormouse::entities
