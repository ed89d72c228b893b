#include "base/units.h"

#include <catch2/catch.hpp>
#include <limits>

namespace dormouse {
namespace {

using namespace std::chrono_literals;

Duration duration(std::string_view text) {
  const Result<Duration> parsed = parse_duration(text);
  INFO(text << " " << parsed.status().to_string());
  REQUIRE(parsed.ok());
  return *parsed;
}

uint64_t bytes(std::string_view text) {
  const Result<uint64_t> parsed = parse_bytes(text);
  INFO(text << " " << parsed.status().to_string());
  REQUIRE(parsed.ok());
  return *parsed;
}

TEST_CASE("a duration is a number and a unit") {
  CHECK(duration("7ns") == 7ns);
  CHECK(duration("7us") == 7us);
  CHECK(duration("25ms") == 25ms);
  CHECK(duration("1.5s") == 1500ms);
  CHECK(duration("2m") == 2min);
  CHECK(duration("1h") == 1h);
  CHECK(duration("0s") == 0s);
  CHECK(duration("007ms") == 7ms);
}

TEST_CASE("fractions of a duration are exact to the nanosecond and then dropped") {
  CHECK(duration("0.1s") == 100ms);
  CHECK(duration("0.000000001s") == 1ns);
  CHECK(duration("1.9999999999s") == 1999999999ns);
  CHECK(duration("0.3h") == 18min);
}

TEST_CASE("what is no duration is refused with the grammar and the text") {
  const std::string_view wrong[] = {"",     " ",    "5",    "ms",       "-1s",     "+1s",  " 1s",   "1s ",  "1 s",
                                    "1e9h", "1.s",  ".5s",  "1..5s",    "1.5.5s",  "1S",   "1sec",  "1d",   "0x10s",
                                    "infs", "nans", "1,5s", "1\u00b5s", "\u0661s", "1ms1", "1m30s", "1s\n", "\xff\xfe"};
  for (std::string_view text : wrong) {
    const Result<Duration> parsed = parse_duration(text);
    INFO(text);
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.status().code() == Code::invalid_argument);
    CHECK(parsed.status().error().needed.find("ns us ms s m h") != std::string::npos);
    CHECK_FALSE(parsed.status().error().remedy.empty());
  }
  CHECK(parse_duration(std::string_view("1s\0", 3)).ok() == false);
  CHECK(parse_duration("1e9h").status().error().found == "'1e9h'");
}

TEST_CASE("a duration ends at 365 days") {
  CHECK(duration("8760h") == 8760h);
  CHECK(duration("31536000000000000ns") == 8760h);
  CHECK_FALSE(parse_duration("8761h").ok());
  CHECK_FALSE(parse_duration("31536000000000001ns").ok());
  CHECK_FALSE(parse_duration("9223372036854775807h").ok());
  CHECK_FALSE(parse_duration("9999999999999999999h").ok());
  CHECK_FALSE(parse_duration(std::string(400, '9') + "h").ok());
  CHECK_FALSE(parse_duration("0." + std::string(400, '9') + "h").ok());
}

TEST_CASE("an amount that is not zero never becomes zero") {
  CHECK_FALSE(parse_duration("0.5ns").ok());
  CHECK_FALSE(parse_bytes("0.5B").ok());
  CHECK(duration("0.0ns") == 0ns);
}

TEST_CASE("a message repeats only the printable beginning of what was wrong") {
  CHECK(parse_duration("1\x1b[31ms").status().error().found == "'1?[31ms'");
  CHECK(parse_duration(std::string(1000, 'x')).status().error().found == "'" + std::string(40, 'x') + "...'");
}

TEST_CASE("a size is a number and a unit or bytes") {
  CHECK(bytes("512") == 512);
  CHECK(bytes("0") == 0);
  CHECK(bytes("512B") == 512);
  CHECK(bytes("10KB") == 10'000);
  CHECK(bytes("10MB") == 10'000'000);
  CHECK(bytes("10GB") == 10'000'000'000);
  CHECK(bytes("64KiB") == 65'536);
  CHECK(bytes("3MiB") == 3 * 1'048'576);
  CHECK(bytes("1.5GiB") == 1'610'612'736);
  CHECK(bytes("1.1KiB") == 1126);
}

TEST_CASE("what is no size is refused") {
  for (std::string_view text :
       {"", "KiB", "-1", "1 KiB", "64kib", "64K", "1e3", "1TiB", "64KiB ", "\u0661KiB", "0x10"}) {
    INFO(text);
    CHECK(parse_bytes(text).status().code() == Code::invalid_argument);
  }
}

TEST_CASE("a size ends where a signed count does") {
  CHECK(bytes("9223372036854775807") == 9223372036854775807u);
  CHECK_FALSE(parse_bytes("9223372036854775808").ok());
  CHECK_FALSE(parse_bytes("18446744073709551616").ok());
  CHECK(bytes("8589934591GiB") == 8589934591u << 30);
  CHECK_FALSE(parse_bytes("8589934592GiB").ok());
}

TEST_CASE("a duration is written in the largest unit that needs at most three decimals") {
  CHECK(format_duration(1500ms) == "1.5s");
  CHECK(format_duration(250ms) == "250ms");
  CHECK(format_duration(2min) == "2m");
  CHECK(format_duration(90s) == "90s");
  CHECK(format_duration(24h) == "24h");
  CHECK(format_duration(0s) == "0s");
  CHECK(format_duration(1005ms) == "1.005s");
  CHECK(format_duration(1'234'500us) == "1234.5ms");
  CHECK(format_duration(7ns) == "7ns");
  CHECK(format_duration(1001ns) == "1.001us");
  CHECK(format_duration(-1500ms) == "-1.5s");
  CHECK(format_duration(Duration::min()) == "-9223372036854775.808us");
}

TEST_CASE("a written duration is read back as the same") {
  for (int64_t ns = 1; ns < int64_t{300} * 24 * 3'600'000'000'000; ns = ns * 7 / 3 + 1) {
    CHECK(duration(format_duration(Duration(ns))) == Duration(ns));
  }
}

TEST_CASE("a size is written for people") {
  CHECK(format_bytes(0) == "0 B");
  CHECK(format_bytes(1023) == "1023 B");
  CHECK(format_bytes(1024) == "1 KiB");
  CHECK(format_bytes(1536) == "1.5 KiB");
  CHECK(format_bytes(12'897'485) == "12.3 MiB");
  CHECK(format_bytes(1'048'575) == "1 MiB");
  CHECK(format_bytes(std::numeric_limits<uint64_t>::max()) == "17179869184 GiB");
}

}  // namespace
}  // namespace dormouse
