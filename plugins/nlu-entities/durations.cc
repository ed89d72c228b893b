// Durations of recognisers.h, as ISO 8601 writes them. Halves are given in the next smaller unit.
#include <cmath>
#include <cstdio>

#include "reading.h"

namespace dormouse::entities {
namespace {

struct UnitName {
  std::string_view name;
  TimeUnit unit;
};
constexpr UnitName kUnits[] = {
    {"second", {'S', 1}},    {"seconds", {'S', 1}},   {"sec", {'S', 1}},    {"secs", {'S', 1}}, {"minute", {'M', 1}},
    {"minutes", {'M', 1}},   {"min", {'M', 1}},       {"mins", {'M', 1}},   {"hour", {'H', 1}}, {"hours", {'H', 1}},
    {"hr", {'H', 1}},        {"hrs", {'H', 1}},       {"day", {'D', 1}},    {"days", {'D', 1}}, {"week", {'W', 1}},
    {"weeks", {'W', 1}},     {"month", {'m', 1}},     {"months", {'m', 1}}, {"year", {'Y', 1}}, {"years", {'Y', 1}},
    {"fortnight", {'W', 2}}, {"fortnights", {'W', 2}}};

// From the largest; a duration names its units in this order.
constexpr std::string_view kOrder = "YmWDHMS";

// One amount with its unit.
struct Piece {
  size_t last = 0;
  std::optional<double> amount;
  char letter = 'S';
  bool vague = false;  // "a second": seldom one that is measured
};

struct Smaller {
  char letter;
  double factor;
};
std::optional<Smaller> smaller_than(char letter) {
  switch (letter) {
    case 'Y':
      return Smaller{'m', 12};
    case 'D':
      return Smaller{'H', 24};
    case 'H':
      return Smaller{'M', 60};
    case 'M':
      return Smaller{'S', 60};
    default:
      return std::nullopt;
  }
}

// "a", "an" before a unit of time: a length in some places, a rate ("60 miles an hour", "twice a day") in others.
bool measures_one(const Lexemes& l, size_t i, size_t behind) {
  constexpr std::string_view kBefore[] = {"in",     "for",    "within", "after", "about", "around", "over",
                                          "under",  "almost", "takes",  "take",  "took",  "last",   "lasts",
                                          "lasted", "than",   "is",     "be",    "least", "most",   "wait",
                                          "only",   "nearly", "by",     "was"};
  constexpr std::string_view kBehind[] = {"ago", "long", "later", "earlier"};
  if (is_one_of(l.word(behind), kBehind)) return true;
  return i == 0 ? stops(l, behind) : is_one_of(before(l, i), kBefore);
}

// 1h, 30m, 45s written together: `m` only behind hours.
std::optional<Piece> short_piece(const Reading& r, size_t i, bool after_hours) {
  const Lexemes& l = r.lexemes;
  if (!l.is_digits(i) || l.word(i).size() > 4 || !l.is_letters(i + 1)) return std::nullopt;
  const bool glued = l.touches(i + 1);
  const auto amount = read_numeral(r, i);
  if (!amount || amount->last != i + 1) return std::nullopt;
  char letter = 0;
  if (l.is(i + 1, "h") && (r.locale.english_words || (l.is_digits(i + 2) && l.is(i + 3, "min")))) letter = 'H';
  if (after_hours && glued && l.is(i + 1, "m")) letter = 'M';
  if (after_hours && glued && l.is(i + 1, "s")) letter = 'S';
  if (letter == 0) return std::nullopt;
  return Piece{i + 2, as_double(amount->value), letter};
}

std::optional<Piece> piece_at(const Reading& r, size_t i, bool after_hours) {
  const Lexemes& l = r.lexemes;
  if (auto piece = short_piece(r, i, after_hours)) return piece;
  if (r.locale.english_words) {
    if (l.is(i, "half") && (l.is(i + 1, "an") || l.is(i + 1, "a"))) {
      const auto unit = time_unit_at(l, i + 2);
      if (!unit) return std::nullopt;
      return Piece{i + 3, 0.5 * static_cast<double>(unit->size), unit->letter};
    }
    const size_t quarter = l.is(i, "a") || l.is(i, "three") ? i + 1 : i;
    if ((l.is(quarter, "quarter") || l.is(quarter, "quarters")) && l.is(quarter + 1, "of") && l.is(quarter + 2, "an") &&
        l.is(quarter + 3, "hour")) {
      return Piece{quarter + 4, l.is(quarter, "quarters") ? 45.0 : 15.0, 'M'};
    }
    if (l.is(i, "a") || l.is(i, "an")) {
      const auto unit = time_unit_at(l, i + 1);
      if (!unit || l.is(i + 2, "-")) return std::nullopt;
      Piece piece{i + 2, static_cast<double>(unit->size), unit->letter};
      if (l.is(i + 2, "and") && l.is(i + 3, "a") && l.is(i + 4, "half")) {
        return Piece{i + 5, 1.5 * static_cast<double>(unit->size), unit->letter};
      }
      piece.vague = unit->letter == 'S' || unit->letter == 'M' || !measures_one(l, i, i + 2);
      return piece;
    }
  }
  const auto amount = read_amount(r, i);
  if (!amount || (amount->foreign_sign && r.locale.known)) return std::nullopt;
  size_t at = amount->last;
  if (l.is(at, "-") && l.touches(at) && l.touches(at + 1)) ++at;  // 3-day
  const auto unit = time_unit_at(l, at);
  if (!unit || (!r.locale.english_words && !l.is(at, "min"))) return std::nullopt;
  const auto number = as_double(amount->value);
  if (number && *number < 0) return std::nullopt;
  size_t end = at + 1;
  double size = static_cast<double>(unit->size);
  std::optional<double> value = number ? std::optional(*number * size) : std::nullopt;
  if (r.locale.english_words && l.is(end, "and") && l.is(end + 1, "a") && l.is(end + 2, "half")) {
    if (value) *value += 0.5 * size;  // "two hours and a half"
    end += 3;
  }
  return Piece{end, value, unit->letter};
}

std::string number_text(double value) {
  if (value == std::floor(value) && value < 9e15) return std::to_string(static_cast<int64_t>(value));
  char out[40];
  std::snprintf(out, sizeof out, "%g", value);
  return out;
}

// Whole numbers of the unit, or of the next smaller one where that makes them whole.
void make_whole(Piece* piece) {
  while (piece->amount && *piece->amount != std::floor(*piece->amount)) {
    const auto smaller = smaller_than(piece->letter);
    if (!smaller) return;
    const double value = *piece->amount * smaller->factor;
    if (std::fabs(value - std::round(value)) > 1e-9) return;
    *piece->amount = std::round(value);
    piece->letter = smaller->letter;
  }
}

}  // namespace

std::optional<TimeUnit> time_unit_at(const Lexemes& l, size_t i) {
  for (const UnitName& unit : kUnits) {
    if (l.is(i, unit.name)) return unit.unit;
  }
  return std::nullopt;
}

std::optional<ExactMatch> match_duration(const Reading& r, size_t i) {
  const Lexemes& l = r.lexemes;
  std::string date_part, time_part;
  size_t at = i, end = i, order = 0;
  bool known = true, vague = false, after_hours = false;
  double weeks = 0;
  int count = 0;
  for (; count < 6; ++count) {
    const bool joined = count > 0 && (l.is(at, "and") || l.is(at, ","));
    auto piece = piece_at(r, joined ? at + 1 : at, after_hours);
    if (!piece) break;
    if (count > 0 && (l.is(joined ? at + 1 : at, "a") || l.is(joined ? at + 1 : at, "an"))) break;
    const char said = piece->letter;
    make_whole(&*piece);
    const size_t place = kOrder.find(said);
    if (count > 0 && place < order) break;
    order = place + 1;
    vague |= piece->vague && count == 0;
    known &= piece->amount.has_value();
    if (piece->amount) {
      std::string& part = piece->letter == 'S' || piece->letter == 'M' || piece->letter == 'H' ? time_part : date_part;
      if (said == 'W') {
        weeks = *piece->amount;
      } else if (said == 'D' && weeks > 0) {
        if (piece->letter != 'D') return std::nullopt;
        date_part += number_text(weeks * 7 + *piece->amount) + "D";
        weeks = 0;
      } else {
        part += number_text(*piece->amount) + static_cast<char>(piece->letter == 'm' ? 'M' : piece->letter);
      }
    }
    after_hours = said == 'H' || said == 'M';
    at = end = piece->last;
    if (piece->letter != said && said != 'W') {  // a half ends it
      ++count;
      break;
    }
  }
  if (count == 0) {
    // "2 to 3 hours"
    const auto amount = read_amount(r, i);
    const size_t second = amount ? second_end(l, i, amount->last) : 0;
    const auto other = second == 0 ? std::nullopt : piece_at(r, second, false);
    if (!other || !read_amount(r, second) || other->vague || !r.locale.english_words) return std::nullopt;
    const auto unit = time_unit_at(l, other->last - 1);
    const auto number = as_double(amount->value);
    if (!unit || !number || *number < 0) return std::nullopt;
    Piece piece{amount->last, *number * static_cast<double>(unit->size), unit->letter};
    make_whole(&piece);
    const bool clock = piece.letter == 'S' || piece.letter == 'M' || piece.letter == 'H';
    return ExactMatch{i, amount->last,
                      std::string(clock ? "PT" : "P") + number_text(*piece.amount) +
                          static_cast<char>(piece.letter == 'm' ? 'M' : piece.letter)};
  }
  if (vague && count == 1) return std::nullopt;
  // "an hour or two", "a week or so"
  if (l.is(end, "or") && (is_number_word(l.word(end + 1)) || l.is(end + 1, "so")) && !time_unit_at(l, end + 2)) {
    return std::nullopt;
  }
  if (weeks > 0) {
    if (!time_part.empty() || !date_part.empty()) return std::nullopt;  // ISO 8601 has weeks alone only
    date_part = number_text(weeks) + "W";
  }
  if (!known) return ExactMatch{i, end, {}};
  return ExactMatch{i, end, "P" + date_part + (time_part.empty() ? "" : "T" + time_part)};
}

}  // namespace dormouse::entities
