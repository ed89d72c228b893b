#include "recognisers.h"

#include <catch2/catch.hpp>

namespace dormouse::entities {
namespace {

constexpr Date kNow{2026, 11, 20};  // a Friday
constexpr uint32_t kAll = (1u << kExactCount) - 1;

// "type text=value" of each find, with a space between.
std::string found(std::string_view text) {
  std::string out;
  for (const ExactSpan& s : recognise(text, kAll, kNow)) {
    out += out.empty() ? "" : "; ";
    out.append(exact_name(s.kind)).append(" ").append(text.substr(s.begin, s.end - s.begin)).append("=");
    if (const auto* money = std::get_if<Money>(&s.value)) {
      out += std::to_string(money->amount).substr(0, 5) + money->currency;
    } else if (const auto* word = std::get_if<std::string>(&s.value)) {
      out += *word;
    } else if (const auto* whole = std::get_if<int64_t>(&s.value)) {
      out += std::to_string(*whole);
    } else {
      out += std::to_string(std::get<double>(s.value)).substr(0, 5);
    }
  }
  return out;
}

}  // namespace

TEST_CASE("numbers are found as digits and as words") {
  CHECK(found("take 1,234 of 3.5 and 7") == "number 1,234=1234; number 3.5=3.500; number 7=7");
  CHECK(found("one hundred and five sheep and forty-two goats") ==
        "number one hundred and five=105; number forty-two=42");
  CHECK(found("two million three hundred thousand") == "number two million three hundred thousand=2300000");
  CHECK(found("an mp3 file").empty());
}

TEST_CASE("ordinals and percentages have a value") {
  CHECK(found("the 3rd and the twenty-first") == "ordinal 3rd=3; ordinal twenty-first=21");
  CHECK(found("20% or five percent") == "percent 20%=20.00; percent five percent=5.000");
}

TEST_CASE("dates come out as ISO dates") {
  CHECK(found("2026-11-21") == "date 2026-11-21=2026-11-21");
  CHECK(found("on 21.12.2026") == "date 21.12.2026=2026-12-21");
  CHECK(found("november 21st, 2026") == "date november 21st, 2026=2026-11-21");
  CHECK(found("the 5th of january") == "date the 5th of january=2027-01-05");
  CHECK(found("2026-02-30").find("date") == std::string::npos);
}

TEST_CASE("relative dates are counted from the reference date") {
  CHECK(found("tomorrow") == "date tomorrow=2026-11-21");
  CHECK(found("next friday") == "date next friday=2026-11-27");
  CHECK(found("on monday") == "date monday=2026-11-23");
  CHECK(found("in three days") == "date in three days=2026-11-23");
  CHECK(found("two weeks ago") == "date two weeks ago=2026-11-06");
}

TEST_CASE("times come out on a clock of 24 hours") {
  CHECK(found("14:30") == "time 14:30=14:30");
  CHECK(found("5pm") == "time 5pm=17:00");
  CHECK(found("2:15 p.m.") == "time 2:15 p.m.=14:15");
  CHECK(found("half past seven") == "time half past seven=07:30");
  CHECK(found("quarter to five pm") == "time quarter to five pm=16:45");
  CHECK(found("noon") == "time noon=12:00");
}

TEST_CASE("durations come out as ISO durations") {
  CHECK(found("90 minutes") == "duration 90 minutes=PT90M");
  CHECK(found("an hour and a half").substr(0, 16) == "duration an hour");
  CHECK(found("2 hours 30 minutes") == "duration 2 hours 30 minutes=PT2H30M");
  CHECK(found("three weeks") == "duration three weeks=P3W");
}

TEST_CASE("money has an amount and a currency") {
  CHECK(found("$20") == "money $20=20.00USD");
  CHECK(found("twenty euros") == "money twenty euros=20.00EUR");
  CHECK(found("12.50 \xE2\x82\xAC") == "money 12.50 \xE2\x82\xAC=12.50EUR");
}

TEST_CASE("addresses are found in any language") {
  CHECK(found("\xD0\xBF\xD0\xB8\xD1\x88\xD0\xB8 Ann.Lee@Example.ORG.") ==
        "email Ann.Lee@Example.ORG=Ann.Lee@example.org");
  CHECK(found("see https://example.org/a?b=1.") == "url https://example.org/a?b=1=https://example.org/a?b=1");
  CHECK(found("from 192.168.0.1") == "ip 192.168.0.1=192.168.0.1");
  CHECK(found("from 2001:db8::1") == "ip 2001:db8::1=2001:db8::1");
  CHECK(found("(see http://a.example/x_(y)))") == "url http://a.example/x_(y)=http://a.example/x_(y)");
  CHECK(found("http://-" + std::string(3000, ')')) == "");
  std::string domain = "x@y.";
  for (int i = 0; i < 200; ++i) domain += "\xC3\xA9";
  CHECK(found(domain) == "");
  CHECK(found("call +49 30 1234567") == "phone +49 30 1234567=+49301234567");
}

TEST_CASE("dates and days since 1970 are each other's reverse") {
  for (int64_t days = -200'000; days < 200'000; days += 37) CHECK(days_of_date(date_of_days(days)) == days);
}

}  // namespace dormouse::entities
