#include "http/json.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <cassert>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "base/suggest.h"
#include "http/base64.h"
#include "http/float16.h"
#include "values/field_index.h"

namespace dormouse {
namespace {

namespace json = boost::json;
using boost::json::error_code;
using json::string_view;
using Kind = Type::Kind;

constexpr std::string_view kBytesKey = "$bytes";
constexpr size_t kShownBytes = 64;  // of a name or number in a message

const Type& any_type() {
  static const Type any;
  return any;
}

// Of the member "$bytes".
const Type& string_type() {
  static const Type string = *Type::parse("string");
  return string;
}

std::string_view std_view(string_view text) {
  return {text.data(), text.size()};
}

// The start of hostile text, cut between code points.
std::string shown(std::string_view text) {
  if (text.size() <= kShownBytes) return std::string(text);
  size_t size = kShownBytes;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return std::string(text.substr(0, size)) + "...";
}

bool is_integer_text(std::string_view text) {
  return text.find_first_of(".eE") == std::string_view::npos;
}

// The number in `text`, which is a number in JSON's grammar; nothing when it is beyond double.
// Boost.JSON's own conversion may be off by a unit in the last place; this one is exact.
std::optional<double> exact_double(std::string_view text) {
  double number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  // from_chars has one error for too large and too small; the latter is zero to every reader of JSON.
  if (end.ec == std::errc::result_out_of_range) {
    const size_t exponent = text.find_first_of("eE");
    const bool tiny = exponent != std::string_view::npos && exponent + 1 < text.size() && text[exponent + 1] == '-';
    return tiny ? std::optional<double>(0.0) : std::nullopt;
  }
  return std::isfinite(number) ? std::optional<double>(number) : std::nullopt;
}

// One array of a tensor being read, at its depth below the tensor.
struct TensorAxis {
  int64_t size = -1;  // of the first array at this depth; all others must have the same
  int64_t count = 0;  // in the array that is open
};

// A tensor being read: elements in order of reading, its shape known at the end.
struct TensorInProgress {
  const Type* type = nullptr;
  std::vector<TensorAxis> axes;
  std::vector<char> elements;  // as they will lie in the value
  unsigned depth = 0;          // arrays open now; 0: no tensor is being read
};

// An object or array that is open.
struct Frame {
  enum class Kind : uint8_t { list, map, record, bytes, undecided };  // undecided: `any`, before its first key
  Kind kind = Kind::list;
  const Type* type = nullptr;   // of the object or array itself
  const Type* child = nullptr;  // of the member that comes next
  size_t key_at = 0;            // its last key, in keys_
  int64_t index = -1;           // the number of its last element
  size_t seen_at = 0;           // record: flags of the fields seen, in seen_
  size_t next_field = 0;        // record: where the search for the next key starts
  bool has_bytes = false;       // bytes: the member was there
};

// What a parse needs besides its answer. Kept by the thread, so that a small body costs one allocation: its value.
struct Scratch {
  explicit Scratch(const ValueLimits& value_limits) : limits(value_limits), writer(value_limits) {}

  const ValueLimits limits;
  ValueWriter writer;
  std::vector<Frame> frames;
  std::string keys;        // the last key of each open object, one behind the other
  std::vector<bool> seen;  // fields seen of each open record, one record behind the other
  std::string text;        // a string or key that comes in parts
  TensorInProgress tensor;
};

// The thread's scratch while one parse uses it; afterwards it is empty again. Host threads only, and the host is never
// unloaded, so a thread_local is safe here.
class BorrowedScratch {
 public:
  BorrowedScratch(const ValueLimits& limits, size_t text_bytes) : kept_(text_bytes <= kKeptBytes) {
    std::unique_ptr<Scratch>& mine = of_thread();
    if (!mine || mine->limits.bytes_max != limits.bytes_max || mine->limits.depth_max != limits.depth_max)
      mine = std::make_unique<Scratch>(limits);
    scratch_ = std::move(mine);
  }
  BorrowedScratch(const BorrowedScratch&) = delete;
  ~BorrowedScratch() {
    if (!kept_) return;  // one large body must not fatten the thread for good
    scratch_->writer.reset();
    scratch_->frames.clear();
    scratch_->keys.clear();
    scratch_->seen.clear();
    scratch_->text.clear();
    scratch_->tensor = {};
    of_thread() = std::move(scratch_);
  }
  Scratch& operator*() const { return *scratch_; }

