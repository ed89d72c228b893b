#include "http/head_admission.h"

#include <algorithm>

#include "http/origin_rules.h"

namespace dormouse {
namespace {

Problem refusal(HttpProblem problem, Error error) {
  error.code = Code::invalid_argument;
  return Problem::of(problem, std::move(error));
}

}  // namespace

HeadAdmission::Verdict HeadAdmission::judge(Request& request, const Head& head) {
  Verdict verdict;
  verdict.problem = check_authority(request, head);
  if (verdict.problem) return verdict;
  if (request.method == "OPTIONS") return options_of(request);
  Problem problem{};
  std::string allow;
  const Route* route = find_route(routes_, request, &problem, &allow);
  if (!route) {
    if (!allow.empty()) problem.headers = "Allow: " + allow + "\r\n";
    verdict.problem = std::move(problem);
    return verdict;
  }
  verdict.problem = check_route(*route, request, head, verdict.token_refused);
  if (verdict.problem) return verdict;
  const std::string_view expect = request.header("Expect");
  if (!expect.empty() && head.version >= 11) {
    if (!equals_ignoring_case(expect, "100-continue")) {
      verdict.problem = refusal(HttpProblem::expectation_failed, Error{.message = "that expectation is not known",
                                                                       .object = "Expect",
                                                                       .needed = "100-continue",
                                                                       .found = std::string(expect.substr(0, 64))});
      return verdict;
    }
    verdict.wants_continue = true;
  }
  verdict.route = route;
  return verdict;
}

std::optional<Problem> HeadAdmission::check_route(const Route& route, const Request& request, const Head& head,
                                                  bool& token_refused) const {
  if (route.access == Route::Access::token && !is_token(request.header("Authorization"), options_.token)) {
    Problem problem = refusal(HttpProblem::unauthenticated,
                              Error{.message = "this needs the control token",
                                    .object = std::string(request.path),
                                    .needed = "Authorization: Bearer <token>",
                                    .found = request.has_header("Authorization") ? "another token" : "none",
                                    .remedy = "send the content of state_dir/token"});
    problem.headers = "WWW-Authenticate: Bearer realm=\"dormouse\"\r\n";
    token_refused = true;
    return problem;
  }
  if (route.body == Route::Body::required && !head.announces_body)
    return refusal(HttpProblem::length_required, Error{.message = "a body is needed",
                                                       .object = std::string(request.path),
                                                       .needed = "Content-Length or Transfer-Encoding: chunked",
                                                       .found = "neither"});
  return std::nullopt;
}

std::optional<Problem> HeadAdmission::check_authority(const Request& request, const Head& head) {
  const bool has_host = request.has_header("Host");
  if (!has_host && head.version >= 11)
    return refusal(HttpProblem::bad_request, Error{.message = "no Host", .object = "Host"});
  const Target target = split_target(head.target);
  if (target.path.empty())
    return refusal(HttpProblem::bad_request, Error{.message = "the request target is no path",
                                                   .object = std::string(head.target.substr(0, 100))});

  // "GET http://host/path" is allowed to any server, and that host goes before the Host field.
  const std::string_view authority = target.absolute ? target.authority : request.header("Host");
  if ((has_host || target.absolute) && (authority.empty() || authority != accepted_authority_)) {
    const std::string_view host = host_of(authority);
    if (host.empty())
      return refusal(HttpProblem::bad_request, Error{.message = "it is no host name", .object = "Host"});
    if (is_host_allowed(host, local_address_, options_.allowed_hosts)) {
      accepted_authority_ = authority;
    } else if (!is_probe(request.path) || !is_address(host)) {
      return refusal(HttpProblem::forbidden, Error{.message = "this host name is not allowed here",
                                                   .object = "Host '" + std::string(host.substr(0, 100)) + "'",
                                                   .remedy = "add it to allowed_hosts when it is yours"});
    }
  }
  return check_origin(request, authority);
}

// Health checks name the address that they reach us by, which behind a balancer is none of ours. A page whose name was
// rebound cannot come that way, since it sends its name.
bool HeadAdmission::is_probe(std::string_view path) const {
  return std::any_of(routes_.begin(), routes_.end(),
                     [&](const Route& route) { return route.probe && route.pattern == path; });
}

std::optional<Problem> HeadAdmission::check_origin(const Request& request, std::string_view authority) {
  allowed_origin_.clear();
  if (!request.has_header("Origin")) return std::nullopt;
  const std::string_view origin = request.header("Origin");
  if (is_origin_listed(origin, options_.allowed_origins)) {
    allowed_origin_ = origin;
    return std::nullopt;
  }
  if (is_own_origin(origin, authority)) return std::nullopt;
  return refusal(HttpProblem::forbidden, Error{.message = "pages of this origin are not allowed here",
                                               .object = "Origin '" + std::string(origin.substr(0, 100)) + "'",
                                               .remedy = "add it to allowed_origins when it is yours"});
}

// What may be done to a path; for a page of another origin, whether its browser may send the request at all.
HeadAdmission::Verdict HeadAdmission::options_of(Request& request) const {
  Verdict verdict;
  Problem problem{};
  std::string allow;
  find_route(routes_, request, &problem, &allow);
  if (allow.empty()) {
    verdict.problem = std::move(problem);
    return verdict;
  }
  Response& response = verdict.response.emplace();
  response.status = 204;
  response.headers = "Allow: " + allow + "\r\n";
  if (!allowed_origin_.empty() && request.has_header("Access-Control-Request-Method"))
    response.headers += preflight_fields(allow);
  return verdict;
}

}  // namespace dormouse
