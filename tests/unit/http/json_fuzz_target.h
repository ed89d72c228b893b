// What every input must hold, for the seeded mutations and for libFuzzer: no crash, no sanitizer report, and what is
// accepted is of its type and survives being written and read again.
#pragma once

#include <array>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/json.h"
#include "http/json_text.h"

namespace dormouse {

inline const std::array<Type, 6>& fuzz_types() {
  static const std::array<Type, 6> types{
      Type(),
      *Type::parse("{text: string, user: string?, n: int?, x: float?, data: bytes?}"),
      *Type::parse("list<tensor<f32,[n,2]>>"),
      *Type::parse("map<list<{a: any, b: bool?}>>"),
      *Type::parse("tensor<i8>"),
      *Type::parse("{v: tensor<f16,[3]>, w: tensor<i64,[a,b]>?}"),
  };
  return types;
}

// False when something that must hold does not.
inline bool holds_for_any_text(std::string_view text) {
  JsonLimits limits;
  limits.value.bytes_max = 1 << 20;
  for (const Type& type : fuzz_types()) {
    const Result<Value> value = parse_json(text, type, limits);
    if (!value.ok()) {
      const Code code = value.status().code();
      if (code != Code::invalid_argument && code != Code::resource_exhausted) return false;
      continue;
    }
    if (!type.check(value->view()).ok()) return false;
    std::string once, twice;
    append_json(once, value->view());
    const Result<Value> again = parse_json(once, type, limits);
    // An empty tensor of several dimensions is written as one empty list; all else reads back as it was.
    if (!again.ok()) return once.find("[]") != std::string::npos;
    append_json(twice, again->view());
    if (once != twice) return false;
  }
  return true;
}

}  // namespace dormouse
