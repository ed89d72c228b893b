// The grammar of one HTTP/1.x request: Beast's parser, stricter where Beast leaves a choice, storing where things stand
// in the connection's buffer instead of copying them.
// Not a reader: the connection feeds it and keeps the bytes of the header until the request is answered.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace dormouse {

// What one request said. Kept by the connection from request to request, so that its memory is used again.
struct ParsedRequest {
  // A piece of the header, by its place in the buffer: the buffer may move while the header arrives.
  struct Span {
    uint32_t at = 0;
    uint32_t size = 0;
    std::string_view in(const char* buffer) const { return {buffer + at, size}; }
  };
  struct Field {
    Span name, value;
  };

  Span method, target;
  unsigned version = 11;
  std::vector<Field> fields;
  std::string body;
  std::function<bool(size_t)> take_memory;  // asked before the body grows by so many bytes

  void clear();
};

class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  static constexpr size_t kFieldsMax = 100;          // browsers send 20; beyond it the header is too large
  static constexpr size_t kBodyBytesKept = 8 << 10;  // of a body's memory, for the next request

  enum class Refusal : uint8_t { none, fields_max, obs_fold, framing, repeated, no_memory };

  explicit RequestParser(ParsedRequest& to) : to_(to) { to_.clear(); }

  // Parses from `buffer` + `from` to `buffer` + `to`; how many bytes were used.
  size_t feed(const char* buffer, size_t from, size_t to, boost::beast::error_code& error) {
    base_ = buffer;
    end_ = buffer + to;
    return put(boost::asio::const_buffer(buffer + from, to - from), error);
  }

  // Whether the header says that there is a body, be it empty.
  bool announces_body() const { return has_length_ || has_encoding_; }

  Refusal refusal() const { return refusal_; }  // why, when feed failed with bad_field
  std::string_view refusal_text() const { return refusal_text_; }

 private:
  using error_code = boost::beast::error_code;
  using string_view = boost::beast::string_view;

  ParsedRequest::Span span(string_view text) const {
    if (text.empty()) return {};
    return {static_cast<uint32_t>(text.data() - base_), static_cast<uint32_t>(text.size())};
  }
  bool is_folded(string_view name, string_view value) const;
  bool is_repeated(boost::beast::http::field known, string_view name);
  void refuse(Refusal why, std::string_view text, error_code& error);
  size_t add_body(string_view part, error_code& error);

  void on_request_impl(boost::beast::http::verb, string_view method_text, string_view target_text, int http_version,
                       error_code& error) override;
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(boost::beast::http::field field, string_view name, string_view value, error_code& error) override;
  void on_header_impl(error_code& error) override;
  void on_body_init_impl(const boost::optional<uint64_t>&, error_code&) override {}
  size_t on_body_impl(string_view part, error_code& error) override { return add_body(part, error); }
  void on_chunk_header_impl(uint64_t, string_view, error_code&) override {}
  size_t on_chunk_body_impl(uint64_t, string_view part, error_code& error) override { return add_body(part, error); }
  void on_finish_impl(error_code&) override {}

  ParsedRequest& to_;
  Refusal refusal_ = Refusal::none;
  std::string_view refusal_text_;
  const char* base_ = nullptr;
  const char* end_ = nullptr;
  bool header_done_ = false;
  bool has_length_ = false;
  bool has_encoding_ = false;
  unsigned single_fields_seen_ = 0;  // a bit for each of the fields that may come once
};

}  // namespace dormouse
