// HTTP as a suspicious client speaks it: a raw socket on loopback, and answers that must be well-formed to the byte.
// Not for production code (that is cpp-httplib): nothing is forgiven here, and the client may vanish mid-request.
// Owner: one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace dormouse {

struct HttpAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

class HttpClient {
 public:
  HttpClient(uint16_t port, std::chrono::milliseconds patience) : port_(port), patience_(patience) {}

  // What went wrong, in a sentence; empty when all is well. After a failure the connection is closed.
  std::string connect();
  bool connected() const { return static_cast<bool>(socket_); }
  std::string send(std::string_view bytes);
  // Reads exactly one answer. Bytes beyond its end are a mistake of the server: nobody asked for more.
  std::string receive(HttpAnswer& answer);
  // Connects when needed, sends, receives; says `Connection: close` obeyed.
  std::string exchange(std::string_view request, HttpAnswer& answer);
  void close() { socket_.reset(); }
  // Ends with a reset instead of a goodbye, as a crashed client does.
  void abort();

 private:
  std::string fill();

  const uint16_t port_;
  const std::chrono::milliseconds patience_;
  UniqueFd socket_;
  std::string buffer_;
};

// "POST /x HTTP/1.1" with Host, Content-Length and these header lines (each with its \r\n).
std::string http_request(std::string_view method, std::string_view target, std::string_view body = {},
                         std::string_view header_lines = {});

// A port nobody listens on at this moment.
uint16_t free_port();

}  // namespace dormouse
