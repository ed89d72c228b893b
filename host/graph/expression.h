// Expressions: the compiled form of `input` and `output` tables of scripts. An expression builds a value from constants
// and from results of earlier nodes, without entering Lua.
// Owner: the graph. Data and a pure function; immutable once the generation serves, so any thread may read.
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
    std::string field;   // name of a field; empty: the step takes the element `index` of a list
    uint32_t index = 0;  // from 0; scripts count from 1
  };

  std::string root;  // "request", or the name of a stage
  std::vector<Step> path;
  Value fallback;                 // the argument of :default(); no value: there is none
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

// Whether all fields of the map `map` are fields of one request or one stage, each under its own name: `{ id =
// ref.parse.id, text = ref.parse.text }`. If these are all fields of the value, evaluate() uses the value itself
// instead of a copy. The references must be resolved.
bool restates_record(const Expression& map);

// The values that references read.
struct Surroundings {
  const Value& request;
  std::span<const Value> nodes;  // by Graph::nodes; no value: absent
};

// Evaluates an expression. A reference to a whole value, and a map that restates a whole value, share its buffer;
// `writer` makes any other result. An absent field of a map is left out, an absent element of a list is null. If the
// whole is absent, the result is no value. Errors: resource_exhausted when the result is too large.
Result<Value> evaluate(const Expression& expression, const Surroundings& values, ValueWriter& writer);

}  // namespace dormouse
