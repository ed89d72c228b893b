// A small blocking HTTP client for one host's control listener: `dormouse ctl` and nothing else.
// Not a general client: no TLS, no redirects, no cookies, one request at a time. Beast, which the host has anyway,
// parses the answers, and client_socket.h carries the bytes: linking Debian's cpp-httplib costs every start of the host
// libssl, libcrypto and brotli (ARCHITECTURE.md section 11 has the numbers). Main thread only.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"

namespace dormouse {

// Where a control listener is and what it wants to see.
struct ControlEndpoint {
  std::string host;  // "127.0.0.1", "::1", a name
  std::string port;
  std::string token;  // may be empty: reads need none
};

// "127.0.0.1:8081", "[::1]:8081", "http://host:8081/". An unspecified address (0.0.0.0) means this machine.
// Errors: invalid_argument.
Result<ControlEndpoint> parse_endpoint(std::string_view text);

struct ControlAnswer {
  unsigned status = 0;
  std::string content_type;
  std::string body;  // at most 16 MiB
};

class ControlClient {
 public:
  explicit ControlClient(ControlEndpoint endpoint) : endpoint_(std::move(endpoint)) {}

  // One request and its answer. `timeout` covers everything. Errors: unavailable (nobody listens, or no HTTP comes
  // back), deadline_exceeded, resource_exhausted (a larger answer).
  Result<ControlAnswer> send(std::string_view method, const std::string& target, Duration timeout) const;

  struct ServerEvent {
    std::string event;  // "message" when it has no name
    std::string id;
    std::string data;
  };
  // Reads server-sent events until `on_event` returns false or the host ends the stream (ok in both cases).
  // An answer other than 200 is returned as such. Errors: as send; deadline_exceeded when nothing at all, not even a
  // heartbeat, came for `silence`.
  Result<ControlAnswer> stream(const std::string& target, Duration silence,
                               const std::function<bool(const ServerEvent&)>& on_event) const;

 private:
  ControlEndpoint endpoint_;
};

// Splits a stream of server-sent events. Pure.
class EventStreamParser {
 public:
  // False when a line or an event grew beyond 1 MiB: this is no such stream.
  bool feed(std::string_view bytes, const std::function<bool(const ControlClient::ServerEvent&)>& on_event, bool& more);

 private:
  bool take_line(std::string_view line, const std::function<bool(const ControlClient::ServerEvent&)>& on_event);
  std::string line_;
  ControlClient::ServerEvent event_;
  bool has_data_ = false;
};

}  // namespace dormouse
