#include "text_locale.h"

#include <string>

namespace dormouse::entities {
namespace {

constexpr DecimalSign kUnknown = DecimalSign::unknown, kPoint = DecimalSign::point, kComma = DecimalSign::comma;
constexpr DayOrder kOpen = DayOrder::unknown, kDay = DayOrder::day_first;

struct Language {
  std::string_view codes;  // 639-1 and 639-3, macrolanguage and its main member
  DecimalSign decimal;
  bool spaces;
  DayOrder order;
};

// From the Unicode CLDR's number and date patterns. Open where countries of one language differ.
constexpr Language kLanguages[] = {
    {"en eng", kPoint, false, kOpen},
    {"es spa", kUnknown, false, kDay},
    {"de deu", kComma, false, kDay},
    {"nl nld", kComma, false, kDay},
    {"it ita", kComma, false, kDay},
    {"pt por", kComma, false, kDay},
    {"id ind", kComma, false, kDay},
    {"tr tur", kComma, false, kDay},
    {"el ell", kComma, false, kDay},
    {"da dan", kComma, false, kDay},
    {"ro ron", kComma, false, kDay},
    {"hr hrv", kComma, false, kDay},
    {"sr srp", kComma, false, kDay},
    {"bs bos", kComma, false, kDay},
    {"sl slv", kComma, false, kDay},
    {"ca cat", kComma, false, kDay},
    {"gl glg", kComma, false, kDay},
    {"vi vie", kComma, false, kDay},
    {"is isl", kComma, false, kDay},
    {"mk mkd", kComma, false, kDay},
    {"az aze azj", kComma, false, kDay},
    {"fr fra", kComma, true, kDay},
    {"ru rus", kComma, true, kDay},
    {"uk ukr", kComma, true, kDay},
    {"be bel", kComma, true, kDay},
    {"pl pol", kComma, true, kDay},
    {"cs ces", kComma, true, kDay},
    {"sk slk", kComma, true, kDay},
    {"bg bul", kComma, true, kDay},
    {"sv swe", kComma, true, kOpen},
    {"no nor nb nob nn nno", kComma, true, kDay},
    {"fi fin", kComma, true, kDay},
    {"et est", kComma, true, kDay},
    {"lv lav lvs", kComma, true, kDay},
    {"kk kaz", kComma, true, kDay},
    {"ky kir", kComma, true, kDay},
    {"hy hye", kComma, true, kDay},
    {"hu hun", kComma, true, kOpen},
    {"lt lit", kComma, true, kOpen},
    {"zh zho cmn", kPoint, false, kOpen},
    {"ja jpn", kPoint, false, kOpen},
    {"ko kor", kPoint, false, kOpen},
    {"th tha", kPoint, false, kDay},
    {"he heb", kPoint, false, kDay},
    {"hi hin", kPoint, false, kDay},
    {"ta tam", kPoint, false, kDay},
    {"te tel", kPoint, false, kDay},
    {"ml mal", kPoint, false, kDay},
    {"kn kan", kPoint, false, kDay},
    {"gu guj", kPoint, false, kDay},
    {"pa pan", kPoint, false, kDay},
    {"ur urd", kPoint, false, kDay},
    {"ms msa zsm", kPoint, false, kDay},
    {"tl tgl fil", kPoint, false, kOpen},
    {"ga gle", kPoint, false, kDay},
    {"cy cym", kPoint, false, kDay},
};

bool has_code(std::string_view codes, std::string_view code) {
  for (size_t at = codes.find(code); at != std::string_view::npos; at = codes.find(code, at + 1)) {
    const bool begins = at == 0 || codes[at - 1] == ' ',
               ends = at + code.size() == codes.size() || codes[at + code.size()] == ' ';
    if (begins && ends) return true;
  }
  return false;
}

// "gb" of "en-Latn-GB"; empty when there is none.
std::string_view region_of(std::string_view lower_tag) {
  const size_t at = lower_tag.find_last_of("-_");
  if (at == std::string_view::npos || lower_tag.size() - at != 3) return {};
  return lower_tag.substr(at + 1);
}

}  // namespace

Locale locale_of(std::string_view tag) {
  std::string lower(tag.substr(0, 32));
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  const std::string_view code = std::string_view(lower).substr(0, lower.find_first_of("-_"));
  const std::string_view region = region_of(lower);
  Locale locale;
  if (code.empty() || code == "und") return locale;
  locale.known = true;
  locale.english_words = code == "en" || code == "eng";
  for (const Language& language : kLanguages) {
    if (!has_code(language.codes, code)) continue;
    locale.decimal = language.decimal;
    locale.grouped_by_spaces = language.spaces;
    locale.day_order = language.order;
  }
  if (locale.english_words && region == "us") locale.day_order = DayOrder::month_first;
  if (locale.english_words &&
      (region == "gb" || region == "ie" || region == "au" || region == "nz" || region == "in")) {
    locale.day_order = DayOrder::day_first;
  }
  locale.british = locale.english_words && region == "gb";
  // Switzerland writes a point in three of its languages, Mexico in Spanish, Spain and most of South America a comma.
  if (region == "ch" || region == "li" || region == "mx") locale.decimal = DecimalSign::point;
  if (locale.decimal == DecimalSign::unknown &&
      (region == "es" || region == "ar" || region == "co" || region == "cl")) {
    locale.decimal = DecimalSign::comma;
  }
  if (code == "ja" || code == "jpn") locale.yen_sign = "JPY";
  if (code == "zh" || code == "zho" || code == "cmn") locale.yen_sign = "CNY";
  return locale;
}

}  // namespace dormouse::entities
