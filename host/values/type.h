// Types of values: one small language, the same in manifests and in scripts.
//   bool int float string bytes any list<T> map<T> tensor<f32,[n,3]> {field: T, other: U?}   T? is optional
// `int` fits where `float` is wanted; `any` fits everywhere and accepts everything. In the shape of a tensor a number
// is an exact size, a name stands for any size. A Type is an immutable value, not a value of that type (value.h);
// copies are cheap, and any thread may read it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "dormouse/value.h"

namespace dormouse {

class Type {
 public:
  enum class Kind : uint8_t { any, boolean, integer, number, string, bytes, tensor, list, map, record };
  struct Field;
  // One dimension of a tensor: `size` in elements, or -1 for any size, which `name` names.
  struct Dimension {
    int64_t size = -1;
    std::string name;
  };

  Type() = default;  // any
  // Errors: invalid_argument with the column and the expected text.
  static Result<Type> parse(std::string_view text);
  static Type record(std::vector<Field> fields);
  static Type list_of(Type element);
  Type optional() const;  // T -> T?
  Type required() const;  // T? -> T

  Kind kind() const { return kind_; }
  bool is_optional() const { return optional_; }
  const std::vector<Field>& fields() const;  // record
  const Field* find_field(std::string_view name) const;
  std::vector<std::string> field_names() const;
  const Type& element() const;                  // list, map
  int dtype() const { return dtype_; }          // tensor: DM_F32 ...
  const std::vector<Dimension>& shape() const;  // tensor

  // The text that parse() reads.
  std::string to_string() const;

  // Whether every value of type `from` may be used where this type is wanted. If not, `why` (may be null) gets the
  // reason: "field 'code': expected string, found int".
  bool accepts(const Type& from, std::string* why = nullptr) const;

  // Whether `value` has this type. Unknown and missing fields of records are errors. Errors: invalid_argument, with a
  // message like "expected string, found number" and as object a JSON pointer, "/path/to/field", below `path`.
  Status check(dm_value value, std::string_view path = "") const;

  friend bool operator==(const Type& a, const Type& b);

 private:
  struct Shared;
  class Parser;
  Kind kind_ = Kind::any;
  bool optional_ = false;
  uint8_t dtype_ = 0;
  std::shared_ptr<const Shared> shared_;  // fields, element, shape
};

struct Type::Field {
  std::string name;
  Type type;
  std::string help;
};

// The name of a value's kind in messages: "string", "number", "list" ...
std::string_view kind_name(dm_value value);

}  // namespace dormouse
