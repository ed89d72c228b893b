// From a Status to the answer a client gets: the HTTP status and an application/problem+json body (RFC 9457).
// The one table of codes is here; no route decides on a status by itself. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace dormouse {

// How one kind of failure is told. `code` is the word programs compare; it never changes once released.
struct ProblemRow {
  std::string_view code;
  unsigned status;
  std::string_view title;
  unsigned retry_after_s = 0;  // Retry-After in seconds; 0: none, the same request will fail again
};

// Failures of HTTP itself, which no Status code stands for.
enum class HttpProblem : uint8_t {
  bad_request,             // 400 what was sent is not HTTP as we accept it
  unauthenticated,         // 401 the token is missing or wrong
  forbidden,               // 403 Host or Origin not allowed
  method_not_allowed,      // 405 with Allow
  request_timeout,         // 408 header or body did not arrive in time
  length_required,         // 411
  body_too_large,          // 413
  unsupported_media_type,  // 415
  expectation_failed,      // 417
  headers_too_large,       // 431
  version_not_supported,   // 505
};

const ProblemRow& problem_row(Code code);
const ProblemRow& problem_row(HttpProblem problem);
// All rows, for the API description.
std::span<const ProblemRow> problem_rows();

struct Problem {
  const ProblemRow* row;
  Error error;                  // its code is not used: the row's is
  std::string members = {};     // more members as JSON text, each with a leading comma: ",\"component\":{...}"
  std::string headers = {};     // more header fields of the answer, each "Name: value\r\n"
  uint64_t request = 0;         // the number of the refused request; 0: it got none
  std::string_view title = {};  // of static duration; empty: the row's

  // `status` is not ok.
  static Problem of(const Status& status);
  static Problem of(HttpProblem problem, Error error);
  static Problem of(HttpProblem problem, std::string message) {
    return of(problem, Error{.code = Code::internal, .message = std::move(message)});
  }
};

// {"type":"urn:dormouse:problem:busy","title":...,"status":409,"detail":...,"code":"busy","object":...}
std::string to_json(const Problem& problem);

}  // namespace dormouse
