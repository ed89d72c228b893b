#include "http/request.h"

#include <algorithm>

namespace dormouse {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Calls `see(name, value)` for each pair until it returns false.
template <class See>
void for_each_parameter(std::string_view query, See see) {
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const size_t equals = std::min(pair.find('='), pair.size());
    if (pair.empty()) continue;
    if (!see(pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size())))) return;
  }
}

// Ten lookups a request, of names of which most differ in length.
const HeaderField* find_field(const std::vector<HeaderField>& fields, std::string_view name) {
  for (const HeaderField& field : fields)
    if (field.name.size() == name.size() && equals_ignoring_case(field.name, name)) return &field;
  return nullptr;
}

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return x == y || lower(x) == lower(y); });
}

Target split_target(std::string_view target) {
  constexpr std::string_view kScheme = "http://";
  Target parts;
  if (equals_ignoring_case(target.substr(0, kScheme.size()), kScheme)) {
    parts.absolute = true;
    target.remove_prefix(kScheme.size());
    // The query may follow the authority at once, and slashes in a query are no path.
    parts.authority = target.substr(0, std::min(target.find_first_of("/?"), target.size()));
    target.remove_prefix(parts.authority.size());
  } else if (!target.starts_with('/')) {
    return parts;
  }
  const size_t mark = std::min(target.find('?'), target.size());
  parts.path = mark == 0 ? std::string_view("/") : target.substr(0, mark);
  parts.query = target.substr(std::min(mark + 1, target.size()));
  return parts;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  if (text.find('%') == std::string_view::npos) return std::string(text);
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::string_view Request::header(std::string_view name) const {
  const HeaderField* field = find_field(fields, name);
  return field ? field->value : std::string_view();
}

bool Request::has_header(std::string_view name) const {
  return find_field(fields, name) != nullptr;
}

const std::string& Request::capture(std::string_view name) const {
  static const std::string kNone;
  for (const Capture& capture : captures)
    if (capture.name == name) return capture.value;
  return kNone;
}

std::optional<std::string> Request::parameter(std::string_view name) const {
  std::optional<std::string> found;
  for_each_parameter(query, [&](std::string_view key, std::string_view value) {
    if (key != name) return true;
    found = percent_decoded(value).value_or(std::string(value));
    return false;
  });
  return found;
}

std::vector<std::string> parameter_names(std::string_view query) {
  std::vector<std::string> names;
  for_each_parameter(query, [&](std::string_view key, std::string_view) {
    names.push_back(percent_decoded(key).value_or(std::string(key)));
    return true;
  });
  return names;
}

void Response::add_header(std::string_view name, std::string_view value) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  headers += name;
  headers += ": ";
  headers += value;
  // Hardly ever there is one, so the value is taken whole and only looked at.
  const auto begin = headers.end() - static_cast<std::ptrdiff_t>(value.size());
  headers.erase(std::remove_if(begin, headers.end(), is_control), headers.end());
  headers += "\r\n";
}

}  // namespace dormouse
