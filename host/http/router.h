// Which handler answers which method and path, and what is told about each: one table per listener, from which the
// server routes and the API description is made.
// Knows no socket and no handler's business. Built once, then read by any thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "http/problem.h"
#include "http/request.h"
#include "http/responder.h"

namespace dormouse {

// A query parameter of a route.
struct QueryParameter {
  std::string_view name;
  std::string_view type;  // JSON schema's: "integer", "boolean", "string"
  std::string_view help;
};

struct Route {
  enum class Access : uint8_t { open, token };      // token: Authorization: Bearer <token>, or 401
  enum class Body : uint8_t { ignored, required };  // required: a request that announces none is answered 411

  std::string_view method;  // "GET", which answers HEAD as well
  std::string pattern;      // "/v1/components/{name}": at most two names, each a whole segment
  Access access = Access::open;
  Body body = Body::ignored;
  bool probe = false;                            // a health check: answered also when Host is an address not ours
  std::string_view summary = {};                 // one sentence for the API description
  std::vector<QueryParameter> query = {};        // others are refused
  std::string_view answer = "application/json";  // its content type with 200
  // Runs on the connection's reactor. `request` stays valid until the responder has answered.
  std::function<void(const Request& request, Responder responder)> handle = {};
};

// The route of `request` in `routes`, with its captures filled in. The last path segment may be any name but empty.
// Else null, and `problem`: 404, 405 (with `allow`, "GET, HEAD, POST, OPTIONS"), 400 for a broken escape or an unknown
// parameter.
const Route* find_route(const std::vector<Route>& routes, Request& request, Problem* problem, std::string* allow);

}  // namespace dormouse
