// Types of fields: one small language, the same in manifests and in scripts.
//   bool int float string bytes any list<T> map<T> tensor<f32,[n,3]> {field: T, other: U?}   T? is optional
// `int` fits where `float` is wanted; `any` fits everywhere and accepts everything. In a tensor shape a number is
// exact, a name stands for any size. A Type is an immutable value; copies are cheap and any thread may read.
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
  // One dimension: `size` >= 0 is exact, -1 is free (`name` says which).
  struct Dimension {
    int64_t size = -1;
    std::string name;
  };

  Type() = default;  // any
  // Errors: invalid_argument with the column and what was expected there.
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

  // As parse reads it.
  std::string to_string() const;

  // Whether every value of type `from` may be used where this type is wanted; otherwise `why` (when given) says what
  // does not fit: "field 'code': expected string, found int".
  bool accepts(const Type& from, std::string* why = nullptr) const;

  // Whether `value` has this type. Unknown and missing fields of records are errors. The message is
  // "expected string, found number" with object "/path/to/field" below `path` (JSON pointer).
  // Errors: invalid_argument.
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

// "string", "number", "list" ...: what messages call a value's kind.
std::string_view kind_name(dm_value value);

}  // namespace dormouse