 private:
  static constexpr size_t kKeptBytes = 64 << 10;
  static std::unique_ptr<Scratch>& of_thread() {
    thread_local std::unique_ptr<Scratch> scratch;
    return scratch;
  }
  const bool kept_;
  std::unique_ptr<Scratch> scratch_;
};

// What basic_parser calls, one call per token. Each returns false after `fail`.
class Handler {
 public:
  static constexpr size_t max_object_size = std::numeric_limits<uint32_t>::max();
  static constexpr size_t max_array_size = std::numeric_limits<uint32_t>::max();
  static constexpr size_t max_key_size = std::numeric_limits<uint32_t>::max();
  static constexpr size_t max_string_size = std::numeric_limits<uint32_t>::max();

  Handler(const Type& root, Scratch& scratch)
      : root_(root),
        writer_(scratch.writer),
        frames_(scratch.frames),
        keys_(scratch.keys),
        seen_(scratch.seen),
        text_(scratch.text),
        tensor_(scratch.tensor) {}

  bool failed() const { return error_.has_value(); }
  Error take_error() { return std::move(*error_); }
  Result<Value> finish() { return writer_.finish(); }
  std::string pointer() const {
    std::string path;
    for (const Frame& frame : frames_) append_step(path, frame);
    if (tensor_.depth > 0)
      for (unsigned i = 0; i < tensor_.depth; ++i) path += "/" + std::to_string(tensor_.axes[i].count);
    return path;
  }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_comment_part(string_view, error_code&) { return true; }
  bool on_comment(string_view, error_code&) { return true; }

  bool on_object_begin(error_code& ec) {
    if (tensor_.depth > 0) return mismatch(ec, "object");
    const Type& type = next_type();
    Frame frame;
    frame.type = &type;
    frame.key_at = keys_.size();
    switch (type.kind()) {
      case Kind::any:
        frame.kind = Frame::Kind::undecided;
        frame.child = &any_type();
        break;
      case Kind::bytes:
        frame.kind = Frame::Kind::bytes;
        frame.child = &string_type();
        break;
      case Kind::map:
        frame.kind = Frame::Kind::map;
        frame.child = &type.element();
        break;
      case Kind::record:
        frame.kind = Frame::Kind::record;
        frame.seen_at = seen_.size();
        seen_.resize(seen_.size() + type.fields().size(), false);
        break;
      default:
        return mismatch(ec, type, "object");
    }
    const bool is_map = frame.kind == Frame::Kind::map || frame.kind == Frame::Kind::record;
    frames_.push_back(frame);
    return !is_map || wrote(ec, writer_.map_begin());
  }

  bool on_object_end(size_t, error_code& ec) {
    const Frame frame = frames_.back();
    if (frame.kind == Frame::Kind::record && !has_required_fields(ec, frame)) return false;
    if (frame.kind == Frame::Kind::bytes && !frame.has_bytes) {
      keys_.resize(frame.key_at);
      return fail(ec, R"(expected bytes as {"$bytes": "<base64>"}, found an object without "$bytes")");
    }
    frames_.pop_back();
    keys_.resize(frame.key_at);
    if (frame.kind == Frame::Kind::record) seen_.resize(frame.seen_at);
    if (frame.kind == Frame::Kind::bytes) return true;
    if (frame.kind == Frame::Kind::undecided && !wrote(ec, writer_.map_begin())) return false;  // {}
    return wrote(ec, writer_.map_end());
  }

  bool on_array_begin(error_code& ec) {
    if (tensor_.depth > 0) return open_axis(ec);
    const Type& type = next_type();
    if (type.kind() == Kind::tensor) return begin_tensor(ec, type);
    if (type.kind() != Kind::list && type.kind() != Kind::any) return mismatch(ec, type, "list");
    Frame frame;
    frame.kind = Frame::Kind::list;
    frame.type = &type;
    frame.child = type.kind() == Kind::any ? &any_type() : &type.element();
    frame.key_at = keys_.size();
    frames_.push_back(frame);
    return wrote(ec, writer_.list_begin());
  }

