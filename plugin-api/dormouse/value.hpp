// Values in C++: View reads, Writer writes, Failure ends a call with a status. Part of plugin.hpp, which says how the
// pieces fit. Borrowed views only; nothing here owns a value.
#ifndef DORMOUSE_VALUE_HPP
#define DORMOUSE_VALUE_HPP

#include <cstddef>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "dormouse/plugin.h"

namespace dormouse {
inline namespace plugin_api_1 {

// ---- failing ----

// Ends a call, an open or a create with a status for the host and a sentence for people: name the object, what was
// needed, what was found and what to do.
class Failure : public std::exception {
 public:
  Failure(int32_t status, std::string message) : status_(status), message_(std::move(message)) {}
  int32_t status() const noexcept { return status_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  int32_t status_;
  std::string message_;
};

// ---- reading ----

// "string", "int" ...: the words of the type grammar.
inline const char* kind_word(int kind) noexcept {
  switch (kind) {
    case DM_NULL:
      return "null";
    case DM_BOOL:
      return "bool";
    case DM_INT:
      return "int";
    case DM_FLOAT:
      return "float";
    case DM_STRING:
      return "string";
    case DM_BYTES:
      return "bytes";
    case DM_TENSOR:
      return "tensor";
    case DM_LIST:
      return "list";
    case DM_MAP:
      return "map";
    default:
      return "unknown";
  }
}

// The dtype whose elements are `Element`. float16 has no C++ type yet: its bits are read as uint16_t.
template <class Element>
constexpr int dtype_of() noexcept {
  if constexpr (std::is_same_v<Element, float>) return DM_F32;
  if constexpr (std::is_same_v<Element, uint16_t>) return DM_F16;
  if constexpr (std::is_same_v<Element, int8_t>) return DM_I8;
  if constexpr (std::is_same_v<Element, int64_t>) return DM_I64;
  return 0;
}

// A borrowed tensor: elements in row-major order.
template <class Element>
struct Tensor {
  const Element* data = nullptr;
  size_t size = 0;  // elements
  const int64_t* shape = nullptr;
  uint16_t rank = 0;
  const Element* begin() const noexcept { return data; }
  const Element* end() const noexcept { return data + size; }
  const Element& operator[](size_t i) const noexcept { return data[i]; }
};

// A borrowed view of one value, valid as long as the buffer it came from: usually until the function returns.
// An absent field reads like null. The as_* readers throw Failure(DM_INVALID_ARGUMENT) when the kind is another one;
// with a default they return it for absent and null, and still throw for another kind.
class View {
 public:
  constexpr View() noexcept : value_{nullptr, nullptr} {}
  constexpr View(dm_value value) noexcept : value_(value) {}

  dm_value abi() const noexcept { return value_; }
  int kind() const noexcept { return dm_kind(value_); }
  bool is_null() const noexcept { return kind() == DM_NULL; }
  explicit operator bool() const noexcept { return !is_null(); }

  bool as_bool() const {
    int out = 0;
    if (!dm_get_bool(value_, &out)) mismatch("bool");
    return out != 0;
  }
  int64_t as_int() const {
    int64_t out = 0;
    if (!dm_get_int(value_, &out)) mismatch("int");
    return out;
  }
  // Accepts int as well.
  double as_float() const {
    double out = 0;
    if (!dm_get_float(value_, &out)) mismatch("float");
    return out;
  }
  // A NUL follows the last byte.
  std::string_view as_string() const {
    dm_string_view out = {nullptr, 0};
    if (!dm_get_string(value_, &out)) mismatch("string");
    return {out.data, out.size};
  }
  dm_bytes_view as_bytes() const {
    dm_bytes_view out = {nullptr, 0};
    if (!dm_get_bytes(value_, &out)) mismatch("bytes");
    return out;
  }
  template <class Element>
  Tensor<Element> as_tensor() const {
    static_assert(dtype_of<Element>() != 0, "tensors hold float, uint16_t (float16 bits), int8_t or int64_t");
    dm_tensor_view out = {nullptr, nullptr, 0, 0, 0};
    if (!dm_get_tensor(value_, &out)) mismatch("tensor");
    if (out.dtype != dtype_of<Element>()) throw Failure(DM_INVALID_ARGUMENT, "tensor of another element type");
    return {static_cast<const Element*>(out.data), static_cast<size_t>(out.elements), out.shape, out.rank};
  }

  bool as_bool(bool otherwise) const { return is_null() ? otherwise : as_bool(); }
  int64_t as_int(int64_t otherwise) const { return is_null() ? otherwise : as_int(); }
  double as_float(double otherwise) const { return is_null() ? otherwise : as_float(); }
  std::string_view as_string(std::string_view otherwise) const { return is_null() ? otherwise : as_string(); }

  // Elements of a list or entries of a map; 0 for every other kind.
  uint32_t size() const noexcept { return dm_count(value_); }
  bool empty() const noexcept { return size() == 0; }

  // The field of a map: no value when there is none, or when this is no map.
  View field(std::string_view name) const noexcept { return dm_map_find(value_, name.data(), name.size()); }
  View operator[](std::string_view name) const noexcept { return field(name); }
  // The element of a list: no value beyond its end.
  View at(uint32_t i) const noexcept { return dm_list_at(value_, i); }

  struct Entry;  // {key, value}
  class Items;
  class Entries;
  // for (View item : list.items()). Throws like the readers when this is no list; null is an empty one.
  Items items() const;
  // for (auto [key, value] : map.entries()), in insertion order. Throws likewise.
  Entries entries() const;

 private:
  [[noreturn]] void mismatch(const char* expected) const {
    throw Failure(DM_INVALID_ARGUMENT, std::string("expected ") + expected + ", found " + kind_word(kind()));
  }

  dm_value value_;
};

struct View::Entry {
  std::string_view key;
  View value;
};

namespace detail {

// A range over the positions of a list or a map.
template <class Element, Element (*Read)(dm_value, uint32_t) noexcept>
class Range {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Element;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = Element;
    Iterator() = default;
    Iterator(dm_value value, uint32_t i) noexcept : value_(value), i_(i) {}
    Element operator*() const noexcept { return Read(value_, i_); }
    Iterator& operator++() noexcept {
      ++i_;
      return *this;
    }
    Iterator operator++(int) noexcept { return {value_, i_++}; }
    friend bool operator==(const Iterator& a, const Iterator& b) noexcept { return a.i_ == b.i_; }
    friend bool operator!=(const Iterator& a, const Iterator& b) noexcept { return a.i_ != b.i_; }

   private:
    dm_value value_ = {nullptr, nullptr};
    uint32_t i_ = 0;
  };

  explicit Range(dm_value value) noexcept : value_(value) {}
  Iterator begin() const noexcept { return {value_, 0}; }
  Iterator end() const noexcept { return {value_, dm_count(value_)}; }

 private:
  dm_value value_;
};

inline View read_item(dm_value list, uint32_t i) noexcept {
  return dm_list_at(list, i);
}

inline View::Entry read_entry(dm_value map, uint32_t i) noexcept {
  dm_string_view key = {"", 0};
  dm_value value = dm_value_none();
  dm_map_at(map, i, &key, &value);
  return {std::string_view(key.data, key.size), View(value)};
}

}  // namespace detail

class View::Items : public detail::Range<View, detail::read_item> {
  using Range::Range;
};
class View::Entries : public detail::Range<View::Entry, detail::read_entry> {
  using Range::Range;
};

inline View::Items View::items() const {
  if (kind() != DM_LIST && !is_null()) mismatch("list");
  return Items(value_);
}

inline View::Entries View::entries() const {
  if (kind() != DM_MAP && !is_null()) mismatch("map");
  return Entries(value_);
}

// ---- writing ----

class Map;
class List;

// Where one value goes; cheap to copy, borrowed until the function it was passed to returns. Every function throws when
// the host refuses (too large, too deep, not UTF-8); the host keeps the reason and tells it.
//   out.map().field("code", "deu").field("confidence", 0.98);
//   auto hits = map.list("hits"); for (...) hits.add(id);      // the list ends with its scope
class Writer {
 public:
  explicit Writer(dm_writer* out) noexcept : out_(out) {}
  dm_writer* abi() const noexcept { return out_; }

  void null() { check(out_->null(out_)); }
  void boolean(bool value) { check(out_->boolean(out_, value ? 1 : 0)); }
  void integer(int64_t value) { check(out_->integer(out_, value)); }
  void number(double value) { check(out_->number(out_, value)); }
  void string(std::string_view utf8) { check(out_->string(out_, utf8.data(), utf8.size())); }
  void bytes(const void* data, size_t size) { check(out_->bytes(out_, data, size)); }
  void copy(View value) { check(out_->copy(out_, value.abi())); }

  // A tensor's elements, zeroed, to be filled before the next call on this writer.
  template <class Element>
  Element* tensor(const int64_t* shape, uint16_t rank) {
    static_assert(dtype_of<Element>() != 0, "tensors hold float, uint16_t (float16 bits), int8_t or int64_t");
    void* data = nullptr;
    check(out_->tensor(out_, dtype_of<Element>(), shape, rank, &data));
    return static_cast<Element*>(data);
  }
  template <class Element>
  Element* tensor(std::initializer_list<int64_t> shape) {
    return tensor<Element>(shape.begin(), static_cast<uint16_t>(shape.size()));
  }

  // Begins a map or list that ends when the returned object does: inner ones before outer ones.
  [[nodiscard]] Map map();
  [[nodiscard]] List list();

  // Any of: bool, integers, floating point, strings, nullptr, View, and ranges of these.
  template <class T>
  void write(const T& value);

 private:
  static void check(int32_t status) {
    if (status != DM_OK) throw Failure(status, std::string());
  }

  dm_writer* out_;
};

// A map being written. Not movable: its end is its scope's.
class Map {
 public:
  explicit Map(dm_writer* out) : out_(out) {
    if (const int32_t status = out->map_begin(out); status != DM_OK) throw Failure(status, std::string());
  }
  // A refused end is remembered by the host like every other mistake, so nothing is lost by not throwing here.
  ~Map() { out_->map_end(out_); }
  Map(const Map&) = delete;
  Map& operator=(const Map&) = delete;

  // Where the value of field `name` goes.
  Writer field(std::string_view name) {
    if (const int32_t status = out_->key(out_, name.data(), name.size()); status != DM_OK) {
      throw Failure(status, std::string());
    }
    return Writer(out_);
  }
  template <class T>
  Map& field(std::string_view name, const T& value) {
    field(name).write(value);
    return *this;
  }
  [[nodiscard]] Map map(std::string_view name) { return field(name).map(); }
  [[nodiscard]] List list(std::string_view name);

 private:
  dm_writer* out_;
};

// A list being written. Not movable: its end is its scope's.
class List {
 public:
  explicit List(dm_writer* out) : out_(out) {
    if (const int32_t status = out->list_begin(out); status != DM_OK) throw Failure(status, std::string());
  }
  ~List() { out_->list_end(out_); }
  List(const List&) = delete;
  List& operator=(const List&) = delete;

  // Where the next element goes.
  Writer item() { return Writer(out_); }
  template <class T>
  List& add(const T& value) {
    item().write(value);
    return *this;
  }
  [[nodiscard]] Map map() { return Map(out_); }
  [[nodiscard]] List list() { return List(out_); }

 private:
  dm_writer* out_;
};

inline Map Writer::map() {
  return Map(out_);
}
inline List Writer::list() {
  return List(out_);
}
inline List Map::list(std::string_view name) {
  return field(name).list();
}

template <class T>
void Writer::write(const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    boolean(value);
  } else if constexpr (std::is_same_v<T, std::nullptr_t>) {
    null();
  } else if constexpr (std::is_same_v<T, View> || std::is_same_v<T, dm_value>) {
    copy(value);
  } else if constexpr (std::is_integral_v<T>) {
    if constexpr (std::is_unsigned_v<T> && sizeof(T) >= sizeof(int64_t)) {
      if (value > static_cast<T>(std::numeric_limits<int64_t>::max())) {
        throw Failure(DM_INTERNAL, "an unsigned integer beyond int64 was written");
      }
    }
    integer(static_cast<int64_t>(value));
  } else if constexpr (std::is_floating_point_v<T>) {
    number(static_cast<double>(value));
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    string(value);
  } else {
    List items(out_);
    for (const auto& item : value) items.add(item);
  }
}

}  // namespace plugin_api_1
}  // namespace dormouse

#endif  // DORMOUSE_VALUE_HPP
