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

TEST_CASE("the path of a target is never taken from its query") {
  const auto path_and_query = [](std::string_view target) {
    const Target parts = split_target(target);
    return std::string(parts.authority) + "|" + std::string(parts.path) + "|" + std::string(parts.query);
  };
  CHECK(path_and_query("/a/b?c=/d?e") == "|/a/b|c=/d?e");
  CHECK(path_and_query("/?/x") == "|/|/x");
  CHECK(path_and_query("http://host?x=/v1/status") == "host|/|x=/v1/status");
  CHECK(path_and_query("http://host:80/a?b=/c") == "host:80|/a|b=/c");
  CHECK(path_and_query("HTTP://host") == "host|/|");
  CHECK(path_and_query("http://host?") == "host|/|");
  CHECK(path_and_query("http:///a") == "|/a|");
  for (const char* neither : {"", "*", "a", "?x=/a", "https://host/a", "http:/a", "host:80", "//"}) {
    INFO(neither);
    CHECK(split_target(neither).path.empty() == (std::string_view(neither) != "//"));
  }
}

}  // namespace dormouse