  bool on_array_end(size_t, error_code& ec) {
    if (tensor_.depth > 0) return close_axis(ec);
    frames_.pop_back();
    return wrote(ec, writer_.list_end());
  }

  bool on_key_part(string_view part, size_t, error_code&) {
    text_.append(part.data(), part.size());
    return true;
  }

  bool on_key(string_view part, size_t, error_code& ec) {
    const std::string_view key = whole(part);
    Frame& frame = frames_.back();
    keys_.resize(frame.key_at);
    keys_ += key;
    const bool good = take_key(ec, frame, key);
    text_.clear();
    return good;
  }

  bool on_string_part(string_view part, size_t, error_code&) {
    text_.append(part.data(), part.size());
    return true;
  }

  bool on_string(string_view part, size_t, error_code& ec) {
    const std::string_view text = whole(part);
    const bool good = take_string(ec, text);
    text_.clear();
    return good;
  }

  bool on_number_part(string_view, error_code&) { return true; }

  bool on_int64(int64_t number, string_view text, error_code& ec) { return take_number(ec, std_view(text), number); }
  bool on_uint64(uint64_t number, string_view text, error_code& ec) {
    const bool fits = number <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
    return take_number(ec, std_view(text), fits ? std::optional<int64_t>(static_cast<int64_t>(number)) : std::nullopt);
  }
  bool on_double(double, string_view text, error_code& ec) { return take_number(ec, std_view(text), std::nullopt); }

  bool on_bool(bool value, error_code& ec) {
    if (tensor_.depth > 0) return mismatch(ec, "bool");
    const Type& type = next_type();
    if (type.kind() != Kind::boolean && type.kind() != Kind::any) return mismatch(ec, type, "bool");
    return wrote(ec, writer_.boolean(value));
  }

  bool on_null(error_code& ec) {
    if (tensor_.depth > 0) return mismatch(ec, "null");
    const Type& type = next_type();
    if (!type.is_optional() && type.kind() != Kind::any) return mismatch(ec, type, "null");
    return wrote(ec, writer_.null());
  }

  bool fail(error_code& ec, Error error) {
    error.code = error.code == Code::internal ? Code::invalid_argument : error.code;
    if (!error_) error_ = std::move(error);
    ec = json::make_error_code(json::error::exception);
    return false;
  }

 private:
  static void append_step(std::string& path, std::string_view key) {
    path += '/';
    for (const char c : shown(key)) c == '~' ? path += "~0" : c == '/' ? path += "~1" : path += c;
  }
  void append_step(std::string& path, const Frame& frame) const {
    if (frame.kind == Frame::Kind::list) {
      if (frame.index >= 0) path += "/" + std::to_string(frame.index);
      return;
    }
    const size_t next = &frame == &frames_.back() ? keys_.size() : (&frame + 1)->key_at;
    if (next > frame.key_at || frame.index >= 0)
      append_step(path, std::string_view(keys_).substr(frame.key_at, next - frame.key_at));
  }

  // Text that came in parts, or the one part when there was no other.
  std::string_view whole(string_view last) {
    if (text_.empty()) return std_view(last);
    text_.append(last.data(), last.size());
    return text_;
  }

  // Moves on to the next element or member, and says what it should be.
  const Type& next_type() {
    if (frames_.empty()) return root_;
    Frame& frame = frames_.back();
    if (frame.kind == Frame::Kind::list) ++frame.index;
    return *frame.child;
  }

  bool fail(error_code& ec, std::string message) {
    return fail(ec, Error{.code = Code::invalid_argument, .message = std::move(message), .object = pointer()});
  }
  bool mismatch(error_code& ec, const Type& type, std::string_view found) {
    // What is told is JSON's word for what was found, and the type's for what was wanted.
    return fail(ec, "expected " + type.to_string() + ", found " + std::string(found));
  }
  // Inside a tensor.
  bool mismatch(error_code& ec, std::string_view found) {
    return fail(ec, "expected number, found " + std::string(found));
  }
  // Turns a mistake of the writer into an error here: a key twice in a map, a limit, or no memory.
  bool wrote(error_code& ec, bool done) {
    if (done) return true;
    const Status status = writer_.finish().status();
    const bool misuse = status.code() == Code::broken_contract;
    return fail(ec, Error{.code = misuse ? Code::invalid_argument : status.code(),
                          .message = status.error().message,
                          .object = pointer()});
  }

