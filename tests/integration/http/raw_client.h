// An HTTP client that does exactly what a test says, also what no client should. Blocking, with a bound on every wait.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace dormouse {

struct RawResponse {
  unsigned status = 0;                         // 0: the connection ended without an answer
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  bool has(const std::string& name) const { return headers.count(name) > 0; }
};

class RawClient {
 public:
  // "127.0.0.1:1234"
  explicit RawClient(const std::string& address);

  bool connected() const { return static_cast<bool>(fd_); }
  // False when the server does not take it.
  bool send(std::string_view bytes);
  // The next answer with its body.
  RawResponse receive();
  // The next bytes as they come; empty at the end or when nothing comes.
  std::string receive_some(std::chrono::milliseconds at_most = std::chrono::seconds(10));
  // Everything until `text` has come, or nothing more does.
  std::string receive_until(std::string_view text);
  // Whether the server closes within the time.
  bool is_closed(std::chrono::milliseconds at_most = std::chrono::seconds(10));
  void close() { fd_.reset(); }
  void shut_sending();
  void reset();  // closes with an RST

  RawResponse ask(std::string_view bytes) {
    send(bytes);
    return receive();
  }

 private:
  bool fill(std::chrono::milliseconds at_most);

  UniqueFd fd_;
  std::string buffer_;  // received and not yet handed out
  bool ended_ = false;
};

std::string get(const std::string& path, const std::string& more_headers = "");
std::string post(const std::string& path, const std::string& body, const std::string& more_headers = "");

}  // namespace dormouse
