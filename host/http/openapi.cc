#include "http/openapi.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "http/json_text.h"
#include "http/problem.h"

namespace dormouse {
namespace {

struct DescribedPath {
  std::vector<const Route*> routes;
  bool on_data = false;  // and not on the control listener
};

// "get" + "/v1/components/{name}" -> "get_v1_components_name": unique, since methods and paths are.
std::string operation_id(std::string id, std::string_view pattern) {
  for (const char c : pattern) {
    if (std::isalnum(static_cast<unsigned char>(c))) {
      id += c;
    } else if (id.back() != '_') {
      id += '_';
    }
  }
  if (id.back() == '_') id.pop_back();
  return id;
}

std::string method_key(const Route& route) {
  std::string key(route.method);
  std::transform(key.begin(), key.end(), key.begin(), [](unsigned char c) { return std::tolower(c); });
  return key;
}

void write_parameter(JsonText& out, std::string_view name, std::string_view in, std::string_view type,
                     std::string_view help) {
  out.begin_object().member("name", name).member("in", in).member("required", in == "path");
  if (!help.empty()) out.member("description", help);
  out.key("schema").begin_object().member("type", type).end_object();
  out.end_object();
}

void write_path_parameters(JsonText& out, const Route& route) {
  for (size_t at = route.pattern.find('{'); at != std::string::npos; at = route.pattern.find('{', at + 1)) {
    const size_t end = route.pattern.find('}', at);
    write_parameter(out, std::string_view(route.pattern).substr(at + 1, end - at - 1), "path", "string", "");
  }
}

void write_parameters(JsonText& out, const Route& route) {
  out.key("parameters").begin_array();
  write_path_parameters(out, route);
  for (const QueryParameter& parameter : route.query)
    write_parameter(out, parameter.name, "query", parameter.type, parameter.help);
  out.end_array();
}

void write_request_body(JsonText& out) {
  out.key("requestBody").begin_object().member("required", true);
  out.key("content").begin_object();
  out.key("application/json").begin_object().key("schema").begin_object().end_object().end_object();
  out.key("application/octet-stream").begin_object().key("schema").begin_object().end_object().end_object();
  out.end_object().end_object();
}

void write_problem(JsonText& out, std::string_view status) {
  out.key(status).begin_object().member("$ref", "#/components/responses/Problem").end_object();
}

void write_responses(JsonText& out, const Route& route) {
  const bool changes = route.method != "GET";
  const bool goes_on = changes && std::any_of(route.query.begin(), route.query.end(),
                                              [](const QueryParameter& each) { return each.name == "wait"; });
  out.key("responses").begin_object();
  out.key("200").begin_object().member("description", "Done.");
  out.key("content").begin_object().key(route.answer).begin_object().end_object().end_object().end_object();
  if (goes_on)
    out.key("202")
        .begin_object()
        .member("description", "Not finished within the wait: it goes on as the operation at Location.")
        .end_object();
  if (!route.query.empty()) write_problem(out, "400");
  if (route.access == Route::Access::token) write_problem(out, "401");
  if (route.pattern.find('{') != std::string::npos) write_problem(out, "404");
  if (changes) write_problem(out, "409");
  write_problem(out, "default");
  out.end_object();
}

void write_security(JsonText& out, const Route& route) {
  if (route.access == Route::Access::token)
    out.key("security").begin_array().begin_object().key("token").begin_array().end_array().end_object().end_array();
}

void write_operation(JsonText& out, const Route& route) {
  const std::string method = method_key(route);
  out.key(method).begin_object();
  out.member("operationId", operation_id(method, route.pattern));
  out.member("summary", route.summary);
  write_parameters(out, route);
  if (route.body == Route::Body::required) write_request_body(out);
  write_security(out, route);
  write_responses(out, route);
  out.end_object();
}

// What the router answers of itself: HEAD wherever there is a GET, OPTIONS everywhere and without a token.
void write_head(JsonText& out, const Route& route) {
  out.key("head").begin_object();
  out.member("operationId", operation_id("head", route.pattern));
  out.member("summary", "As GET, without the body.");
  write_parameters(out, route);
  write_security(out, route);
  out.key("responses").begin_object();
  out.key("200").begin_object().member("description", "The fields that GET would answer with.").end_object();
  write_problem(out, "default");
  out.end_object().end_object();
}

void write_options(JsonText& out, const Route& route) {
  out.key("options").begin_object();
  out.member("operationId", operation_id("options", route.pattern));
  out.member("summary", "The methods of this path.");
  write_path_parameters(out.key("parameters").begin_array(), route);
  out.end_array();
  out.key("responses").begin_object();
  out.key("204").begin_object().member("description", "The field Allow names the methods.").end_object();
  write_problem(out, "default");
  out.end_object().end_object();
}

void write_problem_schema(JsonText& out) {
  out.key("Problem").begin_object().member("type", "object");
  out.key("required").begin_array();
  for (const char* name : {"type", "title", "status", "detail", "code"}) out.value(name);
  out.end_array();
  out.key("properties").begin_object();
  for (const char* name : {"type", "title", "detail", "object", "needed", "found", "remedy", "request"})
    out.key(name).begin_object().member("type", "string").end_object();
  for (const char* name : {"status", "retry_after_ms"})
    out.key(name).begin_object().member("type", "integer").end_object();
  out.key("near").begin_object().member("type", "array").key("items").begin_object().member("type", "string");
  out.end_object().end_object();
  out.key("code").begin_object().member("type", "string").key("enum").begin_array();
  for (const ProblemRow& row : problem_rows()) out.value(row.code);
  out.end_array().end_object();
  out.end_object().end_object();
}

void write_components(JsonText& out) {
  out.key("components").begin_object();
  out.key("securitySchemes").begin_object().key("token").begin_object();
  out.member("type", "http").member("scheme", "bearer");
  out.member("description", "The content of state_dir/token.").end_object().end_object();
  out.key("schemas").begin_object();
  write_problem_schema(out);
  out.end_object();
  out.key("responses").begin_object().key("Problem").begin_object();
  out.member("description", "What went wrong and what to do about it (RFC 9457).");
  out.key("content").begin_object().key("application/problem+json").begin_object();
  out.key("schema").begin_object().member("$ref", "#/components/schemas/Problem").end_object();
  out.end_object().end_object().end_object().end_object();
  out.end_object();
}

}  // namespace

std::string openapi_json(std::string_view version, const std::vector<Route>& control, const std::vector<Route>& data) {
  std::map<std::string_view, DescribedPath> paths;
  for (const Route& route : control) paths[route.pattern].routes.push_back(&route);
  for (const Route& route : data) {
    DescribedPath& path = paths[route.pattern];
    const bool known = std::any_of(path.routes.begin(), path.routes.end(),
                                   [&](const Route* other) { return other->method == route.method; });
    if (known) continue;  // the health checks, which both listeners answer
    path.on_data = path.routes.empty();
    path.routes.push_back(&route);
  }
  JsonText out;
  out.begin_object().member("openapi", "3.1.0");
  out.key("info").begin_object().member("title", "Dormouse").member("version", version).end_object();
  out.key("paths").begin_object();
  for (const auto& [pattern, path] : paths) {
    out.key(pattern).begin_object();
    if (path.on_data) out.member("description", "On the data listener.");
    for (const Route* route : path.routes) {
      write_operation(out, *route);
      if (route->method == "GET") write_head(out, *route);
    }
    write_options(out, *path.routes.front());
    out.end_object();
  }
  out.end_object();
  write_components(out);
  out.end_object();
  return out.take();
}

}  // namespace dormouse
