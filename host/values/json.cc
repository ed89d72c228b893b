#include "values/json.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <cmath>
#include <limits>
#include <string>

namespace dormouse {
namespace {

namespace json = boost::json;

// Passes the parser's events to a writer. Each returns false, with an error code set, after the writer's first mistake.
class Handler {
 public:
  static constexpr size_t max_object_size = std::numeric_limits<size_t>::max();
  static constexpr size_t max_array_size = std::numeric_limits<size_t>::max();
  static constexpr size_t max_key_size = std::numeric_limits<size_t>::max();
  static constexpr size_t max_string_size = std::numeric_limits<size_t>::max();

  explicit Handler(const ValueLimits& limits) : writer(limits) {}

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code& ec) { return done(writer.map_begin(), ec); }
  bool on_object_end(size_t, json::error_code& ec) { return done(writer.map_end(), ec); }
  bool on_array_begin(json::error_code& ec) { return done(writer.list_begin(), ec); }
  bool on_array_end(size_t, json::error_code& ec) { return done(writer.list_end(), ec); }
  bool on_key_part(json::string_view part, size_t, json::error_code&) { return on_part(part); }
  bool on_key(json::string_view part, size_t, json::error_code& ec) {
    on_part(part);
    const bool written = writer.key(text_);
    text_.clear();
    return done(written, ec);
  }
  bool on_string_part(json::string_view part, size_t, json::error_code&) { return on_part(part); }
  bool on_string(json::string_view part, size_t, json::error_code& ec) {
    on_part(part);
    const bool written = writer.string(text_);
    text_.clear();
    return done(written, ec);
  }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(int64_t number, json::string_view, json::error_code& ec) { return done(writer.integer(number), ec); }
  bool on_uint64(uint64_t number, json::string_view, json::error_code& ec) {
    number_too_large = number > static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
    return done(!number_too_large && writer.integer(static_cast<int64_t>(number)), ec);
  }
  bool on_double(double number, json::string_view, json::error_code& ec) {
    number_too_large = !std::isfinite(number);
    return done(!number_too_large && writer.number(number), ec);
  }
  bool on_bool(bool yes, json::error_code& ec) { return done(writer.boolean(yes), ec); }
  bool on_null(json::error_code& ec) { return done(writer.null(), ec); }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

  ValueWriter writer;
  bool refused = false;           // by the writer, whose finish() says why
  bool number_too_large = false;  // then `refused` as well

 private:
  bool on_part(json::string_view part) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool done(bool written, json::error_code& ec) {
    if (written) return true;
    refused = true;
    ec = json::error::exception;
    return false;
  }

  std::string text_;
};

std::string position(std::string_view text, size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const size_t start = before.find_last_of('\n');
  const size_t column = 1 + before.size() - (start == std::string_view::npos ? 0 : start + 1);
  return "line " + std::to_string(line) + ", column " + std::to_string(column) + ": ";
}

Error mistake(Code code, std::string_view object, std::string message) {
  return Error{.code = code, .message = std::move(message), .object = std::string(object)};
}

}  // namespace

Result<Value> value_from_json(std::string_view text, std::string_view object, const ValueLimits& limits) {
  if (text.size() > limits.bytes_max)
    return mistake(Code::resource_exhausted, object, "the text is larger than allowed");
  json::parse_options options;
  options.max_depth = limits.depth_max;
  json::basic_parser<Handler> parser(options, limits);
  json::error_code ec;
  size_t read = 0;
  try {
    read = parser.write_some(false, text.data(), text.size(), ec);
  } catch (const std::exception& e) {
    return mistake(Code::resource_exhausted, object, e.what());
  }
  Handler& handler = parser.handler();
  if (handler.number_too_large)
    return mistake(Code::invalid_argument, object, position(text, read) + "a number that does not fit into 64 bits");
  if (handler.refused) {
    const Status status = handler.writer.finish().status();
    const Code code = status.code() == Code::resource_exhausted ? status.code() : Code::invalid_argument;
    return mistake(code, object, position(text, read) + status.error().message);
  }
  if (ec) return mistake(Code::invalid_argument, object, position(text, read) + "not JSON: " + ec.message());
  const size_t rest = text.find_first_not_of(" \t\r\n", read);
  if (rest != std::string_view::npos)
    return mistake(Code::invalid_argument, object, position(text, rest) + "more text after the JSON value");
  return handler.writer.finish();
}

}  // namespace dormouse
