#include "http/query.h"

#include <charconv>
#include <optional>

#include "base/suggest.h"
#include "base/units.h"

namespace dormouse {
namespace {

std::optional<uint64_t> whole_number(const std::string& text) {
  uint64_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Error bad_parameter(std::string_view name, std::string needed, const std::string& found) {
  return Error{.code = Code::invalid_argument,
               .message = "the query parameter is not understood",
               .object = std::string(name),
               .needed = std::move(needed),
               .found = found.substr(0, 32)};
}

Result<uint64_t> number_of(const Request& request, std::string_view name, uint64_t absent, uint64_t most) {
  const std::optional<std::string> text = request.parameter(name);
  if (!text) return absent;
  const std::optional<uint64_t> number = whole_number(*text);
  if (!number || *number > most) return bad_parameter(name, "a whole number from 0 to " + std::to_string(most), *text);
  return *number;
}

Result<bool> flag_of(const Request& request, std::string_view name) {
  const std::optional<std::string> text = request.parameter(name);
  if (!text || *text == "0" || *text == "false") return false;
  if (text->empty() || *text == "1" || *text == "true") return true;
  return bad_parameter(name, "1 or 0", *text);
}

Result<Duration> duration_of(const Request& request, std::string_view name, Duration most) {
  const std::optional<std::string> text = request.parameter(name);
  if (!text) return Duration{};
  const auto refused = [&] {
    return bad_parameter(name, "a duration such as 5s, or milliseconds, at most " + format_duration(most), *text);
  };
  if (const std::optional<uint64_t> ms = whole_number(*text)) {
    const auto most_ms = static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(most).count());
    if (*ms > most_ms) return refused();
    return Duration(std::chrono::milliseconds(*ms));
  }
  const Result<Duration> duration = parse_duration(*text);
  if (!duration.ok() || *duration > most) return refused();
  return *duration;
}

Result<Page> page_of(const Request& request) {
  Page page;
  const Result<uint64_t> limit = number_of(request, "limit", page.limit, 1000);
  if (!limit.ok()) return limit.status();
  if (*limit == 0) return bad_parameter("limit", "a whole number from 1 to 1000", "0");
  page.limit = *limit;
  page.after = request.parameter("after").value_or("");
  return page;
}

Error no_page_behind(std::string_view noun, const std::string& after) {
  return Error{.code = Code::not_found,
               .message = "there is none of that name, perhaps not any more",
               .object = std::string(noun) + " '" + after.substr(0, 64) + "'",
               .needed = "the id of one that is kept",
               .remedy = "begin without 'after'"};
}

Problem unknown_name(std::string_view what, const std::string& name, const std::vector<std::string>& known) {
  Error error{.code = Code::not_found,
              .message = "there is none of that name",
              .object = std::string(what) + " '" + name.substr(0, 64) + "'"};
  error.near = near_names(name, known);
  return Problem::of(Status(std::move(error)));
}

}  // namespace dormouse
