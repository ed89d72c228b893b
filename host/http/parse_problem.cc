#include "http/parse_problem.h"

#include <boost/beast/http/error.hpp>

namespace dormouse {
namespace {

using HttpError = boost::beast::http::error;

}  // namespace

Problem header_too_large(const HttpLimits& limits) {
  return Problem::of(HttpProblem::headers_too_large,
                     Error{.code = Code::invalid_argument,
                           .message = "the header is too large",
                           .needed = "at most " + std::to_string(limits.header_bytes_max) + " bytes"});
}

Problem parse_problem(const boost::beast::error_code& error, const RequestParser& parser, const HttpLimits& limits) {
  if (error == HttpError::body_limit)
    return Problem::of(HttpProblem::body_too_large,
                       Error{.code = Code::invalid_argument,
                             .message = "the body is too large",
                             .needed = "at most " + std::to_string(limits.body_bytes_max) + " bytes"});
  if (error == HttpError::header_limit) return header_too_large(limits);
  if (error == HttpError::bad_version)
    return Problem::of(HttpProblem::version_not_supported, "this server speaks HTTP/1.0 and HTTP/1.1");
  switch (parser.refusal()) {
    case RequestParser::Refusal::fields_max:
      return Problem::of(HttpProblem::headers_too_large,
                         Error{.code = Code::invalid_argument,
                               .message = "too many header fields",
                               .needed = "at most " + std::to_string(RequestParser::kFieldsMax)});
    case RequestParser::Refusal::no_memory:
      return Problem::of(Status(Code::overloaded, "too many large bodies at once"));
    case RequestParser::Refusal::obs_fold:
    case RequestParser::Refusal::framing:
    case RequestParser::Refusal::repeated:
      return Problem::of(HttpProblem::bad_request, std::string(parser.refusal_text()));
    case RequestParser::Refusal::none:
      break;
  }
  return Problem::of(HttpProblem::bad_request, "not an HTTP request: " + error.message());
}

}  // namespace dormouse