  // ---- keys ----

  bool take_key(error_code& ec, Frame& frame, std::string_view key) {
    frame.index = 0;  // the key belongs to the pointer from here on, also when it is empty
    switch (frame.kind) {
      case Frame::Kind::record:
        return take_field(ec, frame, key);
      case Frame::Kind::bytes:
        if (key == kBytesKey && !frame.has_bytes) {
          frame.has_bytes = true;
          return true;
        }
        return fail(ec, R"(expected bytes as {"$bytes": "<base64>"} and nothing else)");
      case Frame::Kind::undecided:
        if (key == kBytesKey) {
          frame.kind = Frame::Kind::bytes;
          frame.child = &string_type();
          frame.has_bytes = true;
          return true;
        }
        frame.kind = Frame::Kind::map;
        return wrote(ec, writer_.map_begin()) && add_key(ec, key);
      default:
        return add_key(ec, key);
    }
  }

  bool add_key(error_code& ec, std::string_view key) {
    if (writer_.key(key)) return true;
    const Status status = writer_.finish().status();
    if (status.code() != Code::broken_contract)
      return fail(ec, Error{.code = status.code(), .message = status.error().message, .object = pointer()});
    return fail(ec, "the same key twice");
  }

  bool take_field(error_code& ec, Frame& frame, std::string_view key) {
    const auto& fields = frame.type->fields();
    const size_t at = index_of(fields, key, frame.next_field);
    if (at == fields.size()) {
      frame.index = -1;
      keys_.resize(frame.key_at);  // the place is the object itself
      Error error{.code = Code::invalid_argument, .message = "unknown field '" + shown(key) + "'", .object = pointer()};
      if (key.size() <= kShownBytes) error.near = near_names(key, frame.type->field_names());
      for (const std::string& name : frame.type->field_names())
        error.needed += (error.needed.empty() ? "" : ", ") + name;
      return fail(ec, std::move(error));
    }
    if (seen_[frame.seen_at + at]) return fail(ec, "the same key twice");
    seen_[frame.seen_at + at] = true;
    frame.next_field = at + 1;
    frame.child = &fields[at].type;
    return add_key(ec, key);
  }

  bool has_required_fields(error_code& ec, const Frame& frame) {
    const auto& fields = frame.type->fields();
    for (size_t i = 0; i < fields.size(); ++i) {
      if (seen_[frame.seen_at + i] || fields[i].type.is_optional()) continue;
      frames_.back().index = -1;
      keys_.resize(frame.key_at);
      return fail(ec, "missing field '" + fields[i].name + "', expected " + fields[i].type.to_string());
    }
    return true;
  }

  // ---- scalars ----

  bool take_string(error_code& ec, std::string_view text) {
    if (tensor_.depth > 0) return mismatch(ec, "string");
    if (!frames_.empty() && frames_.back().kind == Frame::Kind::bytes) return take_base64(ec, text);
    const Type& type = next_type();
    if (type.kind() != Kind::string && type.kind() != Kind::any) return mismatch(ec, type, "string");
    return wrote(ec, writer_.string(text));
  }

  bool take_base64(error_code& ec, std::string_view text) {
    const std::optional<std::string> bytes = parse_base64(text);
    if (!bytes) return fail(ec, "expected base64 with its padding, found other text");
    return wrote(ec, writer_.bytes(bytes->data(), bytes->size()));
  }

  // `integer` is the number when it is one of 64 bits.
  bool take_number(error_code& ec, std::string_view text, std::optional<int64_t> integer) {
    if (tensor_.depth > 0) return take_element(ec, text, integer);
    const Type& type = next_type();
    switch (type.kind()) {
      case Kind::integer:
        return integer ? wrote(ec, writer_.integer(*integer)) : no_integer(ec, type, text);
      case Kind::number:
        return take_double(ec, text);
      case Kind::any:
        if (integer) return wrote(ec, writer_.integer(*integer));
        return is_integer_text(text) ? out_of_range(ec, text, "an integer of 64 bits") : take_double(ec, text);
      default:
        return mismatch(ec, type, "number");
    }
  }

