#include "load/storm_history.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <stdexcept>

#include "components/state.h"

namespace dormouse {
namespace {

// Whether `to` may follow `from`, by the host's own table; parked is passed on the way to closing without a pause.
bool may_follow_by_name(const std::string& from, const std::string& to) {
  for (const Transition& transition : kTransitions)
    if (to_string(transition.from) == from && to_string(transition.to) == to) return true;
  return false;
}

// component.pinned and the like tell of no state.
bool is_state(std::string_view name) {
  return std::any_of(kStateNames.begin(), kStateNames.end(), [&](const auto& each) { return each == name; });
}

}  // namespace

StormHistory::StormHistory(uint16_t control_port, const std::string& authorization)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(control_port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("cannot listen to events");
  const std::string request =
      "GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n" + authorization + "\r\n";
  if (::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
    throw std::runtime_error("cannot ask for events");
  // The stream begins with its answer: what happens before that is not told.
  char first;
  if (::recv(socket_, &first, 1, MSG_PEEK) != 1) throw std::runtime_error("no events");
  reader_ = std::thread([this] {
    std::string text;
    char block[16384];
    for (ssize_t size; (size = ::recv(socket_, block, sizeof block, 0)) > 0;) {
      text.append(block, static_cast<size_t>(size));
      size_t begin = 0;
      for (size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
        take_line(std::string_view(text).substr(begin, end - begin));
      text.erase(0, begin);
    }
  });
}

StormHistory::~StormHistory() {
  stop();
  ::close(socket_);
}

void StormHistory::stop() {
  if (!reader_.joinable()) return;
  ::shutdown(socket_, SHUT_RDWR);
  reader_.join();
}

StormHistory::Loads StormHistory::loads(const std::string& component) const {
  const auto found = lives_.find(component);
  return found == lives_.end() ? Loads{} : found->second.loads;
}

void StormHistory::take_line(std::string_view line) {
  if (line == "event: gap") next_is_gap_ = true;
  if (line.substr(0, 6) != "data: ") return;
  if (std::exchange(next_is_gap_, false)) {
    ++gaps_;
    for (auto& [name, life] : lives_) life = Life{life.loads, 0, 0, 0, false, ""};
    return;
  }
  take_event(line.substr(6));
}

void StormHistory::take_event(std::string_view json) {
  const boost::json::value event = boost::json::parse({json.data(), json.size()});
  const std::string kind(event.at("kind").as_string());
  if (kind.rfind("component.", 0) != 0) return;
  const std::string name(event.at("object").as_string());
  const std::string what = kind.substr(10);
  const boost::json::value& fields = event.at("fields");
  if (is_state(what)) return take_state(name, what, fields.at("generation").to_number<uint64_t>());
  if (what != "replacing") return;
  Life& life = lives_[name];
  if (!life.state.empty() && life.state != "ready" && life.state != "trimmed")
    breaches_.push_back(name + " is replaced while it is " + life.state);
  begin(name, life, fields.at("incarnation").to_number<uint64_t>());
  life.replacement = life.begun;
}

// Loads and replacements are numbered together.
void StormHistory::begin(const std::string& name, Life& life, uint64_t generation) {
  ++life.loads.begun;
  if (life.known && generation != life.begun + 1)
    breaches_.push_back(name + ": load " + std::to_string(generation) + " after " + std::to_string(life.begun));
  life.known = true;
  life.begun = generation;
  life.loads.generation = generation;
}

void StormHistory::take_state(const std::string& name, const std::string& to, uint64_t generation) {
  Life& life = lives_[name];
  if (to == "ready" && life.replacement != 0 && generation == life.replacement) {
    life.replacement = 0;
    life.generation = generation;
    ++life.loads.ready;
    ++life.loads.replaced;
    life.state = to;
    return;
  }
  if (!life.state.empty() && !may_follow_by_name(life.state, to))
    breaches_.push_back(name + " went from " + life.state + " to " + to);
  if (to == "loading") {
    begin(name, life, generation);
    life.generation = generation;
  } else if (life.generation != 0 && generation != life.generation) {
    breaches_.push_back(name + ": " + to + " of load " + std::to_string(generation) + " during " +
                        std::to_string(life.generation));
  }
  if (to == "ready" && life.state == "loading") ++life.loads.ready;
  if (to == "unloaded") ++life.loads.unloaded;
  life.state = to;
}

}  // namespace dormouse
