#include "http/response_text.h"

#include <string>

namespace dormouse {

std::string_view reason_of(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "";  // the phrase may be empty
  }
}

Response response_of(const Problem& problem) {
  Response response;
  response.status = problem.row->status;
  response.content_type = "application/problem+json";
  if (problem.row->retry_after_s > 0) response.add_header("Retry-After", std::to_string(problem.row->retry_after_s));
  response.headers += problem.headers;
  response.body = to_json(problem);
  return response;
}

}  // namespace dormouse
