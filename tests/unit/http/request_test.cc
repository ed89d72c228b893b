#include "http/request.h"

#include <catch2/catch.hpp>

namespace dormouse {

TEST_CASE("header fields are found in any case") {
  Request request;
  request.fields = {{"Content-Type", "a"}, {"HOST", "b"}, {"host", "c"}};
  CHECK(request.header("content-type") == "a");
  CHECK(request.header("Host") == "b");
  CHECK(request.header("absent").empty());
  CHECK(request.has_header("hOsT"));
  CHECK_FALSE(request.has_header("Content"));
}

TEST_CASE("percent escapes are decoded and broken ones refused") {
  CHECK(percent_decoded("a%20b%2Fc%C3%A4") == std::string("a b/c\xc3\xa4"));
  for (const char* broken : {"%", "%2", "%zz", "a%2", "%00", "%-1"}) CHECK_FALSE(percent_decoded(broken).has_value());
}

TEST_CASE("query parameters are read by name") {
  Request request;
  request.query = "wait=100&dry_run&x=a%26b&&=e&wait=200";
  CHECK(request.parameter("wait") == std::string("100"));
  CHECK(request.parameter("dry_run") == std::string());
  CHECK(request.parameter("x") == std::string("a&b"));
  CHECK_FALSE(request.parameter("y").has_value());
  CHECK(parameter_names(request.query) == std::vector<std::string>{"wait", "dry_run", "x", "", "wait"});
}

TEST_CASE("a header value cannot start a new line") {
  Response response;
  response.add_header("X", "a\r\nSet-Cookie: b\x7f\x01");
  CHECK(response.headers == "X: aSet-Cookie: b\r\n");
}

}  // namespace dormouse
