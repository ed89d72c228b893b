#include "support/live/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>

namespace dormouse {
namespace {

constexpr size_t kHeadBytesMax = size_t{64} << 10;
constexpr size_t kBodyBytesMax = size_t{64} << 20;

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::string system_mistake(const char* what) {
  return std::string(what) + ": " + std::strerror(errno);
}

bool is_token_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || std::strchr("!#$%&'*+-.^_`|~", c) != nullptr;
}

// Everything above the body. Strict: what RFC 9112 lets a recipient forgive is a mistake here.
std::string parse_head(std::string_view head, HttpAnswer& answer) {
  if (head.size() < 13 || head.substr(0, 9) != "HTTP/1.1 ") return "no status line of HTTP/1.1";
  const auto parsed = std::from_chars(head.data() + 9, head.data() + 12, answer.status);
  if (parsed.ptr != head.data() + 12 || answer.status < 100 || answer.status > 599) return "no status of three digits";
  size_t at = head.find("\r\n") + 2;
  while (at < head.size()) {
    const size_t end = head.find("\r\n", at);
    const std::string_view line = head.substr(at, end - at);
    at = end + 2;
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return "header line without a name";
    std::string name(line.substr(0, colon));
    if (!std::all_of(name.begin(), name.end(), is_token_char)) return "header name that is no token";
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    for (const char c : value)
      if (static_cast<unsigned char>(c) < 0x20 && c != '\t') return "control character in header " + name;
    if (!answer.headers.emplace(name, value).second && name == "content-length") return "two content lengths";
  }
  return {};
}

std::string content_length(const HttpAnswer& answer, size_t& length) {
  const auto header = answer.headers.find("content-length");
  if (header == answer.headers.end()) {
    if (answer.status == 204) return {};
    return "no content length";
  }
  const std::string& text = header->second;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), length);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || length > kBodyBytesMax)
    return "content length '" + text + "'";
  return {};
}

}  // namespace

uint16_t free_port() {
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error(system_mistake("no free port"));
  return ntohs(address.sin_port);
}

std::string http_request(std::string_view method, std::string_view target, std::string_view body,
                         std::string_view header_lines) {
  std::string text;
  text.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\n").append(header_lines);
  if (!body.empty()) text.append("Content-Type: application/json\r\n");
  if (!body.empty() || method == "POST" || method == "PUT")
    text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  text.append("\r\n").append(body);
  return text;
}

std::string HttpClient::connect() {
  buffer_.clear();
  socket_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port_);
  const int on = 1;
  ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return {};
  std::string mistake = system_mistake("connect");
  socket_.reset();
  return mistake;
}

std::string HttpClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) {
      std::string mistake = system_mistake("send");
      socket_.reset();
      return mistake;
    }
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return {};
}

std::string HttpClient::fill() {
  pollfd entry{socket_.get(), POLLIN, 0};
  const int ready = ::poll(&entry, 1, static_cast<int>(patience_.count()));
  if (ready == 0) return "no answer within " + std::to_string(patience_.count()) + " ms";
  char block[16384];
  const ssize_t size = ::recv(socket_.get(), block, sizeof block, 0);
  if (size < 0) return errno == EINTR ? std::string() : system_mistake("receive");
  if (size == 0) return buffer_.empty() ? "closed without an answer" : "closed in the middle of an answer";
  buffer_.append(block, static_cast<size_t>(size));
  return {};
}

std::string HttpClient::receive(HttpAnswer& answer) {
  answer = {};
  size_t head_end;
  std::string mistake;
  while ((head_end = buffer_.find("\r\n\r\n")) == std::string::npos && mistake.empty())
    mistake = buffer_.size() > kHeadBytesMax ? "endless header" : fill();
  size_t length = 0;
  if (mistake.empty()) mistake = parse_head(std::string_view(buffer_).substr(0, head_end + 2), answer);
  if (mistake.empty()) mistake = content_length(answer, length);
  const size_t total = head_end + 4 + length;
  while (mistake.empty() && buffer_.size() < total) mistake = fill();
  if (mistake.empty() && buffer_.size() > total) mistake = "more bytes than one answer";
  if (mistake.empty()) {
    answer.body = buffer_.substr(head_end + 4, length);
    buffer_.clear();
    return {};
  }
  socket_.reset();
  buffer_.clear();
  return mistake;
}

std::string HttpClient::exchange(std::string_view request, HttpAnswer& answer) {
  std::string mistake;
  if (!connected()) mistake = connect();
  if (mistake.empty()) mistake = send(request);
  if (mistake.empty()) mistake = receive(answer);
  if (!mistake.empty()) return mistake;
  if (const auto header = answer.headers.find("connection");
      header != answer.headers.end() && header->second == "close")
    socket_.reset();
  return {};
}

void HttpClient::abort() {
  const linger hard{1, 0};
  if (socket_) ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  socket_.reset();
}

}  // namespace dormouse