  bool take_double(error_code& ec, std::string_view text) {
    const std::optional<double> number = exact_double(text);
    return number ? wrote(ec, writer_.number(*number)) : out_of_range(ec, text, "a number below 1.8e308");
  }

  bool no_integer(error_code& ec, const Type& type, std::string_view text) {
    if (is_integer_text(text)) return out_of_range(ec, text, "an integer of 64 bits");
    return fail(ec, Error{.code = Code::invalid_argument,
                          .message = "expected " + type.to_string() + ", found number",
                          .object = pointer(),
                          .needed = "an integer without fraction and exponent",
                          .found = shown(text)});
  }

  bool out_of_range(error_code& ec, std::string_view text, std::string needed) {
    return fail(ec, Error{.code = Code::invalid_argument,
                          .message = "the number is out of range",
                          .object = pointer(),
                          .needed = std::move(needed),
                          .found = shown(text)});
  }

  // ---- tensors ----

  bool begin_tensor(error_code& ec, const Type& type) {
    tensor_.type = &type;
    tensor_.axes.assign(type.shape().size(), TensorAxis{});
    tensor_.elements.clear();
    tensor_.depth = 0;
    return open_axis(ec);
  }

  bool open_axis(error_code& ec) {
    const size_t rank = tensor_.type->shape().size();
    const unsigned depth = tensor_.depth;
    // Without a declared shape the first element says how deep it is.
    const bool too_deep = rank > 0 ? depth == rank : (depth == DM_TENSOR_RANK_MAX || is_rank_settled(depth));
    if (too_deep) return mismatch(ec, "list");
    if (depth == tensor_.axes.size()) tensor_.axes.emplace_back();
    tensor_.axes[depth].count = 0;
    ++tensor_.depth;
    return true;
  }

  bool is_rank_settled(unsigned depth) const {
    return depth == tensor_.axes.size() && (!tensor_.elements.empty() || is_axis_closed());
  }
  bool is_axis_closed() const {
    return std::any_of(tensor_.axes.begin(), tensor_.axes.end(), [](const TensorAxis& axis) { return axis.size >= 0; });
  }

  bool take_element(error_code& ec, std::string_view text, std::optional<int64_t> integer) {
    if (tensor_.depth < tensor_.axes.size()) return fail(ec, "expected list, found number");
    ++tensor_.axes[tensor_.depth - 1].count;
    switch (tensor_.type->dtype()) {
      case DM_F32:
      case DM_F16:
        return add_float(ec, text);
      case DM_I8:
        if (!integer) return no_element(ec, text);
        if (*integer < -128 || *integer > 127) return bad_element(ec, text, "an integer from -128 to 127");
        return add_element(static_cast<int8_t>(*integer));
      default:
        return integer ? add_element(*integer) : no_element(ec, text);
    }
  }

  bool no_element(error_code& ec, std::string_view text) {
    if (is_integer_text(text)) return bad_element(ec, text, "an integer of 64 bits");
    --tensor_.axes[tensor_.depth - 1].count;
    return fail(ec, Error{.code = Code::invalid_argument,
                          .message = "expected int, found number",
                          .object = pointer(),
                          .needed = "an integer without fraction and exponent",
                          .found = shown(text)});
  }
  bool bad_element(error_code& ec, std::string_view text, std::string needed) {
    --tensor_.axes[tensor_.depth - 1].count;
    return out_of_range(ec, text, std::move(needed));
  }

  bool add_float(error_code& ec, std::string_view text) {
    const std::optional<double> number = exact_double(text);
    if (tensor_.type->dtype() == DM_F32) {
      // What rounds to a finite float is one, hence the comparison behind the conversion.
      const bool fits = number && std::fabs(*number) < 3.4028235677973366e38;
      return fits ? add_element(static_cast<float>(*number)) : bad_element(ec, text, "a number below 3.4e38");
    }
    const bool fits = number && std::fabs(*number) < 65520;
    return fits ? add_element(half_of_double(*number)) : bad_element(ec, text, "a number below 65520");
  }

  template <class T>
  bool add_element(T element) {
    const char* bytes = reinterpret_cast<const char*>(&element);
    tensor_.elements.insert(tensor_.elements.end(), bytes, bytes + sizeof element);
    return true;
  }

