#include "http/request_parser.h"

#include <algorithm>
#include <array>
#include <boost/beast/http/error.hpp>
#include <cstring>
#include <utility>

#include "http/request.h"

namespace dormouse {
namespace {

namespace beast = boost::beast;
using beast::http::field;

std::string_view std_view(beast::string_view text) {
  return {text.data(), text.size()};
}

// A field that means one thing: of two, one party takes the first and another the last. Content-Length and
// Transfer-Encoding have rules of their own below.
struct SingleField {
  field known;
  std::string_view name;
  std::string_view refusal;
};
constexpr std::array kSingleFields{
    SingleField{field::host, "Host", "more than one Host"},
    SingleField{field::authorization, "Authorization", "more than one Authorization"},
    SingleField{field::origin, "Origin", "more than one Origin"},
    SingleField{field::content_type, "Content-Type", "more than one Content-Type"},
    SingleField{field::content_encoding, "Content-Encoding", "more than one Content-Encoding"},
    SingleField{field::expect, "Expect", "more than one Expect"},
    SingleField{field::unknown, "Request-Timeout", "more than one Request-Timeout"},
};

constexpr size_t place(field known) {
  return static_cast<size_t>(known);
}

// By what Beast knows a field as: its number in kSingleFields and one more, or 0. Every field of every request is
// looked up here.
constexpr auto kSingleByField = [] {
  constexpr size_t kPlaces =
      place(std::max_element(kSingleFields.begin(), kSingleFields.end(),
                             [](const SingleField& a, const SingleField& b) { return place(a.known) < place(b.known); })
                ->known) +
      1;
  std::array<uint8_t, kPlaces> numbers{};
  for (size_t i = 0; i < kSingleFields.size(); ++i)
    numbers[place(kSingleFields[i].known)] = static_cast<uint8_t>(i + 1);
  return numbers;
}();

// Whether the field stands on one line as nearly all do: "Name: value", a line end, and a next line that begins with no
// space. Beast shows a value that goes on in a next line elsewhere than in the buffer.
bool is_plain_line(const char* after_name, std::string_view value, const char* end) {
  const char* after_value = value.data() + value.size();
  return value.data() == after_name + 2 && after_name[0] == ':' && after_name[1] == ' ' && end - after_value > 2 &&
         after_value[0] == '\r' && after_value[1] == '\n' && after_value[2] != ' ' && after_value[2] != '\t';
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

// Whether the field goes on in a next line (obs-fold). Beast unfolds such values, and what it unfolds another party may
// read as a field of its own. The bytes decide, since Beast shows a value whose first line is empty like any other.
bool RequestParser::is_folded(string_view name, string_view value) const {
  const char* after_name = name.data() + name.size();
  if (is_plain_line(after_name, std_view(value), end_)) return false;
  const auto* line_end =
      static_cast<const char*>(std::memchr(after_name, '\n', static_cast<size_t>(end_ - after_name)));
  // Beast gives fields out once the whole header is there, so a byte follows each line.
  if (!line_end || line_end + 1 >= end_ || line_end[1] == ' ' || line_end[1] == '\t') return true;
  return !value.empty() && (value.data() < after_name || value.data() + value.size() > line_end);
}

bool RequestParser::is_repeated(field known, string_view name) {
  const unsigned number = place(known) < kSingleByField.size() ? kSingleByField[place(known)] : 0;
  if (number == 0) return false;
  const SingleField& single = kSingleFields[number - 1];
  if (known == field::unknown && !equals_ignoring_case(std_view(name), single.name)) return false;
  refusal_text_ = single.refusal;
  return (std::exchange(single_fields_seen_, single_fields_seen_ | 1U << number) & 1U << number) != 0;
}

// Two parties that read the length of a body differently are how requests are smuggled; so there is one way to say it.
void RequestParser::on_field_impl(field known, string_view name, string_view value, error_code& error) {
  if (is_folded(name, value)) return refuse(Refusal::obs_fold, "a header field goes on in the next line", error);
  if (header_done_) return;  // trailers say nothing that we use, and must not pose as header fields
  if (to_.fields.size() == kFieldsMax) return refuse(Refusal::fields_max, "too many header fields", error);
  if (is_repeated(known, name)) return refuse(Refusal::repeated, refusal_text_, error);
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
