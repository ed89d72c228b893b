#include "base/units.h"

#include <array>
#include <limits>
#include <span>

namespace dormouse {
namespace {

struct Unit {
  std::string_view name;
  uint64_t size;  // in nanoseconds or bytes
};

constexpr std::array<Unit, 6> kDurationUnits{{{"h", 3'600'000'000'000},
                                              {"m", 60'000'000'000},
                                              {"s", 1'000'000'000},
                                              {"ms", 1'000'000},
                                              {"us", 1'000},
                                              {"ns", 1}}};
constexpr std::array<Unit, 8> kByteUnits{{{"", 1},
                                          {"B", 1},
                                          {"KB", 1'000},
                                          {"MB", 1'000'000},
                                          {"GB", 1'000'000'000},
                                          {"KiB", uint64_t{1} << 10},
                                          {"MiB", uint64_t{1} << 20},
                                          {"GiB", uint64_t{1} << 30}}};

// 365 days: longer is a mistake in the unit, and this keeps `now + duration` far from overflow.
constexpr uint64_t kDurationMax = uint64_t{365} * 24 * 3'600'000'000'000;
// What an int64 holds: sizes are passed on to interfaces that count with a sign.
constexpr uint64_t kBytesMax = std::numeric_limits<int64_t>::max();
// Enough for every value in range; more digits can only be a mistake, and the sums below stay within 128 bits.
constexpr size_t kDigitsMax = 19;

using Wide = unsigned __int128;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// A decimal number without sign or exponent, taken apart exactly: value = digits / 10^decimals.
struct Decimal {
  Wide digits = 0;
  Wide divisor = 1;  // 10^decimals
};

// Takes "12" or "1.5" off the front of `text`; false when there is no such number or it has too many digits.
bool take_decimal(std::string_view& text, Decimal& number) {
  size_t i = 0;
  for (; i < text.size() && is_digit(text[i]); ++i) number.digits = number.digits * 10 + unsigned(text[i] - '0');
  size_t digits = i;
  if (digits == 0 || digits > kDigitsMax) return false;
  if (i + 1 < text.size() && text[i] == '.' && is_digit(text[i + 1])) {
    for (++i; i < text.size() && is_digit(text[i]); ++i, ++digits) {
      if (digits == kDigitsMax) return false;
      number.digits = number.digits * 10 + unsigned(text[i] - '0');
      number.divisor *= 10;
    }
  }
  text.remove_prefix(i);
  return true;
}

// What a message may repeat of a text that nobody checked.
std::string quoted(std::string_view text) {
  constexpr size_t kShownMax = 40;
  std::string shown = "'";
  for (char c : text.substr(0, kShownMax)) shown += (c >= ' ' && c <= '~') ? c : '?';
  return shown + (text.size() > kShownMax ? "...'" : "'");
}

// A quantity in its smallest unit. What is finer than that unit is dropped ("1.1KiB" is 1126 bytes), but an amount that
// is not zero never becomes zero: zero means "none" or "at once" to many settings.
Result<uint64_t> parse_quantity(std::string_view text, std::span<const Unit> units, uint64_t max, const Error& wrong) {
  Error error = wrong;
  error.found = quoted(text);
  Decimal number;
  if (!take_decimal(text, number)) return error;
  for (const Unit& unit : units) {
    if (unit.name != text) continue;
    const Wide amount = number.digits * unit.size / number.divisor;
    if (amount > max || (amount == 0 && number.digits != 0)) {
      error.message = amount > max ? "it is out of range" : "it is too small";
      return error;
    }
    return static_cast<uint64_t>(amount);
  }
  return error;
}

// "1.5", "1.005", "2": a decimal without trailing zeros.
std::string format_thousandths(uint64_t whole, uint64_t thousandths) {
  std::string text = std::to_string(whole);
  if (thousandths == 0) return text;
  std::string decimals = std::to_string(1000 + thousandths).substr(1);
  decimals.erase(decimals.find_last_not_of('0') + 1);
  return text + "." + decimals;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  static const Error wrong{.code = Code::invalid_argument,
                           .message = "it is not a duration",
                           .object = "",
                           .needed = "a number and one of ns us ms s m h, at most 365 days",
                           .found = "",
                           .remedy = "write it like 25ms, 1.5s or 2m"};
  Result<uint64_t> ns = parse_quantity(text, kDurationUnits, kDurationMax, wrong);
  if (!ns.ok()) return ns.status();
  return Duration(static_cast<int64_t>(*ns));
}

Result<uint64_t> parse_bytes(std::string_view text) {
  static const Error wrong{.code = Code::invalid_argument,
                           .message = "it is not a size",
                           .object = "",
                           .needed = "a number and one of B KB MB GB KiB MiB GiB, or bytes without a unit",
                           .found = "",
                           .remedy = "write it like 64KiB, 1.5GiB or 512"};
  return parse_quantity(text, kByteUnits, kBytesMax, wrong);
}

std::string format_duration(Duration duration) {
  const int64_t count = duration.count();
  const std::string sign = count < 0 ? "-" : "";
  const uint64_t ns = count < 0 ? uint64_t{0} - static_cast<uint64_t>(count) : static_cast<uint64_t>(count);
  if (ns == 0) return "0s";
  for (const Unit& unit : kDurationUnits) {
    // Hours and minutes only when whole: nobody reads 1.5h in a table of seconds, and a third of them has no end.
    const bool decimal = unit.size <= 1'000'000'000 && unit.size > 1;
    const uint64_t step = decimal ? unit.size / 1000 : unit.size;
    if (ns >= unit.size && ns % step == 0) {
      const uint64_t thousandths = decimal ? ns % unit.size / step : 0;
      return sign + format_thousandths(ns / unit.size, thousandths) + std::string(unit.name);
    }
  }
  return sign + std::to_string(ns) + "ns";
}

std::string format_bytes(uint64_t bytes) {
  static constexpr std::array<std::string_view, 4> kNames{" B", " KiB", " MiB", " GiB"};
  // The unit is chosen after rounding, so that 1048575 is "1 MiB" and not "1024 KiB".
  size_t unit = 0;
  Wide tenths = Wide{bytes} * 10;
  while (tenths >= 10 * 1024 && unit + 1 < kNames.size()) {
    ++unit;
    const Wide size = Wide{1} << (10 * unit);
    tenths = (Wide{bytes} * 10 + size / 2) / size;
  }
  std::string text = std::to_string(static_cast<uint64_t>(tenths / 10));
  if (tenths % 10 != 0) text += "." + std::to_string(static_cast<unsigned>(tenths % 10));
  return text + std::string(kNames[unit]);
}

}  // namespace dormouse
