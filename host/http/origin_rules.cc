#include "http/origin_rules.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>

#include "http/request.h"

namespace dormouse {
namespace {

namespace ip = boost::asio::ip;

Error bad_listen(std::string_view text, std::string message) {
  return Error{.code = Code::invalid_argument,
               .message = std::move(message),
               .object = "listen address '" + std::string(text.substr(0, 100)) + "'",
               .needed = "\"address:port\", such as 127.0.0.1:8080, [::1]:8080 or localhost:0"};
}

bool parse_port(std::string_view text, uint16_t* port) {
  const auto end = std::from_chars(text.data(), text.data() + text.size(), *port);
  return !text.empty() && end.ec == std::errc() && end.ptr == text.data() + text.size();
}

// "host", "host:port", "[v6]", "[v6]:port" into host and what follows it.
std::string_view split_host(std::string_view authority, std::string_view* rest) {
  if (authority.starts_with('[')) {
    const size_t end = authority.find(']');
    if (end == std::string_view::npos) return {};
    *rest = authority.substr(end + 1);
    return authority.substr(1, end - 1);
  }
  const size_t colon = std::min(authority.find(':'), authority.size());
  *rest = authority.substr(colon);
  return authority.substr(0, colon);
}

bool is_loopback(std::string_view host) {
  boost::system::error_code error;
  const ip::address address = ip::make_address(std::string(host), error);
  if (error) return false;
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return ip::make_address_v4(ip::v4_mapped, address.to_v6()).is_loopback();
  return address.is_loopback();
}

}  // namespace

Result<ListenAddress> parse_listen(std::string_view text, bool allow_remote) {
  std::string_view rest;
  const std::string_view host = split_host(text, &rest);
  ListenAddress parsed;
  if (host.empty() || !rest.starts_with(':') || !parse_port(rest.substr(1), &parsed.port))
    return bad_listen(text, "it is no address with a port");
  boost::system::error_code error;
  const ip::address address =
      host == "localhost" ? ip::address(ip::address_v4::loopback()) : ip::make_address(std::string(host), error);
  if (error) return bad_listen(text, "'" + std::string(host.substr(0, 64)) + "' is no IP address");
  parsed.address = address.to_string();
  parsed.loopback = address.is_loopback();
  if (!parsed.loopback && !allow_remote) {
    Error refused = bad_listen(text, "it can be reached from other machines");
    refused.needed = "a loopback address, or allow_remote: true";
    refused.remedy = "listen on 127.0.0.1, or set allow_remote: true beside it when that is what you want";
    return refused;
  }
  return parsed;
}

std::string_view host_of(std::string_view authority) {
  std::string_view rest;
  const std::string_view host = split_host(authority, &rest);
  uint16_t port = 0;
  if (!rest.empty() && !(rest.starts_with(':') && parse_port(rest.substr(1), &port))) return {};
  return host;
}

bool is_host_allowed(std::string_view host, std::string_view local_address, const std::vector<std::string>& allowed) {
  if (host.empty() || host.size() > 255) return false;
  if (host == local_address || equals_ignoring_case(host, "localhost") || is_loopback(host)) return true;
  return std::any_of(allowed.begin(), allowed.end(),
                     [&](const std::string& name) { return equals_ignoring_case(host, name); });
}

bool is_address(std::string_view host) {
  boost::system::error_code error;
  ip::make_address(std::string(host), error);
  return !error;
}

bool is_own_origin(std::string_view origin, std::string_view authority) {
  constexpr std::string_view kScheme = "http://";
  return !authority.empty() && origin.starts_with(kScheme) &&
         equals_ignoring_case(origin.substr(kScheme.size()), authority);
}

bool is_origin_listed(std::string_view origin, const std::vector<std::string>& allowed) {
  return std::any_of(allowed.begin(), allowed.end(),
                     [&](const std::string& name) { return equals_ignoring_case(origin, name); });
}

void append_cross_origin_fields(std::string& head, std::string_view origin, bool credentials) {
  head.append("Access-Control-Allow-Origin: ").append(origin).append("\r\n");
  if (credentials) head += "Access-Control-Allow-Credentials: true\r\n";
  head += "Access-Control-Expose-Headers: Dormouse-Degraded, Dormouse-Request-Id, Retry-After, Server-Timing\r\n";
}

std::string preflight_fields(std::string_view methods) {
  std::string fields = "Access-Control-Allow-Methods: ";
  fields += methods;
  // What a request may carry that means something here, beyond what browsers always let through.
  fields +=
      "\r\nAccess-Control-Allow-Headers: Authorization, Content-Type, Last-Event-ID, Priority, Request-Timeout, "
      "traceparent\r\nAccess-Control-Max-Age: 600\r\n";
  return fields;
}

bool is_token(std::string_view authorization, std::string_view token) {
  constexpr std::string_view kScheme = "Bearer ";
  if (token.empty() || authorization.size() < kScheme.size()) return false;
  if (!equals_ignoring_case(authorization.substr(0, kScheme.size()), kScheme)) return false;
  const std::string_view given = authorization.substr(kScheme.size());
  // Every byte of ours is compared, whatever was sent; only the length can be told from the time.
  unsigned char difference = given.size() == token.size() ? 0 : 1;
  for (size_t i = 0; i < token.size(); ++i)
    difference |= static_cast<unsigned char>(token[i] ^ (i < given.size() ? given[i] : 0));
  return difference == 0;
}

}  // namespace dormouse
