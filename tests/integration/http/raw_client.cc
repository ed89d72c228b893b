#include "raw_client.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>

namespace dormouse {

using std::chrono::milliseconds;

RawClient::RawClient(const std::string& address) {
  const size_t colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(colon + 1))));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
  fd_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) fd_.reset();
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    pollfd ready{fd_.get(), POLLOUT, 0};
    if (::poll(&ready, 1, 10'000) <= 0) return false;
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent > 0) bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool RawClient::fill(milliseconds at_most) {
  if (ended_ || !fd_) return false;
  pollfd ready{fd_.get(), POLLIN, 0};
  if (::poll(&ready, 1, static_cast<int>(at_most.count())) <= 0) return false;
  char bytes[16384];
  const ssize_t size = ::recv(fd_.get(), bytes, sizeof bytes, 0);
  if (size <= 0) {
    ended_ = true;
    return false;
  }
  buffer_.append(bytes, static_cast<size_t>(size));
  return true;
}

RawResponse RawClient::receive() {
  RawResponse response;
  size_t end;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
    if (!fill(std::chrono::seconds(10))) return response;
  const std::string head = buffer_.substr(0, end + 2);
  buffer_.erase(0, end + 4);
  response.status = static_cast<unsigned>(std::stoi(head.substr(9, 3)));
  for (size_t line = head.find("\r\n") + 2; line < head.size();) {
    const size_t next = head.find("\r\n", line);
    const size_t colon = head.find(": ", line);
    std::string name = head.substr(line, colon - line);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    response.headers[name] = head.substr(colon + 2, next - colon - 2);
    line = next + 2;
  }
  const size_t length = response.has("content-length") ? std::stoul(response.headers["content-length"]) : 0;
  while (buffer_.size() < length && fill(std::chrono::seconds(10))) {
  }
  response.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  return response;
}

std::string RawClient::receive_some(milliseconds at_most) {
  if (buffer_.empty()) fill(at_most);
  return std::exchange(buffer_, {});
}

std::string RawClient::receive_until(std::string_view text) {
  size_t at;
  while ((at = buffer_.find(text)) == std::string::npos)
    if (!fill(std::chrono::seconds(10))) return std::exchange(buffer_, {});
  std::string out = buffer_.substr(0, at + text.size());
  buffer_.erase(0, at + text.size());
  return out;
}

bool RawClient::is_closed(milliseconds at_most) {
  const auto end = std::chrono::steady_clock::now() + at_most;
  while (!ended_ && std::chrono::steady_clock::now() < end)
    fill(std::chrono::duration_cast<milliseconds>(end - std::chrono::steady_clock::now()) + milliseconds(1));
  return ended_;
}

void RawClient::shut_sending() {
  ::shutdown(fd_.get(), SHUT_WR);
}

void RawClient::reset() {
  const linger at_once{1, 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

std::string get(const std::string& path, const std::string& more_headers) {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + more_headers + "\r\n";
}

std::string post(const std::string& path, const std::string& body, const std::string& more_headers) {
  return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         more_headers + "\r\n" + body;
}

}  // namespace dormouse
