// One HTTP request as handlers see it, and the answer they give.
// Views into the connection's buffers: valid until the request's Responder has answered. Loop thread only.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "base/task.h"
#include "components/call.h"

namespace dormouse {

struct HeaderField {
  std::string_view name;   // as sent
  std::string_view value;  // without the spaces around it
};

// A part of a path that the route's pattern names, percent-decoded.
struct Capture {
  std::string_view name;
  std::string value;
};

struct Request {
  std::string_view method;  // "GET"
  std::string_view path;    // "/v1/components/nlu.language", not decoded
  std::string_view query;   // behind the '?', not decoded
  std::string_view body;
  std::vector<HeaderField> fields;
  std::array<Capture, 2> captures;
  uint64_t id = 0;             // unique in this process
  Time received{};             // when it was read whole
  Duration waited{};           // before that, unread, where the loop was late enough to ask; zero elsewhere
  bool came_too_late = false;  // it waited longer than loop_lag_max in a queue that stands: to be refused
  CancelToken cancel;          // set when the client is gone or the request's time is up
  mutable Task
      when_given_up;  // set by a handler: runs once, on the loop, when `cancel` is set before there is an answer

  // The first field of that name, in any case; empty when there is none.
  std::string_view header(std::string_view name) const;
  bool has_header(std::string_view name) const;
  // What the pattern's {name} stands for; empty when it has none.
  const std::string& capture(std::string_view name) const;
  // A query parameter, decoded; nothing when absent. "?flag" is an empty string.
  std::optional<std::string> parameter(std::string_view name) const;
};

struct Response {
  unsigned status = 200;
  // Static text; answered on the connection's own loop, any that lives until answer() returns.
  std::string_view content_type = "application/json";
  std::string headers;  // more fields, each "Name: value\r\n"
  std::string body;

  // Drops what cannot stand in a field value.
  void add_header(std::string_view name, std::string_view value);
};

// What a request asks for, taken apart: "/path?query", or "http://authority/path?query" as to a proxy.
struct Target {
  bool absolute = false;
  std::string_view authority;  // of an absolute target
  std::string_view path;       // "/" when an absolute target has none; empty when it is neither of the two forms
  std::string_view query;
};
Target split_target(std::string_view target);

// Whether two header names are the same: ASCII, any case.
bool equals_ignoring_case(std::string_view a, std::string_view b);
// '%XX' decoded. Errors: nothing when an escape is broken, or stands for NUL.
std::optional<std::string> percent_decoded(std::string_view text);
// Of a query: the names in it, decoded, in order.
std::vector<std::string> parameter_names(std::string_view query);

}  // namespace dormouse
