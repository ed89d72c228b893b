// The right value or none, case by case: numbers of other countries, halves, ranges, days by name, and what only looks
// like a number. "?": a span whose value is open. An empty line of finds: nothing may be found.
#include <catch2/catch.hpp>

#include "found_text.h"

namespace dormouse::entities {
namespace {

struct Case {
  const char* text;
  const char* language;  // "": not known
  const char* found;
};

void check_all(std::initializer_list<Case> cases) {
  for (const Case& c : cases) {
    INFO("text: " << c.text << "   language: '" << c.language << "'");
    CHECK(found_text(c.text, c.language) == c.found);
  }
}

}  // namespace

TEST_CASE("decimal signs and groups are read as the language writes them") {
  check_all({
      {"1.299,99 €", "", "money 1.299,99 €=1299.99EUR"},
      {"1.299,99 €", "deu", "money 1.299,99 €=1299.99EUR"},
      {"1,299.99 €", "eng", "money 1,299.99 €=1299.99EUR"},
      {"12,5 %", "", "percent 12,5 %=12.5"},
      {"12,5 %", "deu", "percent 12,5 %=12.5"},
      {"12,5 %", "eng", "percent 12,5 %=12.5"},
      {"1.299 Stück", "deu", "number 1.299=1299"},
      {"1.299 pieces", "eng", "number 1.299=1.299"},
      {"1,299 pieces", "eng", "number 1,299=1299"},
      {"1,299 Meter", "deu", "number 1,299=1.299"},
      {"1.299", "", "number 1.299=?"},
      {"1,299", "", "number 1,299=?"},
      {"1.299 piezas", "spa", "number 1.299=?"},
      {"1.299 piezas", "es-MX", "number 1.299=1.299"},
      {"1.299 piezas", "es-ES", "number 1.299=1299"},
      {"0,500 kg", "", "number 0,500=?"},
      {"0.500 kg", "", "number 0.500=0.5"},
      {"0,500 kg", "fra", "number 0,500=0.5"},
      {"1 299,99 €", "fra", "money 1 299,99 €=1299.99EUR"},
      {"12 345 678 habitants", "fra", "number 12 345 678=12345678"},
      {"2 100 watt bulbs", "eng", "number 2=2; number 100=100"},
      {"1 299,99 €", "eng", "money 1 299,99 €=?"},
      {"1\xC2\xA0"
       "299 people",
       "eng",
       "number 1\xC2\xA0"
       "299=1299"},
      {"1'299.50 Franken", "deu", "number 1'299.50=1299.5"},
      {"CHF 1’299.50", "deu", "money CHF 1’299.50=1299.5CHF"},
      {"1,234,567", "", "number 1,234,567=1234567"},
      {"1.234.567", "", "number 1.234.567=1234567"},
      {"12,34,567 rupees", "eng", "money 12,34,567 rupees=1234567INR"},
      {"rows 1,2 and 3", "eng", "number 3=3"},
      {"3.5 Liter", "deu", ""},
      {"3,5 Liter", "deu", "number 3,5=3.5"},
      {"1,2,3", "eng", ""},
      {"1.2.3", "eng", ""},
      {"1234,56", "", "number 1234,56=?"},
      {"1½ cups", "eng", "number 1½=1.5"},
      {"½ cup", "eng", "number ½=0.5"},
  });
}

TEST_CASE("number words are read as a whole or not at all") {
  check_all({
      {"a hundred and twenty", "eng", "number a hundred and twenty=120"},
      {"a hundred sheep", "", "number a hundred=100"},
      {"a thousand and one nights", "eng", "number a thousand and one=1001"},
      {"two hundred and five", "eng", "number two hundred and five=205"},
      {"minus ten", "eng", "number minus ten=-10"},
      {"minus 10", "eng", "number minus 10=-10"},
      {"negative five", "eng", "number negative five=-5"},
      {"-7 outside", "eng", "number -7=-7"},
      {"−7 outside", "eng", "number −7=-7"},
      {"ten minus three", "eng", "number ten=10; number three=3"},
      {"a dozen eggs", "eng", "number a dozen=12"},
      {"two dozen eggs", "eng", "number two dozen=24"},
      {"half a dozen eggs", "eng", "number half a dozen=6"},
      {"half a million", "eng", "number half a million=500000"},
      {"two and a half cups", "eng", "number two and a half=2.5"},
      {"one and a half million", "eng", "number one and a half million=1500000"},
      {"three point one four", "eng", "number three point one four=3.14"},
      {"nineteen eighty four", "eng", ""},
      {"one two three", "eng", ""},
      {"two thirds", "eng", ""},
      {"two thirds of 6", "eng", "number 6=6"},
      {"a few hundred", "eng", ""},
      {"two grand", "eng", ""},
      {"no one is here", "eng", ""},
      {"this one please", "eng", ""},
      {"one of them", "eng", ""},
      {"a table for one", "eng", "number one=1"},
      {"half eight", "eng", ""},
      {"fifty-fifty", "eng", ""},
      {"a one-way ticket", "eng", ""},
      {"2 thousand five hundred", "eng", ""},
      {"3.5 million", "eng", "number 3.5 million=3500000"},
      {"ten eerste", "nld", ""},
      {"five", "", "number five=5"},
  });
}

TEST_CASE("names with digits are no numbers") {
  check_all({
      {"version 2.1", "eng", ""},
      {"python 3.11", "eng", ""},
      {"v2.0.1", "eng", ""},
      {"version 1.2.3.4", "eng", ""},
      {"covid-19", "eng", ""},
      {"an mp3 file", "eng", ""},
      {"agent 007", "eng", ""},
      {"24/7", "eng", ""},
      {"1/2 of it", "eng", ""},
      {"3:2", "eng", ""},
      {"25:70", "eng", ""},
      {"192.168.0.300", "eng", ""},
      {"#12", "eng", ""},
      {"4111 1111 1111 1111", "", ""},
      {"isbn 978-3-16-148410-0", "eng", ""},
      {"5²", "eng", ""},
      {"2020-21", "eng", ""},
      {"a 5k run", "eng", ""},
      {"order 12345-678", "eng", ""},
      {"1e5", "eng", ""},
  });
}

TEST_CASE("money keeps its scale and its sign and its cents") {
  check_all({
      {"$5k", "eng", "money $5k=5000USD"},
      {"$1.5m", "eng", "money $1.5m=1500000USD"},
      {"$5 million", "eng", "money $5 million=5000000USD"},
      {"€2bn", "eng", "money €2bn=2000000000EUR"},
      {"$5kg", "eng", ""},
      {"-$5", "eng", "money -$5=-5USD"},
      {"minus five dollars", "eng", "money minus five dollars=-5USD"},
      {"a hundred dollars", "eng", "money a hundred dollars=100USD"},
      {"fifty cents", "eng", "money fifty cents=0.5USD"},
      {"five dollars and twenty cents", "eng", "money five dollars and twenty cents=5.2USD"},
      {"five dollars twenty", "eng", "money five dollars twenty=?"},
      {"5€50", "fra", "money 5€50=5.5EUR"},
      {"US$20", "eng", "money US$20=20USD"},
      {"A$20", "eng", "money A$20=20AUD"},
      {"$20 CAD", "eng", "money $20 CAD=20CAD"},
      {"20 canadian dollars", "eng", "money 20 canadian dollars=20CAD"},
      {"¥500", "jpn", "money ¥500=500JPY"},
      {"¥500", "eng", "money ¥500=?"},
      {"lose five pounds", "eng", "number five=5"},
      {"pay five pounds", "eng", "money five pounds=5GBP"},
      {"rub 3 drops in", "eng", "number 3=3"},
      {"RUB 300", "eng", "money RUB 300=300RUB"},
      {"$1,299", "", "money $1,299=?"},
      {"$1,299", "eng", "money $1,299=1299USD"},
      {"a million dollars", "eng", "money a million dollars=1000000USD"},
  });
}

TEST_CASE("both ends of a range have the unit") {
  check_all({
      {"between 3 and 5 pm", "eng", "time 3=15:00; time 5 pm=17:00"},
      {"from 3 to 5 pm", "eng", "time 3=15:00; time 5 pm=17:00"},
      {"3-5pm", "eng", "time 3=15:00; time 5pm=17:00"},
      {"between 11 and 1 pm", "eng", "time 11=11:00; time 1 pm=13:00"},
      {"11 to 12 pm", "eng", "time 11=11:00; time 12 pm=12:00"},
      {"3:30 to 5 pm", "eng", "time 3:30=15:30; time 5 pm=17:00"},
      {"9am to 5", "eng", "time 9am=09:00; time 5=17:00"},
      {"from 10 pm to 6 am", "eng", "time 10 pm=22:00; time 6 am=06:00"},
      {"10:00-12:00", "eng", "time 10:00=10:00; time 12:00=12:00"},
      {"between 5 and 10 dollars", "eng", "money 5=5USD; money 10 dollars=10USD"},
      {"$5-10", "eng", "money $5=5USD; money 10=10USD"},
      {"$5-10k", "eng", "money $5=?"},
      {"5-10%", "eng", "percent 5=5; percent 10%=10"},
      {"ten to twenty percent", "eng", "percent ten=10; percent twenty percent=20"},
      {"2 to 3 hours", "eng", "duration 2=PT2H; duration 3 hours=PT3H"},
      {"between two and three weeks", "eng", "duration two=P2W; duration three weeks=P3W"},
      {"3 to 5 May", "eng", "date 3=2027-05-03; date 5 May=2027-05-05"},
      {"May 3 to 5", "eng", "date May 3=2027-05-03; date 5=2027-05-05"},
      {"May 3-5, 2027", "eng", "date May 3=2027-05-03; date 5, 2027=2027-05-05"},
      {"from the 3rd to the 5th of May", "eng", "date the 3rd=2027-05-03; date the 5th of May=2027-05-05"},
      {"5-6 people", "eng", "number 5=5; number 6=6"},
      {"give $5 to 10 people", "eng", "money $5=5USD; number 10=10"},
  });
}

TEST_CASE("durations have their halves and their quarters") {
  check_all({
      {"an hour and a half", "eng", "duration an hour and a half=PT90M"},
      {"half an hour", "eng", "duration half an hour=PT30M"},
      {"two and a half hours", "eng", "duration two and a half hours=PT150M"},
      {"three quarters of an hour", "eng", "duration three quarters of an hour=PT45M"},
      {"a quarter of an hour", "eng", "duration a quarter of an hour=PT15M"},
      {"a minute and a half", "eng", "duration a minute and a half=PT90S"},
      {"a year and a half", "eng", "duration a year and a half=P18M"},
      {"1h 30m", "eng", "duration 1h 30m=PT1H30M"},
      {"1h30m", "eng", "duration 1h30m=PT1H30M"},
      {"1.5 hours", "eng", "duration 1.5 hours=PT90M"},
      {"1,5 hours", "", "duration 1,5 hours=PT90M"},
      {"1 week 2 days", "eng", "duration 1 week 2 days=P9D"},
      {"a 3-day trip", "eng", "duration 3-day=P3D"},
      {"for an hour", "eng", "duration an hour=PT1H"},
      {"an hour or two", "eng", ""},
      {"a sec", "eng", ""},
      {"wait a second", "eng", ""},
      {"a second opinion", "eng", ""},
      {"60 miles an hour", "eng", "number 60=60"},
      {"twice a day", "eng", ""},
      {"the 30s", "eng", ""},
      {"5 min", "fra", "duration 5 min=PT5M"},
  });
}

TEST_CASE("times know the part of the day") {
  check_all({
      {"17h30", "fra", "time 17h30=17:30"},
      {"1h30", "fra", ""},
      {"8 in the evening", "eng", "time 8 in the evening=20:00"},
      {"at 3 in the morning", "eng", "time 3 in the morning=03:00"},
      {"eight thirty tonight", "eng", "time eight thirty=20:30; date tonight=2026-11-20"},
      {"tonight at 8", "eng", "date tonight=2026-11-20; time 8=20:00"},
      {"at 8 tonight", "eng", "time 8=20:00; date tonight=2026-11-20"},
      {"a table for 8 tonight", "eng", "number 8=8; date tonight=2026-11-20"},
      {"tomorrow morning at 9", "eng", "date tomorrow=2026-11-21; time 9=09:00"},
      {"half past seven in the evening", "eng", "time half past seven in the evening=19:30"},
      {"half past", "eng", ""},
      {"12:30 am", "eng", "time 12:30 am=00:30"},
      {"5 minutes to six", "eng", "time 5 minutes to six=05:55"},
      {"7.30 pm", "eng", "time 7.30 pm=19:30"},
      {"at 7.30", "eng", ""},
      {"13 pm", "eng", ""},
      {"6 p.m.", "eng", "time 6 p.m.=18:00"},
      {"um 5 am Montag", "deu", "number 5=5"},
      {"seven o'clock", "eng", "time seven o'clock=07:00"},
  });
}

TEST_CASE("days by their names are counted from today") {
  check_all({
      {"end of the month", "eng", "date end of the month=2026-11-30"},
      {"the end of next month", "eng", "date the end of next month=2026-12-31"},
      {"end of the year", "eng", "date end of the year=2026-12-31"},
      {"next month", "eng", "date next month=2026-12"},
      {"the middle of next month", "eng", ""},
      {"next week", "eng", "date next week=2026-W48"},
      {"this weekend", "eng", "date this weekend=2026-11-21/2026-11-22"},
      {"next weekend", "eng", ""},
      {"first Monday in June", "eng", "date first Monday in June=2027-06-07"},
      {"the last friday of the month", "eng", "date the last friday of the month=2026-11-27"},
      {"second tuesday of december", "eng", "date second tuesday of december=2026-12-08"},
      {"on the 15th", "eng", "date the 15th=2026-12-15"},
      {"on the 25th at noon", "eng", "date the 25th=2026-11-25; time noon=12:00"},
      {"on the 15th floor", "eng", "ordinal 15th=15"},
      {"the 15th of next month", "eng", "date the 15th of next month=2026-12-15"},
      {"next monday", "eng", "date next monday=2026-11-23"},
      {"next saturday", "eng", "date next saturday=?"},
      {"every monday", "eng", ""},
      {"a week from friday", "eng", "date a week from friday=2026-11-27"},
      {"two days after tomorrow", "eng", "date two days after tomorrow=2026-11-23"},
      {"in 3 months", "eng", "date in 3 months=2027-02-20"},
      {"two years ago", "eng", "date two years ago=2024-11-20"},
      {"Friday, November 27", "eng", "date Friday, November 27=2026-11-27"},
      {"Monday, November 27, 2026", "eng", "date Monday, November 27, 2026=?"},
      {"new year's eve", "eng", "date new year's eve=2026-12-31"},
      {"may 5 people come", "eng", "number 5=5"},
      {"December 2026", "eng", "date December 2026=2026-12"},
      {"am ersten Mai", "deu", ""},
  });
}

TEST_CASE("the order of day and month is that of the language") {
  check_all({
      {"3/4/2026", "", "date 3/4/2026=?"},
      {"3/4/2026", "eng", "date 3/4/2026=?"},
      {"3/4/2026", "en-US", "date 3/4/2026=2026-03-04"},
      {"3/4/2026", "en-GB", "date 3/4/2026=2026-04-03"},
      {"3/4/2026", "fra", "date 3/4/2026=2026-04-03"},
      {"11/21/2026", "", "date 11/21/2026=2026-11-21"},
      {"21/11/2026", "", "date 21/11/2026=2026-11-21"},
      {"3.4.2026", "", "date 3.4.2026=2026-04-03"},
      {"3/3/2026", "", "date 3/3/2026=2026-03-03"},
      {"2026-02-30", "", ""},
      {"11/12/26", "eng", ""},
      {"2026-11-21 14:30", "", "date 2026-11-21=2026-11-21; time 14:30=14:30"},
  });
}

TEST_CASE("ordinals are those of a row") {
  check_all({
      {"the 2nd of three", "eng", "ordinal 2nd=2; number three=3"},
      {"a second opinion", "eng", ""},
      {"a third of it", "eng", ""},
      {"first of all", "eng", ""},
      {"at first", "eng", ""},
      {"the second one", "eng", "ordinal second=2"},
      {"a twenty second delay", "eng", "duration twenty second=PT20S"},
      {"11st", "eng", ""},
  });
}

}  // namespace dormouse::entities
