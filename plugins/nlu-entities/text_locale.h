// How a language writes numbers and dates: what the exact recognisers must know before "1.299" or "3/4/2026" has a
// value. Not the detection of languages. Where a language leaves a question open (English dates, Spanish decimals), so
// does the Locale: a recogniser then gives no value. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace dormouse::entities {

enum class DecimalSign : uint8_t { unknown, point, comma };
enum class DayOrder : uint8_t { unknown, day_first, month_first };

struct Locale {
  bool known = false;         // the language was given
  bool english_words = true;  // English words are read; also where no language is given
  bool grouped_by_spaces = false;
  bool british = false;  // pounds are money
  DecimalSign decimal = DecimalSign::unknown;
  DayOrder day_order = DayOrder::unknown;
  std::string_view yen_sign;  // the currency of ¥; empty: two are possible
};

// `tag`: ISO 639-1 or 639-3, perhaps with script and region: "en", "eng", "en-GB", "deu_Latn". Empty, "und" and
// languages that are not in the table: unknown.
Locale locale_of(std::string_view tag);

}  // namespace dormouse::entities
