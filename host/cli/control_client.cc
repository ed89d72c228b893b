#include "cli/control_client.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>

namespace dormouse {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using ErrorCode = boost::system::error_code;

constexpr size_t kBodyMax = size_t{16} << 20;
constexpr size_t kHeaderMax = size_t{16} << 10;
constexpr size_t kEventMax = size_t{1} << 20;

std::string authority(const ControlEndpoint& endpoint) {
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  return (v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + endpoint.port;
}

Status failure(const ControlEndpoint& endpoint, const ErrorCode& error) {
  const std::string object = "host at http://" + authority(endpoint);
  if (error == beast::error::timeout)
    return Status(Error{.code = Code::deadline_exceeded, .message = "did not answer in time", .object = object});
  if (error == http::error::body_limit || error == http::error::header_limit)
    return Status(
        Error{.code = Code::resource_exhausted, .message = "answers more than this client takes", .object = object});
  return Status(Error{.code = Code::unavailable,
                      .message = "cannot be reached",
                      .object = object,
                      .found = error.message(),
                      .remedy = "start it with dormouse run, or name another with --config, --state-dir or --url"});
}

// One connection. Operations are asynchronous inside, because only those have a time limit, and waited for.
class Exchange {
 public:
  explicit Exchange(const ControlEndpoint& endpoint) : endpoint_(endpoint), stream_(context_) {}

  ErrorCode send(std::string_view method, const std::string& target, Duration timeout) {
    limit(timeout);
    ErrorCode error;
    asio::ip::tcp::resolver resolver(context_);
    const auto found = resolver.resolve(endpoint_.host, endpoint_.port, error);
    if (error) return error;
    stream_.async_connect(found, [&](ErrorCode e, const auto&) { error = e; });
    wait();
    if (error) return error;
    http::request<http::empty_body> request(http::string_to_verb(std::string(method)), target, 11);
    request.set(http::field::host, authority(endpoint_));
    request.set(http::field::user_agent, "dormouse ctl");
    request.set(http::field::accept, "application/json");
    if (!endpoint_.token.empty()) request.set(http::field::authorization, "Bearer " + endpoint_.token);
    if (method == "POST" || method == "PUT") request.content_length(0);
    http::async_write(stream_, request, [&](ErrorCode e, size_t) { error = e; });
    wait();
    return error;
  }

  template <class Parser>
  ErrorCode read_header(Parser& parser) {
    parser.header_limit(kHeaderMax);
    ErrorCode error;
    http::async_read_header(stream_, buffer_, parser, [&](ErrorCode e, size_t) { error = e; });
    wait();
    return error;
  }

  template <class Parser>
  ErrorCode read(Parser& parser) {
    ErrorCode error;
    http::async_read(stream_, buffer_, parser, [&](ErrorCode e, size_t) { error = e; });
    wait();
    return error;
  }

  template <class Parser>
  ErrorCode read_some(Parser& parser) {
    ErrorCode error;
    http::async_read_some(stream_, buffer_, parser, [&](ErrorCode e, size_t) { error = e; });
    wait();
    return error;
  }

  void limit(Duration timeout) {
    stream_.expires_after(std::chrono::duration_cast<std::chrono::milliseconds>(timeout));
  }

 private:
  void wait() {
    context_.restart();
    context_.run();
  }

  const ControlEndpoint& endpoint_;
  asio::io_context context_{1};
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
};

ControlAnswer answer_of(http::response<http::string_body>&& response) {
  const auto type = response[http::field::content_type];
  return {response.result_int(), std::string(type.data(), type.size()), std::move(response.body())};
}

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
  if (ErrorCode error = exchange.send(method, target, timeout)) return failure(endpoint_, error);
  http::response_parser<http::string_body> parser;
  parser.body_limit(kBodyMax);
  if (ErrorCode error = exchange.read(parser)) return failure(endpoint_, error);
  return answer_of(parser.release());
}

Result<ControlAnswer> ControlClient::stream(const std::string& target, Duration silence,
                                            const std::function<bool(const ServerEvent&)>& on_event) const {
  Exchange exchange(endpoint_);
  if (ErrorCode error = exchange.send("GET", target, silence)) return failure(endpoint_, error);
  http::response_parser<http::string_body> parser;
  parser.body_limit(boost::none);
  if (ErrorCode error = exchange.read_header(parser)) return failure(endpoint_, error);
  if (parser.get().result_int() != 200) {
    parser.body_limit(kBodyMax);
    if (ErrorCode error = exchange.read(parser)) return failure(endpoint_, error);
    return answer_of(parser.release());
  }
  EventStreamParser events;
  bool more = true;
  while (more && !parser.is_done()) {
    exchange.limit(silence);
    const ErrorCode error = exchange.read_some(parser);
    // What came is taken out at once: the body never grows beyond one read.
    std::string bytes = std::exchange(parser.get().body(), {});
    if (!events.feed(bytes, on_event, more))
      return Status(
          Error{.code = Code::resource_exhausted, .message = "sends events larger than 1 MiB", .object = "/v1/events"});
    if (error == http::error::end_of_stream || error == http::error::partial_message) break;
    if (error) return failure(endpoint_, error);
  }
  return answer_of(parser.release());
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
