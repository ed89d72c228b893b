#include "found_text.h"

#include <cstdio>

#include "recognisers.h"

namespace dormouse::entities {
namespace {

constexpr Date kNow{2026, 11, 20};  // a Friday
constexpr uint32_t kAll = (1u << kExactCount) - 1;

std::string number_text(double number) {
  char out[40];
  std::snprintf(out, sizeof out, "%.10g", number);
  return out;
}

std::string value_text(const ExactValue& value) {
  if (const auto* money = std::get_if<Money>(&value)) return number_text(money->amount) + money->currency;
  if (const auto* word = std::get_if<std::string>(&value)) return *word;
  if (const auto* whole = std::get_if<int64_t>(&value)) return std::to_string(*whole);
  if (const auto* number = std::get_if<double>(&value)) return number_text(*number);
  return "?";
}

}  // namespace

std::string found_text(std::string_view text, std::string_view language) {
  std::string out;
  for (const ExactSpan& s : recognise(text, kAll, kNow, locale_of(language))) {
    out += out.empty() ? "" : "; ";
    out.append(exact_name(s.kind)).append(" ").append(text.substr(s.begin, s.end - s.begin)).append("=");
    out += value_text(s.value);
  }
  return out;
}

}  // namespace dormouse::entities
