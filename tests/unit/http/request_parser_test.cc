#include "http/request_parser.h"

#include <boost/beast/http/error.hpp>
#include <catch2/catch.hpp>
#include <cstring>

namespace dormouse {
namespace {

using HttpError = boost::beast::http::error;

struct Parsed {
  ParsedRequest request;
  boost::beast::error_code error;
  RequestParser::Refusal refusal = RequestParser::Refusal::none;
  bool done = false;
};

// Feeds `text` in pieces of `step` bytes, from one growing buffer as a connection does.
void feed(Parsed& parsed, const std::string& text, size_t step) {
  RequestParser parser(parsed.request);
  parser.header_limit(16 << 10);
  parser.body_limit(1 << 20);
  parser.eager(true);
  size_t from = 0;
  for (size_t to = 0; to < text.size() && !parser.is_done();) {
    to = std::min(to + step, text.size());
    from += parser.feed(text.data(), from, to, parsed.error);
    if (parsed.error && parsed.error != HttpError::need_more) break;
  }
  parsed.refusal = parser.refusal();
  parsed.done = parser.is_done();
}

RequestParser::Refusal refusal_of(const std::string& head) {
  Parsed parsed;
  feed(parsed, head, head.size());
  CHECK_FALSE(parsed.done);
  return parsed.refusal;
}

using Refusal = RequestParser::Refusal;

}  // namespace

TEST_CASE("a request is the same however its bytes arrive") {
  const std::string text =
      "POST /v1/x?y=1 HTTP/1.1\r\nHost: a\r\nEmpty:\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nTrailer: t\r\n\r\n";
  for (size_t step = 1; step <= text.size(); ++step) {
    Parsed parsed;
    feed(parsed, text, step);
    INFO("in steps of " << step << ": " << parsed.error.message());
    REQUIRE(parsed.done);
    CHECK(parsed.request.method.in(text.data()) == "POST");
    CHECK(parsed.request.target.in(text.data()) == "/v1/x?y=1");
    REQUIRE(parsed.request.fields.size() == 3);
    CHECK(parsed.request.fields[0].name.in(text.data()) == "Host");
    CHECK(parsed.request.fields[0].value.in(text.data()) == "a");
    CHECK(parsed.request.fields[1].value.in(text.data()).empty());
    CHECK(parsed.request.body == "abcde");
  }
}

TEST_CASE("there is one way to say how long a body is") {
  const std::string start = "POST / HTTP/1.1\r\n";
  CHECK(refusal_of(start + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n") == Refusal::framing);
  CHECK(refusal_of(start + "Content-Length: 1, 1\r\n\r\n") == Refusal::framing);
  CHECK(refusal_of(start + "Transfer-Encoding: gzip, chunked\r\n\r\n") == Refusal::framing);
  CHECK(refusal_of(start + "Transfer-Encoding: identity\r\n\r\n") == Refusal::framing);
  CHECK(refusal_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == Refusal::framing);
  for (const char* fields : {"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                             "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", "Content-Length: -1\r\n\r\n",
                             "Content-Length: 1x\r\n\r\n", "Content-Length: 99999999999999999999\r\n\r\n"}) {
    Parsed parsed;
    feed(parsed, start + fields, 1000);
    CHECK(parsed.error);
    CHECK(parsed.error != HttpError::need_more);
  }
}

TEST_CASE("folded and too many header fields are refused") {
  CHECK(refusal_of("GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n") == Refusal::obs_fold);
  std::string many = "GET / HTTP/1.1\r\n";
  for (size_t i = 0; i <= RequestParser::kFieldsMax; ++i) many += "A: b\r\n";
  CHECK(refusal_of(many + "\r\n") == Refusal::fields_max);
}

TEST_CASE("trailers do not become header fields") {
  Parsed parsed;
  feed(parsed, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nHost: evil\r\nX: y\r\n\r\n", 1000);
  CHECK(parsed.done);
  CHECK(parsed.request.fields.size() == 1);
}

TEST_CASE("a body that may not grow ends the request") {
  Parsed parsed;
  parsed.request.take_memory = [](size_t bytes) { return bytes < 5; };
  feed(parsed, "POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n0123456789", 1000);
  CHECK(parsed.refusal == Refusal::no_memory);
}

}  // namespace dormouse
