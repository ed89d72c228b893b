#include "http/pipeline_request.h"

#include <catch2/catch.hpp>

#include "http/json_text.h"

namespace dormouse {

using namespace std::chrono_literals;

namespace {

std::string timing(const std::vector<StageTrace>& stages, Duration total) {
  std::string out;
  append_server_timing(out, Duration::zero(), stages, total);
  return out;
}

}  // namespace

TEST_CASE("bodies are JSON unless they say that they are bytes") {
  for (const char* json :
       {"", "application/json", "Application/JSON; charset=utf-8", "application/json;charset=\"UTF-8\"",
        "application/json; a=b; Charset = utf8", "application/json; charset=us-ascii",
        "application/json; charset=", "application/x-www-form-urlencoded"})
    CHECK(*body_format(json, "") == BodyFormat::json);
  CHECK(*body_format("application/octet-stream", "") == BodyFormat::bytes);
  CHECK(*body_format("application/json", " Identity ") == BodyFormat::json);
  for (const char* other : {"text/plain", "multipart/form-data; boundary=x", "application/xml", "json"})
    CHECK_FALSE(body_format(other, "").ok());
}

TEST_CASE("a compressed body is refused by the name of its encoding") {
  for (const char* encoding : {"gzip", "deflate", "br", "zstd", "gzip, identity"}) {
    const Result<BodyFormat> format = body_format("application/json", encoding);
    REQUIRE_FALSE(format.ok());
    CHECK(format.status().error().object == "header Content-Encoding");
    CHECK(format.status().error().found == encoding);
  }
}

TEST_CASE("a charset other than UTF-8 is refused by its name") {
  for (const char* charset : {"iso-8859-1", "utf-16", "windows-1252", "utf-7"}) {
    const Result<BodyFormat> format = body_format(std::string("application/json; charset=") + charset, "");
    REQUIRE_FALSE(format.ok());
    CHECK(format.status().error().found == charset);
  }
}

TEST_CASE("a request timeout is a whole number of milliseconds") {
  CHECK_FALSE(parse_request_timeout("")->has_value());
  CHECK(**parse_request_timeout("250") == 250ms);
  CHECK(**parse_request_timeout(" 1 ") == 1ms);
  for (const char* bad : {"0", "-1", "1.5", "10ms", "x", "86400001", "99999999999999999999"})
    CHECK(parse_request_timeout(bad).status().code() == Code::invalid_argument);
}

TEST_CASE("priorities are RFC 9218's or words and never above the cap") {
  using P = Lane::Priority;
  CHECK(parse_priority("", P::high) == P::normal);
  CHECK(parse_priority("u=0", P::high) == P::high);
  CHECK(parse_priority("u=2, i", P::high) == P::high);
  CHECK(parse_priority("i, u=3", P::high) == P::normal);
  CHECK(parse_priority("u=7", P::high) == P::low);
  CHECK(parse_priority("HIGH", P::high) == P::high);
  CHECK(parse_priority("low", P::high) == P::low);
  CHECK(parse_priority("high", P::normal) == P::normal);
  CHECK(parse_priority("u=0", P::low) == P::low);
  CHECK(parse_priority("low", P::normal) == P::low);
  for (const char* odd : {"u=8", "u=", "u=x", "u=00", "urgent", ",,,"})
    CHECK(parse_priority(odd, P::high) == P::normal);
}

TEST_CASE("a trace context is one or it is not logged") {
  CHECK(is_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
  for (const char* bad : {"", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
                          "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                          "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"})
    CHECK_FALSE(is_traceparent(bad));
}

TEST_CASE("plain bytes become the one bytes field") {
  const Result<Value> value = input_of_bytes("abc", *Type::parse("{image: bytes, hint: string?}"));
  REQUIRE(value.ok());
  std::string out;
  append_json(out, value->view());
  CHECK(out == R"({"image":{"$bytes":"YWJj"}})");
  for (const char* type : {"{text: string}", "{a: bytes, b: bytes}", "{a: bytes, b: string}", "{}", "bytes"})
    CHECK(input_of_bytes("abc", *Type::parse(type)).status().code() == Code::invalid_argument);
}

TEST_CASE("timings name each stage and its cold load apart") {
  std::vector<StageTrace> stages(2);
  stages[0].name = "language";
  stages[0].ran = 100us;
  stages[0].cold = 12300us;
  stages[1].name = "understand/intent";
  stages[1].ran = 2ms;
  stages[1].queued = 40us;
  CHECK(timing(stages, 15ms) ==
        "language;dur=0.100, language-cold;dur=12.3, understand_intent;dur=2.0, understand_intent-queue;dur=0.040, "
        "total;dur=15.0");
  CHECK(timing({}, 1ms) == "total;dur=1.0");
}

TEST_CASE("timings tell what the cache of a stage came to and whose memory had it") {
  std::vector<StageTrace> stages(3);
  stages[0].name = "intent";
  stages[0].cache = CacheResult::hit;
  stages[0].cache_store = "cache.memory";
  stages[1].name = "entities";
  stages[1].cache = CacheResult::miss;
  stages[1].ran = 2ms;
  stages[2].name = "passages";
  stages[2].cache = CacheResult::coalesced;
  CHECK(timing(stages, 15ms) ==
        "intent;dur=0.000;desc=\"cache hit in cache.memory\", entities;dur=2.0;desc=\"cache miss\", "
        "passages;dur=0.000;desc=\"cache coalesced\", total;dur=15.0");
}

TEST_CASE("timings are rounded to microseconds below one millisecond and to tenths above") {
  CHECK(timing({}, 0ns) == "total;dur=0.000");
  CHECK(timing({}, -5ns) == "total;dur=0.000");
  CHECK(timing({}, 1499ns) == "total;dur=0.001");
  CHECK(timing({}, 1500ns) == "total;dur=0.002");
  CHECK(timing({}, 999499ns) == "total;dur=0.999");
  CHECK(timing({}, 999500ns) == "total;dur=1.0");
  CHECK(timing({}, 1049us) == "total;dur=1.0");
  CHECK(timing({}, 1050us) == "total;dur=1.1");
  CHECK(timing({}, 3h) == "total;dur=10800000.0");
}

TEST_CASE("timings of very many stages stay one short header field") {
  std::vector<StageTrace> stages(5000);
  CHECK(timing(stages, 1ms).size() < 4096);
}

TEST_CASE("degraded stages are told with their outcome") {
  std::vector<StageTrace> stages(3);
  stages[0].name = "language";
  stages[1].name = "intent";
  stages[1].outcome = Outcome::fallback;
  stages[2].name = "entities";
  stages[2].outcome = Outcome::timeout;
  CHECK(degraded_stages(stages) == "intent=fallback, entities=timeout");
  CHECK(degraded_stages({}) == "partial");
}

TEST_CASE("who is at fault decides how loud a request's end is in the log") {
  CHECK(log_level_of_outcome(Code::ok) == LogLevel::debug);
  for (const Code code : {Code::invalid_argument, Code::not_found, Code::cancelled})
    CHECK(log_level_of_outcome(code) == LogLevel::info);
  for (const Code code : {Code::deadline_exceeded, Code::load_failed, Code::queue_full, Code::overloaded})
    CHECK(log_level_of_outcome(code) == LogLevel::warn);
  for (const Code code : {Code::internal, Code::broken_contract, Code::data_loss, static_cast<Code>(4711)})
    CHECK(log_level_of_outcome(code) == LogLevel::error);
}

TEST_CASE("request ids are sixteen digits") {
  CHECK(request_id_text(0xabc) == "0000000000000abc");
}

TEST_CASE("the time that a request was not read stands first") {
  std::string out;
  append_server_timing(out, 34ms, {}, 35ms);
  CHECK(out == "unread;dur=34.0, total;dur=35.0");
}

}  // namespace dormouse
