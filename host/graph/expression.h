// Values that are put together from others without entering Lua: what `input` and `output` tables become.
// Pure data and a pure evaluation; immutable once a generation serves, so any thread may read.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "values/value.h"

namespace dormouse {

// `ref.language.code:default("und")`
struct Reference {
  static constexpr int kUnresolved = -2;
  static constexpr int kRequest = -1;

  struct Step {
    std::string field;   // empty: an element
    uint32_t index = 0;  // from 0; scripts count from 1
  };

  std::string root;  // "request", or the name of a stage
  std::vector<Step> path;
  Value fallback;                 // of :default(); no value: it has none
  int node = kUnresolved;         // kRequest, or into Graph::nodes; the checker fills it in
  std::string to_string() const;  // "ref.language.code"
};

struct ExpressionField;

struct Expression {
  enum class Kind : uint8_t { constant, reference, map, list };
  Kind kind = Kind::constant;
  Value constant;
  Reference reference;
  std::vector<ExpressionField> fields;  // map
  bool restates_record = false;         // map: restates_record(); the checker fills it in
  std::vector<Expression> items;        // list
};

struct ExpressionField {
  std::string name;
  Expression value;
};

// Whether a map names fields of one request or stage alone, each under its own name: `{ id = ref.parse.id, text =
// ref.parse.text }`. Where those are all its fields, the map is that value, and need not be written again. References
// are resolved.
bool restates_record(const Expression& map);

// What references are resolved in.
struct Surroundings {
  const Value& request;
  std::span<const Value> nodes;  // by Graph::nodes; no value: absent
};

// A reference to a whole value shares its buffer, and so does a map that restates one; everything else is written by
// `writer`. An absent field of a map is left out, an absent element of a list is null; an absent whole is no value.
// Errors: resource_exhausted when the result is too large.
Result<Value> evaluate(const Expression& expression, const Surroundings& values, ValueWriter& writer);

}  // namespace dormouse
