#include "http/problem.h"

#include <array>
#include <cassert>

#include "http/error_json.h"
#include "http/pipeline_request.h"

namespace dormouse {
namespace {

// ARCHITECTURE.md section 9 in rows. First the codes of Status, then those of HTTP in the order of HttpProblem.
constexpr std::array kRows{
    ProblemRow{"invalid_argument", 400, "The request is not valid"},
    ProblemRow{"not_found", 404, "Not found"},
    ProblemRow{"busy", 409, "In use", 1},
    ProblemRow{"failed_precondition", 409, "Not possible in this state"},
    ProblemRow{"queue_full", 429, "The component's queue is full", 1},
    ProblemRow{"internal", 500, "A fault of the host"},
    ProblemRow{"data_loss", 500, "Stored data is damaged"},
    ProblemRow{"broken_contract", 502, "A plugin broke its contract"},
    ProblemRow{"cancelled", 503, "The request was cancelled", 1},
    ProblemRow{"resource_exhausted", 503, "A resource is used up", 1},
    ProblemRow{"unavailable", 503, "Not available now", 1},
    ProblemRow{"load_failed", 503, "A component could not be loaded", 5},
    ProblemRow{"overloaded", 503, "Too much to do", 1},
    ProblemRow{"deadline_exceeded", 504, "The time allowed has passed"},
    ProblemRow{"bad_request", 400, "Not a request this server accepts"},
    ProblemRow{"unauthenticated", 401, "A token is needed"},
    ProblemRow{"forbidden", 403, "Not allowed from there"},
    ProblemRow{"method_not_allowed", 405, "Not with this method"},
    ProblemRow{"request_timeout", 408, "The request came too slowly"},
    ProblemRow{"length_required", 411, "A body is needed"},
    ProblemRow{"body_too_large", 413, "The body is too large"},
    ProblemRow{"unsupported_media_type", 415, "Not this content type"},
    ProblemRow{"expectation_failed", 417, "That expectation is not known"},
    ProblemRow{"headers_too_large", 431, "The header is too large"},
    ProblemRow{"version_not_supported", 505, "Not this version of HTTP"},
};
constexpr size_t kFirstOfHttp = 14;
static_assert(kRows[kFirstOfHttp].code == "bad_request" && kRows.back().code == "version_not_supported");

}  // namespace

const ProblemRow& problem_row(Code code) {
  const std::string_view name = to_string(code);
  for (const ProblemRow& row : kRows)
    if (row.code == name) return row;
  return problem_row(Code::internal);  // a code that is none of ours, from a plugin
}

const ProblemRow& problem_row(HttpProblem problem) {
  const size_t index = kFirstOfHttp + static_cast<size_t>(problem);
  assert(index < kRows.size());
  return kRows[index];
}

std::span<const ProblemRow> problem_rows() {
  return kRows;
}

Problem Problem::of(const Status& status) {
  return Problem{&problem_row(status.code()), status.error()};
}

Problem Problem::of(HttpProblem problem, Error error) {
  return Problem{&problem_row(problem), std::move(error)};
}

std::string to_json(const Problem& problem) {
  const ProblemRow& row = *problem.row;
  const Error& error = problem.error;
  const std::string detail = error.object.empty() ? error.message : error.object + ": " + error.message;
  JsonText out;
  out.begin_object();
  out.member("type", std::string("urn:dormouse:problem:").append(row.code));
  out.member("title", problem.title.empty() ? row.title : problem.title);
  out.member("status", row.status);
  out.member("detail", detail);
  out.member("code", row.code);
  write_error_parts(out, error);
  if (problem.request) out.member("request", request_id_text(problem.request));
  if (row.retry_after_s > 0) out.member("retry_after_ms", 1000 * row.retry_after_s);
  out.raw_members(problem.members);
  out.end_object();
  return out.take();
}

}  // namespace dormouse
