#include "http/request_parser.h"

#include <boost/beast/http/error.hpp>

#include "http/request.h"

namespace dormouse {
namespace {

namespace beast = boost::beast;
using beast::http::field;

std::string_view std_view(beast::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

void ParsedRequest::clear() {
  fields.clear();
  if (body.capacity() > RequestParser::kBodyBytesKept) body = {};
  body.clear();
}

void RequestParser::refuse(Refusal why, std::string_view text, error_code& error) {
  refusal_ = why;
  refusal_text_ = text;
  error = beast::http::error::bad_field;
}

size_t RequestParser::add_body(string_view part, error_code& error) {
  if (to_.take_memory && !to_.take_memory(part.size())) {
    refuse(Refusal::no_memory, "", error);
    return 0;
  }
  to_.body.append(part.data(), part.size());
  return part.size();
}

void RequestParser::on_request_impl(beast::http::verb, string_view method_text, string_view target_text,
                                    int http_version, error_code&) {
  to_.method = span(method_text);
  to_.target = span(target_text);
  to_.version = static_cast<unsigned>(http_version);
}

// Two parties that read the length of a body differently are how requests are smuggled; so there is one way to say it.
void RequestParser::on_field_impl(field known, string_view name, string_view value, error_code& error) {
  if (header_done_) return;  // trailers say nothing that we use, and must not pose as header fields
  if (to_.fields.size() == kFieldsMax) return refuse(Refusal::fields_max, "too many header fields", error);
  if (!is_in_buffer(value)) return refuse(Refusal::obs_fold, "a header field goes on in the next line", error);
  if (known == field::content_length) {
    if (has_length_ || value.find(',') != string_view::npos)
      return refuse(Refusal::framing, "more than one Content-Length", error);
    has_length_ = true;
  }
  if (known == field::transfer_encoding) {
    if (has_encoding_ || !equals_ignoring_case(std_view(value), "chunked"))
      return refuse(Refusal::framing, "a Transfer-Encoding other than chunked", error);
    has_encoding_ = true;
  }
  to_.fields.push_back({span(name), span(value)});
}

void RequestParser::on_header_impl(error_code& error) {
  header_done_ = true;
  if (has_encoding_ && has_length_) return refuse(Refusal::framing, "both Content-Length and Transfer-Encoding", error);
  if (has_encoding_ && to_.version < 11) refuse(Refusal::framing, "Transfer-Encoding in HTTP/1.0", error);
}

}  // namespace dormouse
