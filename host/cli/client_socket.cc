#include "cli/client_socket.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <system_error>

namespace dormouse {
namespace {

std::string reason(int error) {
  return std::generic_category().message(error);
}

}  // namespace

Status ClientSocket::unavailable(std::string found) const {
  return Status(Error{.code = Code::unavailable,
                      .message = "cannot be reached",
                      .object = object_,
                      .found = std::move(found),
                      .remedy = "start it with dormouse run, or name another with --config, --state-dir or --url"});
}

Status ClientSocket::wait_for(short events) const {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until_ - clock_.now());
    pollfd wanted{fd_.get(), events, 0};
    const int ready = ::poll(&wanted, 1, static_cast<int>(std::clamp<int64_t>(left.count(), 0, INT32_MAX)));
    if (ready > 0) return {};
    if (ready == 0)
      return Status(Error{.code = Code::deadline_exceeded, .message = "did not answer in time", .object = object_});
    if (errno != EINTR) return unavailable(reason(errno));
  }
}

Status ClientSocket::connect_to(const addrinfo& address) {
  fd_.reset(::socket(address.ai_family, address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol));
  if (!fd_) return unavailable(reason(errno));
  if (::connect(fd_.get(), address.ai_addr, address.ai_addrlen) == 0) return {};
  if (errno != EINPROGRESS) return unavailable(reason(errno));
  if (Status status = wait_for(POLLOUT); !status.ok()) return status;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error ? unavailable(reason(error)) : Status();
}

Status ClientSocket::connect(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found))
    return unavailable(gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  Status status = unavailable("no address of this name");
  for (const addrinfo* each = addresses.get(); each; each = each->ai_next) {
    status = connect_to(*each);
    if (status.ok() || status.code() == Code::deadline_exceeded) break;
  }
  return status;
}

Status ClientSocket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    if (Status status = wait_for(POLLOUT); !status.ok()) return status;
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0)
      bytes.remove_prefix(static_cast<size_t>(sent));
    else if (errno != EINTR && errno != EAGAIN)
      return unavailable(reason(errno));
  }
  return {};
}

Result<size_t> ClientSocket::receive(std::span<char> into) {
  for (;;) {
    if (Status status = wait_for(POLLIN); !status.ok()) return status;
    const ssize_t count = ::recv(fd_.get(), into.data(), into.size(), 0);
    if (count >= 0) return static_cast<size_t>(count);
    if (errno != EINTR && errno != EAGAIN) return unavailable(reason(errno));
  }
}

}  // namespace dormouse
