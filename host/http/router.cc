#include "http/router.h"

#include <algorithm>

#include "base/suggest.h"

namespace dormouse {
namespace {

// Takes the first segment off `path`, which starts with '/'.
std::string_view take_segment(std::string_view* path) {
  path->remove_prefix(1);
  const size_t end = std::min(path->find('/'), path->size());
  const std::string_view segment = path->substr(0, end);
  path->remove_prefix(end);
  return segment;
}

bool is_name(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

struct RawCapture {
  std::string_view name, value;
};
using RawCaptures = std::array<RawCapture, 2>;

bool matches(std::string_view pattern, std::string_view path, RawCaptures* captures) {
  size_t count = 0;
  while (!pattern.empty() && !path.empty()) {
    if (pattern.front() != '/' || path.front() != '/') return false;
    const std::string_view wanted = take_segment(&pattern);
    const std::string_view given = take_segment(&path);
    if (!is_name(wanted)) {
      if (wanted != given) return false;
      continue;
    }
    if (given.empty() || count == captures->size()) return false;
    (*captures)[count++] = {wanted.substr(1, wanted.size() - 2), given};
  }
  return pattern.empty() && path.empty();
}

Problem not_found(const std::vector<Route>& routes, std::string_view path) {
  std::vector<std::string> patterns;
  patterns.reserve(routes.size());
  for (const Route& route : routes) patterns.push_back(route.pattern);
  Error error{
      .code = Code::not_found, .message = "there is nothing at this path", .object = std::string(path.substr(0, 200))};
  error.near = near_names(path.substr(0, 200), patterns, 1);
  return Problem::of(Status(std::move(error)));
}

// What is wrong with the captures or the query; true when nothing is.
bool take_parts(const Route& route, const RawCaptures& raw, Request& request, Problem* problem) {
  for (size_t i = 0; i < raw.size() && !raw[i].name.empty(); ++i) {
    std::optional<std::string> decoded = percent_decoded(raw[i].value);
    if (!decoded) {
      *problem = Problem::of(HttpProblem::bad_request, "the path has a broken percent escape");
      return false;
    }
    request.captures[i] = {raw[i].name, std::move(*decoded)};
  }
  if (request.query.empty()) return true;
  std::vector<std::string> known;
  for (const QueryParameter& parameter : route.query) known.emplace_back(parameter.name);
  for (const std::string& name : parameter_names(request.query)) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    Error error{.code = Code::invalid_argument, .message = "unknown query parameter", .object = name.substr(0, 64)};
    for (const std::string& each : known) error.needed += (error.needed.empty() ? "" : ", ") + each;
    if (known.empty()) error.needed = "none";
    error.near = near_names(name, known, 1);
    *problem = Problem::of(Status(std::move(error)));
    return false;
  }
  return true;
}

bool answers(const Route& route, std::string_view method) {
  return route.method == method || (route.method == "GET" && method == "HEAD");
}

}  // namespace

const Route* find_route(const std::vector<Route>& routes, Request& request, Problem* problem, std::string* allow) {
  allow->clear();
  for (const Route& route : routes) {
    RawCaptures captures{};
    if (!matches(route.pattern, request.path, &captures)) continue;
    if (answers(route, request.method)) return take_parts(route, captures, request, problem) ? &route : nullptr;
    if (allow->find(route.method) != std::string::npos) continue;
    if (!allow->empty()) *allow += ", ";
    *allow += route.method;
    if (route.method == "GET") *allow += ", HEAD";
  }
  if (allow->empty()) {
    *problem = not_found(routes, request.path);
  } else {
    *allow += ", OPTIONS";
    *problem = Problem::of(HttpProblem::method_not_allowed, Error{.code = Code::invalid_argument,
                                                                  .message = "this path does not answer that method",
                                                                  .object = std::string(request.path.substr(0, 200)),
                                                                  .needed = *allow,
                                                                  .found = std::string(request.method.substr(0, 32))});
  }
  return nullptr;
}

}  // namespace dormouse
