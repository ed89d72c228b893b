// Writing JSON text: documents of the routes, and values as answers.
// Not a parser (json.h). One thread at a time; what is written is always valid JSON, also when strings are not UTF-8.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "values/value.h"

namespace dormouse {

// Appends `text` with its quotes. Control characters, quote and backslash are escaped; what is not UTF-8 becomes
// U+FFFD.
void append_json_string(std::string& out, std::string_view text);
// Shortest text that reads back as the same double; null for NaN and infinities, which JSON does not have.
void append_json_number(std::string& out, double number);
// Tensors become (nested) arrays, bytes {"$bytes":"<base64>"}, no value null.
void append_json(std::string& out, dm_value value);

// One document, in order. Commas and quotes are its business; that objects and arrays are closed is the caller's.
class JsonText {
 public:
  JsonText& begin_object() { return open('{'); }
  JsonText& end_object() { return close('}'); }
  JsonText& begin_array() { return open('['); }
  JsonText& end_array() { return close(']'); }
  JsonText& key(std::string_view name);

  JsonText& value(std::string_view text);
  JsonText& value(const char* text) { return value(std::string_view(text)); }
  JsonText& value(double number);
  JsonText& value(dm_value value);
  JsonText& null();
  template <class T>
  requires std::same_as<T, bool> JsonText& value(T yes) { return word(yes ? "true" : "false"); }
  template <class T>
  requires(std::integral<T> && !std::same_as<T, bool>) JsonText& value(T number) {
    return word(std::to_string(number));
  }

  template <class T>
  JsonText& member(std::string_view name, const T& v) {
    return key(name).value(v);
  }
  // Members already as text, each with a leading comma, behind at least one other.
  JsonText& raw_members(std::string_view text);
  // A whole value already as text.
  JsonText& raw(std::string_view json) { return word(json); }

  const std::string& text() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  void separate();
  JsonText& open(char bracket);
  JsonText& close(char bracket);
  JsonText& word(std::string_view text);

  std::string out_;
};

}  // namespace dormouse
