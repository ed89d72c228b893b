#include "recognisers.h"

#include <catch2/catch.hpp>

#include "found_text.h"

namespace dormouse::entities {
namespace {

// Read as English, unless another language is given.
std::string found(std::string_view text, std::string_view language = "eng") {
  return found_text(text, language);
}

}  // namespace

TEST_CASE("numbers are found as digits and as words") {
  CHECK(found("take 1,234 of 3.5 and 7") == "number 1,234=1234; number 3.5=3.5; number 7=7");
  CHECK(found("one hundred and five sheep and forty-two goats") ==
        "number one hundred and five=105; number forty-two=42");
  CHECK(found("two million three hundred thousand") == "number two million three hundred thousand=2300000");
  CHECK(found("an mp3 file").empty());
}

TEST_CASE("ordinals and percentages have a value") {
  CHECK(found("the 3rd and the twenty-first") == "ordinal 3rd=3; ordinal twenty-first=21");
  CHECK(found("20% or five percent") == "percent 20%=20; percent five percent=5");
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
  CHECK(found("an hour and a half") == "duration an hour and a half=PT90M");
  CHECK(found("2 hours 30 minutes") == "duration 2 hours 30 minutes=PT2H30M");
  CHECK(found("three weeks") == "duration three weeks=P3W");
}

TEST_CASE("money has an amount and a currency") {
  CHECK(found("$20") == "money $20=20USD");
  CHECK(found("twenty euros") == "money twenty euros=20EUR");
  CHECK(found("12.50 \xE2\x82\xAC") == "money 12.50 \xE2\x82\xAC=12.5EUR");
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

TEST_CASE("hostile texts are read to their end") {
  for (const char* piece : {"1.", "1-", "a a ", "two ", "two-", "5 to ", "$5-", "may 3 to 5 to ", "1 000 ", "half a ",
                            "in a ", "9am to "}) {
    std::string text;
    while (text.size() < 20'000) text += piece;
    INFO(piece);
    CHECK_NOTHROW(found(text));
    CHECK_NOTHROW(found(text, ""));
    CHECK_NOTHROW(found(text, "fra"));
  }
}

TEST_CASE("dates and days since 1970 are each other's reverse") {
  for (int64_t days = -200'000; days < 200'000; days += 37) CHECK(days_of_date(date_of_days(days)) == days);
}

}  // namespace dormouse::entities
