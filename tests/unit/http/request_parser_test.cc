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

TEST_CASE("a folded header field is refused wherever it is folded") {
  for (const char* field :
       {"A: b\r\n c", "A: b\r\n\tc", "A:\r\n c", "A: \r\n c", "A:\r\n\tc", "A:\r\n \r\n c", "A:\r\n ", "A: b\r\n ",
        "A: b\r\n  \r\n c", "Content-Length:\r\n 7", "Transfer-Encoding:\r\n chunked",
        "Authorization:\r\n Bearer secret", "Host:\r\n localhost", "Origin: https://a\r\n .b"}) {
    INFO(field);
    for (const char* before : {"", "B: c\r\n"})
      CHECK(refusal_of(std::string("GET / HTTP/1.1\r\n") + before + field + "\r\n\r\n") == Refusal::obs_fold);
  }
}

TEST_CASE("a folded trailer is refused") {
  const std::string start = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
  CHECK(refusal_of(start + "T: a\r\n b\r\n\r\n") == Refusal::obs_fold);
  CHECK(refusal_of(start + "T:\r\n b\r\n\r\n") == Refusal::obs_fold);
}

TEST_CASE("header bytes that another party could read differently are refused") {
  using namespace std::string_literals;
  for (const std::string& field :
       {"A : b"s, " A: b"s, "\tA: b"s, "A\t: b"s, ": b"s, "A"s, "A: b\rC: d"s, "A: b\nC: d"s, "A: b\r\r"s, "A: b\0c"s,
        "A\0: b"s, "A: \x01"s, "A: \x7f"s, "A(: b"s, "A: b\n\nC: d"s}) {
    Parsed parsed;
    feed(parsed, "GET / HTTP/1.1\r\n" + field + "\r\n\r\n", 1000);
    INFO(field);
    CHECK_FALSE(parsed.done);
    CHECK(parsed.error);
    CHECK(parsed.error != HttpError::need_more);
  }
  for (const std::string& line : {"GET  / HTTP/1.1"s, "GET /\0 HTTP/1.1"s, "GET /\tHTTP/1.1"s, "GET / HTTP/1.1 "s,
                                  "GET /\r HTTP/1.1"s, " GET / HTTP/1.1"s, "G\0T / HTTP/1.1"s}) {
    Parsed parsed;
    feed(parsed, line + "\r\nHost: a\r\n\r\n", 1000);
    INFO(line);
    CHECK_FALSE(parsed.done);
    CHECK(parsed.error != HttpError::need_more);
  }
}

TEST_CASE("a header field that means one thing comes once") {
  for (const char* name : {"Host", "Authorization", "Origin", "Content-Type", "Content-Encoding", "Expect",
                           "Request-Timeout", "authorization"}) {
    const std::string field = std::string(name) + ": a\r\n";
    CHECK(refusal_of("GET / HTTP/1.1\r\n" + field + "X: y\r\n" + field + "\r\n") == Refusal::repeated);
  }
  CHECK(refusal_of("GET / HTTP/1.1\r\nAuthorization: a\r\nAUTHORIZATION: b\r\n\r\n") == Refusal::repeated);
  Parsed lists;
  feed(lists, "GET / HTTP/1.1\r\nAccept: a\r\nAccept: b\r\nX: 1\r\nX: 2\r\n\r\n", 1000);
  CHECK(lists.done);
}

TEST_CASE("too many header fields are refused") {
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
