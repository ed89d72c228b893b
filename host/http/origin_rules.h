// Who may talk to a listener, by what the request says about itself: Host, Origin, token; and where a listener may
// listen. Pure rules, no socket.
//
// A listener on loopback is still reachable by every web page in the user's browser. Two rules keep such pages out: the
// Host must be one of ours, because a page whose name was rebound to 127.0.0.1 still sends its own name there; and an
// Origin, which browsers add and pages cannot forge, must be allow-listed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace dormouse {

// "127.0.0.1:8080", "[::1]:0", "localhost:8080" taken apart.
struct ListenAddress {
  std::string address;  // "127.0.0.1", "::1"
  uint16_t port = 0;
  bool loopback = true;
};
// Errors: invalid_argument: no address with a port, or not loopback without `allow_remote`.
Result<ListenAddress> parse_listen(std::string_view text, bool allow_remote);

// The host of "name:port", "1.2.3.4", "[::1]:80", without port and brackets; empty when it is none.
std::string_view host_of(std::string_view authority);

// `host` from host_of: localhost, a loopback address, `local_address` (the connection's own), or one of `allowed`.
bool is_host_allowed(std::string_view host, std::string_view local_address, const std::vector<std::string>& allowed);

// `host` from host_of is an IP address, and so no name that could be rebound.
bool is_address(std::string_view host);

// `origin` is `authority`'s own: a page that this listener served itself.
bool is_own_origin(std::string_view origin, std::string_view authority);
// `origin` is one of `allowed`.
bool is_origin_listed(std::string_view origin, const std::vector<std::string>& allowed);

// The fields that let a page of `origin`, which is allowed, read an answer.
void append_cross_origin_fields(std::string& head, std::string_view origin, bool credentials);
// The fields that let its browser send a request; `methods` as in Allow.
std::string preflight_fields(std::string_view methods);

// `authorization` is "Bearer <token>" with exactly this token. Takes the same time for every wrong one. An empty token
// matches nothing.
bool is_token(std::string_view authorization, std::string_view token);

}  // namespace dormouse
