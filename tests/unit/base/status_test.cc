#include "base/status.h"

#include <catch2/catch.hpp>
#include <memory>

namespace dormouse {
namespace {

TEST_CASE("a status is ok until it has an error") {
  CHECK(Status().ok());
  CHECK(Status().code() == Code::ok);
  CHECK(Status().to_string() == "ok");
  const Status failed(Code::not_found, "no such component");
  CHECK_FALSE(failed.ok());
  CHECK(failed.code() == Code::not_found);
  CHECK(failed.to_string() == "no such component");
}

TEST_CASE("a status in one line names object and needed and found and remedy") {
  const Status status({.code = Code::invalid_argument,
                       .message = "wrong ABI",
                       .object = "plugin file /p/echo.so",
                       .needed = "1.x",
                       .found = "2.0",
                       .remedy = "rebuild it"});
  CHECK(status.to_string() == "plugin file /p/echo.so: wrong ABI; needed 1.x, found 2.0; rebuild it");
}

TEST_CASE("a status in one line leaves out what is not known") {
  CHECK(Status({.code = Code::internal, .message = "m", .needed = "n"}).to_string() == "m; needed n");
  CHECK(Status({.code = Code::internal, .message = "m", .found = "f"}).to_string() == "m; found f");
  CHECK(Status({.code = Code::internal, .message = "m", .object = "o", .remedy = "r"}).to_string() == "o: m; r");
}

TEST_CASE("a status in one line names near names behind the message") {
  Error error{.code = Code::not_found, .message = "no such cache", .object = "cache 'a'", .near = {"aa", "ab"}};
  CHECK(Status(error).to_string() == "cache 'a': no such cache (did you mean 'aa' or 'ab'?)");
  error.needed = "a name";
  error.remedy = "ask for the list";
  CHECK(Status(error).to_string() ==
        "cache 'a': no such cache (did you mean 'aa' or 'ab'?); needed a name; ask for the list");
}

TEST_CASE("the text of a remedy begins with the near names") {
  CHECK(remedy_text(Error{}) == "");
  CHECK(remedy_text(Error{.remedy = "wait"}) == "wait");
  CHECK(remedy_text(Error{.near = {"aa"}}) == "did you mean 'aa'?");
  CHECK(remedy_text(Error{.remedy = "wait", .near = {"aa"}}) == "did you mean 'aa'? wait");
}

TEST_CASE("copies of a status share one error") {
  const Status status(Code::internal, "once");
  const Status copy = status;
  CHECK(&copy.error() == &status.error());
}

TEST_CASE("every code has a word of its own and a foreign number has none") {
  CHECK(to_string(Code::ok) == "ok");
  CHECK(to_string(Code::cancelled) == "cancelled");
  CHECK(to_string(Code::invalid_argument) == "invalid_argument");
  CHECK(to_string(Code::deadline_exceeded) == "deadline_exceeded");
  CHECK(to_string(Code::not_found) == "not_found");
  CHECK(to_string(Code::resource_exhausted) == "resource_exhausted");
  CHECK(to_string(Code::failed_precondition) == "failed_precondition");
  CHECK(to_string(Code::internal) == "internal");
  CHECK(to_string(Code::unavailable) == "unavailable");
  CHECK(to_string(Code::data_loss) == "data_loss");
  CHECK(to_string(Code::busy) == "busy");
  CHECK(to_string(Code::load_failed) == "load_failed");
  CHECK(to_string(Code::broken_contract) == "broken_contract");
  CHECK(to_string(Code::overloaded) == "overloaded");
  CHECK(to_string(Code::queue_full) == "queue_full");
  CHECK(to_string(static_cast<Code>(77)) == "unknown_code");
}

TEST_CASE("a result holds a value or a status and moves what it holds") {
  Result<std::unique_ptr<int>> value = std::make_unique<int>(7);
  REQUIRE(value.ok());
  CHECK(value.status().ok());
  const std::unique_ptr<int> moved = std::move(*value);
  CHECK(*moved == 7);

  const Result<int> failed =
      Error{.code = Code::busy, .message = "leased", .object = "", .needed = "", .found = "", .remedy = ""};
  CHECK_FALSE(failed);
  CHECK(failed.status().code() == Code::busy);
}

TEST_CASE("an object that the sentence named already is not said twice") {
  const Status status(Error{.code = Code::not_found, .message = "is gone", .object = "component 'a'"});
  CHECK(status.to_string_within("component 'a'") == "is gone");
  CHECK(status.to_string_within("component 'b'") == "component 'a': is gone");
}

}  // namespace
}  // namespace dormouse
