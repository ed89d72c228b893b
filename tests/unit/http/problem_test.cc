#include "http/problem.h"

#include <catch2/catch.hpp>
#include <set>

namespace dormouse {

TEST_CASE("every code of Status has its HTTP status") {
  struct Row {
    Code code;
    unsigned status;
    bool retry;
  };
  const Row rows[] = {
      {Code::cancelled, 503, true},  {Code::invalid_argument, 400, false},  {Code::deadline_exceeded, 504, false},
      {Code::not_found, 404, false}, {Code::resource_exhausted, 503, true}, {Code::failed_precondition, 409, false},
      {Code::internal, 500, false},  {Code::unavailable, 503, true},        {Code::data_loss, 500, false},
      {Code::busy, 409, true},       {Code::load_failed, 503, true},        {Code::broken_contract, 502, false},
      {Code::overloaded, 503, true}, {Code::queue_full, 429, true},
  };
  for (const Row& row : rows) {
    INFO(to_string(row.code));
    CHECK(problem_row(row.code).code == to_string(row.code));
    CHECK(problem_row(row.code).status == row.status);
    CHECK((problem_row(row.code).retry_after_s > 0) == row.retry);
  }
}

TEST_CASE("every problem of HTTP has its status") {
  struct Row {
    HttpProblem problem;
    std::string_view code;
    unsigned status;
  };
  const Row rows[] = {
      {HttpProblem::bad_request, "bad_request", 400},
      {HttpProblem::unauthenticated, "unauthenticated", 401},
      {HttpProblem::forbidden, "forbidden", 403},
      {HttpProblem::method_not_allowed, "method_not_allowed", 405},
      {HttpProblem::request_timeout, "request_timeout", 408},
      {HttpProblem::length_required, "length_required", 411},
      {HttpProblem::body_too_large, "body_too_large", 413},
      {HttpProblem::unsupported_media_type, "unsupported_media_type", 415},
      {HttpProblem::expectation_failed, "expectation_failed", 417},
      {HttpProblem::headers_too_large, "headers_too_large", 431},
      {HttpProblem::version_not_supported, "version_not_supported", 505},
  };
  for (const Row& row : rows) {
    INFO(row.code);
    CHECK(problem_row(row.problem).code == row.code);
    CHECK(problem_row(row.problem).status == row.status);
  }
}

TEST_CASE("a code no table knows is a fault of the host") {
  CHECK(problem_row(static_cast<Code>(77)).status == 500);
}

TEST_CASE("codes are unique and titles are there") {
  std::set<std::string_view> codes;
  for (const ProblemRow& row : problem_rows()) {
    CHECK(codes.insert(row.code).second);
    CHECK_FALSE(row.title.empty());
  }
  CHECK(codes.size() == 25);
}

TEST_CASE("a problem says what is wrong and what to do and nothing empty") {
  const Status status(
      Error{.code = Code::invalid_argument, .message = "expected string, found number", .object = "/text"});
  CHECK(to_json(Problem::of(status)) ==
        R"({"type":"urn:dormouse:problem:invalid_argument","title":"The request is not valid","status":400,)"
        R"("detail":"/text: expected string, found number","code":"invalid_argument","object":"/text"})");

  Problem busy = Problem::of(Status(Error{.code = Code::busy,
                                          .message = "in use",
                                          .object = "nlu.intent",
                                          .needed = "no leases",
                                          .found = "2 leases",
                                          .remedy = "wait"}));
  busy.members = ",\"leases\":2";
  CHECK(
      to_json(busy) ==
      R"({"type":"urn:dormouse:problem:busy","title":"In use","status":409,"detail":"nlu.intent: in use",)"
      R"("code":"busy","object":"nlu.intent","needed":"no leases","found":"2 leases","remedy":"wait","retry_after_ms":1000,"leases":2})");
}

TEST_CASE("a problem lists near names and its remedy says them in words") {
  const Status status(Error{.code = Code::not_found, .message = "none", .near = {"echo", "ecto"}});
  CHECK(
      to_json(Problem::of(status)) ==
      R"({"type":"urn:dormouse:problem:not_found","title":"Not found","status":404,"detail":"none","code":"not_found",)"
      R"("near":["echo","ecto"],"remedy":"did you mean 'echo' or 'ecto'?"})");
}

}  // namespace dormouse
