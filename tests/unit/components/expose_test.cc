// What a component that shows metrics may answer.
#include "components/expose.h"

#include <catch2/catch.hpp>

using namespace dormouse;
using Catch::Contains;

namespace {

Result<Exposition> read(const std::string& content_type, const std::string& body, bool as_bytes = false) {
  ValueWriter out;
  out.map_begin();
  out.key("content_type");
  out.string(content_type);
  out.key("body");
  if (as_bytes)
    out.bytes(std::as_bytes(std::span(body)));
  else
    out.string(body);
  out.map_end();
  const Result<Value> answer = out.finish();
  REQUIRE(answer.ok());
  return read_exposition(answer->view(), "component 'monitor'");
}

}  // namespace

TEST_CASE("a page is text or bytes with its content type") {
  for (const bool as_bytes : {false, true}) {
    const Result<Exposition> page = read("text/plain; version=0.0.4", "up 1\n", as_bytes);
    REQUIRE(page.ok());
    CHECK(page->content_type == "text/plain; version=0.0.4");
    CHECK(page->body == "up 1\n");
  }
  CHECK(read("text/plain", "")->body.empty());
}

TEST_CASE("a content type that could not be a header field is a breach") {
  for (const std::string& type : {std::string(), std::string("text/plain\r\nSet-Cookie: x"), std::string(200, 'x')}) {
    const Status refused = read(type, "up 1\n").status();
    CHECK(refused.code() == Code::broken_contract);
    CHECK_THAT(refused.to_string(), Contains("component 'monitor'") && Contains("content_type"));
  }
}

TEST_CASE("an answer without a body or of another shape is a breach") {
  CHECK(read_exposition(Value().view(), "x").status().code() == Code::broken_contract);
  ValueWriter out;
  out.map_begin();
  out.key("content_type");
  out.string("text/plain");
  out.key("body");
  out.integer(7);
  out.map_end();
  CHECK(read_exposition(out.finish()->view(), "x").status().code() == Code::broken_contract);
}
