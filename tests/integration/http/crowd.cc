#include "crowd.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "base/unique_fd.h"

namespace dormouse {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kStatusBytes = sizeof "HTTP/1.1 200" - 1;

struct Client {
  UniqueFd socket;
  size_t sent = 0;
  std::string received;
};

UniqueFd connect_to(const std::string& address) {
  const size_t colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(colon + 1))));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
  UniqueFd made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (made && ::connect(made.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS)
    made.reset();
  return made;
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Sends and receives what is possible now. The status once it is known, 0 at the end without one.
std::optional<unsigned> step(Client& client, const std::string& request, short ready) {
  if ((ready & POLLOUT) != 0) {
    const ssize_t sent =
        ::send(client.socket.get(), request.data() + client.sent, request.size() - client.sent, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return 0;
    if (sent > 0) client.sent += static_cast<size_t>(sent);
  }
  if ((ready & (POLLIN | POLLHUP | POLLERR)) == 0) return std::nullopt;
  char bytes[4096];
  const ssize_t size = ::recv(client.socket.get(), bytes, sizeof bytes, 0);
  if (size < 0 && errno == EAGAIN) return std::nullopt;
  if (size <= 0) return 0;
  client.received.append(bytes, static_cast<size_t>(size));
  if (client.received.size() < kStatusBytes) return std::nullopt;
  return static_cast<unsigned>(std::atoi(client.received.c_str() + kStatusBytes - 3));
}

}  // namespace

std::vector<CrowdAnswer> crowd(const std::string& address, size_t count, const std::string& request,
                               std::chrono::milliseconds at_most,
                               const std::function<void(const CrowdAnswer&)>& on_answer) {
  raise_descriptor_limit();
  std::vector<CrowdAnswer> answers;
  const Clock::time_point began = Clock::now();
  const auto elapsed = [&] { return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began); };
  const auto note = [&](unsigned status) {
    answers.push_back({status, elapsed()});
    if (on_answer) on_answer(answers.back());
  };
  std::vector<Client> clients;
  for (size_t i = 0; i < count; ++i) {
    Client client{connect_to(address), 0, {}};
    if (client.socket)
      clients.push_back(std::move(client));
    else
      note(0);
  }
  std::vector<pollfd> ready;
  while (!clients.empty() && elapsed() < at_most) {
    ready.clear();
    for (const Client& client : clients)
      ready.push_back({client.socket.get(), static_cast<short>(client.sent < request.size() ? POLLOUT : POLLIN), 0});
    ::poll(ready.data(), ready.size(), 100);
    // From the end: the one that is done is replaced by the last one, which has been looked at.
    for (size_t i = clients.size(); i-- > 0;) {
      const std::optional<unsigned> status = step(clients[i], request, ready[i].revents);
      if (!status) continue;
      note(*status);
      if (i + 1 < clients.size()) clients[i] = std::move(clients.back());
      clients.pop_back();
    }
  }
  answers.resize(count);  // who waits still has no answer
  return answers;
}

size_t count_of(const std::vector<CrowdAnswer>& answers, unsigned status) {
  return static_cast<size_t>(
      std::count_if(answers.begin(), answers.end(), [&](const CrowdAnswer& a) { return a.status == status; }));
}

}  // namespace dormouse
