#include "cli/control_client.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <utility>

#include "cli/client_socket.h"

namespace dormouse {
namespace {

namespace http = boost::beast::http;
using ErrorCode = boost::system::error_code;

constexpr size_t kBodyMax = size_t{16} << 20;
constexpr size_t kHeaderMax = size_t{16} << 10;
constexpr size_t kEventMax = size_t{1} << 20;

std::string authority(const ControlEndpoint& endpoint) {
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  return (v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + endpoint.port;
}

// One request and its answer, read piece by piece.
class Exchange {
 public:
  explicit Exchange(const ControlEndpoint& endpoint)
      : endpoint_(endpoint), object_("host at http://" + authority(endpoint)), socket_(object_, clock_) {
    parser_.header_limit(kHeaderMax);
    parser_.body_limit(boost::none);
  }

  void limit(Duration timeout) { socket_.limit(timeout); }

  Status send(std::string_view method, const std::string& target, Duration timeout) {
    limit(timeout);
    if (Status status = socket_.connect(endpoint_.host, endpoint_.port); !status.ok()) return status;
    std::string request(method);
    request += " " + target + " HTTP/1.1\r\nHost: " + authority(endpoint_) +
               "\r\nUser-Agent: dormouse ctl\r\nAccept: application/json\r\n";
    if (!endpoint_.token.empty()) request += "Authorization: Bearer " + endpoint_.token + "\r\n";
    if (method == "POST" || method == "PUT") request += "Content-Length: 0\r\n";
    return socket_.send(request + "\r\n");
  }

  Status read_header() {
    Status status;
    while (status.ok() && !parser_.is_header_done()) status = read_some();
    return status;
  }

  // The body as well, of at most kBodyMax.
  Status read_all() {
    parser_.body_limit(kBodyMax);
    Status status = read_header();
    while (status.ok() && !parser_.is_done()) status = read_some();
    return status;
  }

  // The next piece: of what has come already, or else what comes next.
  Status read_some() {
    if (needs_more_) {
      const Result<size_t> count = socket_.receive(piece_);
      if (!count) return count.status();
      unread_.append(piece_.data(), *count);
      ended_ = *count == 0;
    }
    ErrorCode error;
    if (ended_ && !parser_.got_some())
      error = http::error::end_of_stream;
    else if (ended_)
      parser_.put_eof(error);
    else
      unread_.erase(0, parser_.put(boost::asio::buffer(unread_), error));
    needs_more_ = unread_.empty() || error == http::error::need_more;
    parser_.eager(parser_.is_header_done());
    return !error || error == http::error::need_more ? Status() : failure(error);
  }

  // Whether the host has said all it will say, to the end of its answer or not.
  bool ended() const { return ended_ || parser_.is_done(); }
  unsigned status() const { return parser_.get().result_int(); }
  std::string take_body() { return std::exchange(parser_.get().body(), {}); }

  ControlAnswer answer() {
    const auto type = parser_.get()[http::field::content_type];
    return {status(), std::string(type.data(), type.size()), take_body()};
  }

 private:
  Status failure(const ErrorCode& error) const {
    if (error == http::error::body_limit || error == http::error::header_limit)
      return Status(
          Error{.code = Code::resource_exhausted, .message = "answers more than this client takes", .object = object_});
    return socket_.unavailable(error.message());
  }

  const ControlEndpoint& endpoint_;
  const std::string object_;
  SystemClock clock_;
  ClientSocket socket_;
  http::response_parser<http::string_body> parser_;
  std::array<char, 16 << 10> piece_;
  std::string unread_;
  bool needs_more_ = true, ended_ = false;
};

}  // namespace

Result<ControlEndpoint> parse_endpoint(std::string_view text) {
  std::string_view rest = text;
  if (rest.starts_with("http://")) rest.remove_prefix(7);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const size_t colon = rest.rfind(':');
  const std::string_view port = colon == std::string_view::npos ? "" : rest.substr(colon + 1);
  std::string_view host = rest.substr(0, std::min(colon, rest.size()));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const bool port_ok =
      !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string_view::npos;
  if (!port_ok || host.empty() || host.find('/') != std::string_view::npos) {
    return Status(Error{.code = Code::invalid_argument,
                        .message = "is no control address",
                        .object = std::string(text),
                        .needed = "http://ADDRESS:PORT"});
  }
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  return ControlEndpoint{std::string(host), std::string(port), {}};
}

Result<ControlAnswer> ControlClient::send(std::string_view method, const std::string& target, Duration timeout) const {
  Exchange exchange(endpoint_);
  if (Status status = exchange.send(method, target, timeout); !status.ok()) return status;
  if (Status status = exchange.read_all(); !status.ok()) return status;
  return exchange.answer();
}

Result<ControlAnswer> ControlClient::stream(const std::string& target, Duration silence,
                                            const std::function<bool(const ServerEvent&)>& on_event) const {
  Exchange exchange(endpoint_);
  if (Status status = exchange.send("GET", target, silence); !status.ok()) return status;
  if (Status status = exchange.read_header(); !status.ok()) return status;
  if (exchange.status() != 200) {
    if (Status status = exchange.read_all(); !status.ok()) return status;
    return exchange.answer();
  }
  EventStreamParser events;
  bool more = true;
  while (more && !exchange.ended()) {
    exchange.limit(silence);
    const Status status = exchange.read_some();
    // What came is taken out at once: the body never grows beyond one read.
    if (!events.feed(exchange.take_body(), on_event, more))
      return Status(
          Error{.code = Code::resource_exhausted, .message = "sends events larger than 1 MiB", .object = "/v1/events"});
    if (!status.ok() && !exchange.ended()) return status;
  }
  return exchange.answer();
}

bool EventStreamParser::feed(std::string_view bytes,
                             const std::function<bool(const ControlClient::ServerEvent&)>& on_event, bool& more) {
  more = true;
  for (char c : bytes) {
    if (c != '\n') {
      line_ += c;
      if (line_.size() + event_.data.size() > kEventMax) return false;
      continue;
    }
    if (line_.ends_with('\r')) line_.pop_back();
    more = take_line(line_, on_event);
    line_.clear();
    if (!more) return true;
  }
  return true;
}

bool EventStreamParser::take_line(std::string_view line,
                                  const std::function<bool(const ControlClient::ServerEvent&)>& on_event) {
  if (line.empty()) {
    const bool complete = std::exchange(has_data_, false);
    ControlClient::ServerEvent event = std::exchange(event_, {});
    if (event.event.empty()) event.event = "message";
    return !complete || on_event(event);
  }
  const size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "data") {
    if (has_data_) event_.data += '\n';
    event_.data += value;
    has_data_ = true;
  } else if (field == "event") {
    event_.event = value;
  } else if (field == "id") {
    event_.id = value;
  }
  return true;
}

}  // namespace dormouse