  bool close_axis(error_code& ec) {
    const unsigned depth = --tensor_.depth;
    TensorAxis& axis = tensor_.axes[depth];
    const auto& shape = tensor_.type->shape();
    const int64_t wanted = axis.size >= 0 ? axis.size : (shape.empty() ? int64_t{-1} : shape[depth].size);
    if (wanted >= 0 && axis.count != wanted)
      return fail(ec, "expected " + std::to_string(wanted) + " elements, found " + std::to_string(axis.count));
    axis.size = axis.count;
    if (depth > 0) {
      ++tensor_.axes[depth - 1].count;
      return true;
    }
    return finish_tensor(ec);
  }

  bool finish_tensor(error_code& ec) {
    const Type& type = *tensor_.type;
    std::vector<int64_t> sizes;
    // An empty array closes before its inner dimensions are known; the declared ones stand, free ones are 0.
    for (size_t i = 0; i < tensor_.axes.size(); ++i) {
      const int64_t declared = type.shape().empty() ? 0 : std::max<int64_t>(type.shape()[i].size, 0);
      sizes.push_back(tensor_.axes[i].size >= 0 ? tensor_.axes[i].size : declared);
    }
    void* elements = writer_.tensor(type.dtype(), sizes);
    if (!elements) return wrote(ec, false);
    if (!tensor_.elements.empty()) std::memcpy(elements, tensor_.elements.data(), tensor_.elements.size());
    return true;
  }

  const Type& root_;
  ValueWriter& writer_;
  std::vector<Frame>& frames_;
  std::string& keys_;
  std::vector<bool>& seen_;
  std::string& text_;
  TensorInProgress& tensor_;
  std::optional<Error> error_;
};

// What stands at `at` when the text is not JSON.
Error syntax_error(std::string_view text, size_t at, const error_code& ec, unsigned depth_max) {
  const std::string where = "byte " + std::to_string(at + 1);
  const auto error = [&](std::string message) {
    return Error{.code = Code::invalid_argument, .message = std::move(message), .object = ""};
  };
  if (ec == json::error::too_deep)
    return error("nested deeper than " + std::to_string(depth_max) + " levels at " + where);
  if (ec == json::error::incomplete || at >= text.size()) return error("the JSON ends too early, at " + where);
  if (ec == json::error::exponent_overflow) return error("the number at " + where + " is out of range");
  const auto byte = static_cast<unsigned char>(text[at]);
  const std::string_view rest = text.substr(at > 0 && text[at - 1] == '-' ? at - 1 : at);
  for (const std::string_view word : {"NaN", "nan", "Infinity", "-Infinity", "-NaN", "inf"})
    if (rest.starts_with(word)) return error(std::string(word) + " at " + where + " is not JSON");
  if (byte >= 0x80) return error("invalid UTF-8 at " + where);
  if (byte < 0x20) return error("a control character at " + where + " that JSON does not allow there");
  return error("invalid JSON at " + where + ", near '" + std::string(1, static_cast<char>(byte)) + "'");
}

}  // namespace

Result<Value> parse_json(std::string_view whole, const Type& type, const JsonLimits& limits) {
  // Editors and Windows programs put a byte order mark before UTF-8; RFC 8259 lets a parser ignore it.
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  const size_t skipped = whole.starts_with(kMark) ? kMark.size() : 0;
  const std::string_view text = whole.substr(skipped);
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return Error{.code = Code::invalid_argument,
                 .message = "expected " + type.to_string() + ", found an empty body",
                 .object = ""};
  json::parse_options options;
  options.max_depth = limits.value.depth_max;
  const BorrowedScratch scratch(limits.value, text.size());
  json::basic_parser<Handler> parser(options, type, *scratch);
  error_code ec;
  const size_t used = parser.write_some(false, text.data(), text.size(), ec);
  if (parser.handler().failed()) return parser.handler().take_error();
  if (ec) return syntax_error(whole, skipped + used, ec, limits.value.depth_max);
  if (used < text.size())
    return Error{.code = Code::invalid_argument,
                 .message = "there is more behind the JSON value, at byte " + std::to_string(skipped + used + 1),
                 .object = ""};
  Result<Value> value = parser.handler().finish();
  if (value.ok() || value.status().code() != Code::broken_contract) return value;
  return Error{.code = Code::internal, .message = value.status().error().message, .object = ""};
}

}  // namespace dormouse
