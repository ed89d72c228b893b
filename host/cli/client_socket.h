// One TCP connection of `dormouse ctl` to a host: blocking, and with a time limit for all that is done until the next
// one is set. Not HTTP: what is sent and received are bytes. Finding an address waits for the system's resolver, which
// knows no limit. Main thread only. Errors: unavailable with the system's reason; deadline_exceeded when the limit ran
// out.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"
#include "base/unique_fd.h"

struct addrinfo;  // the system's

namespace dormouse {

class ClientSocket {
 public:
  // `object` names the other side in errors: "host at http://127.0.0.1:8081". `clock` outlives the socket.
  ClientSocket(std::string object, const Clock& clock) : object_(std::move(object)), clock_(clock) {}

  void limit(Duration timeout) { until_ = clock_.now() + timeout; }
  // To the first of the name's addresses that accepts.
  Status connect(const std::string& host, const std::string& port);
  // All of `bytes`.
  Status send(std::string_view bytes);
  // At least one byte; 0 when the other side sends no more.
  Result<size_t> receive(std::span<char> into);

  // What every failure of this connection says.
  Status unavailable(std::string found) const;

 private:
  Status connect_to(const addrinfo& address);
  Status wait_for(short events) const;

  std::string object_;
  const Clock& clock_;
  Time until_{};
  UniqueFd fd_;
};

}  // namespace dormouse
