// The graph of one pipeline: data, resolved and checked, without Lua. It is not the run of a graph (activation.h in the
// box `pipeline`). Immutable once made; any thread. Owner: a GraphPlan of the generation.
//
// Nodes are stages and groups (`dm.parallel`) in one numbering, in script order. A node reads only nodes before it, so
// the order is topological. The settings of a stage's wrappers stand here; pipeline/calls/wrappers.h has their order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "cache/policy.h"
#include "components/call.h"
#include "graph/expression.h"
#include "values/type.h"

namespace dormouse {

class Callee;

enum class Join : uint8_t { all, any, quorum };
enum class OnError : uint8_t { fail_fast, partial };

// The three places in a stage where a Lua function may stand: its `run`, its `input`, its `fallback`. Every Lua state
// finds a function by (pipeline, stage path, slot).
enum FunctionSlot : uint8_t { kRunSlot, kInputSlot, kFallbackSlot };
constexpr size_t kFunctionSlots = 3;
constexpr uint32_t kNoFunctionId = UINT32_MAX;

// The cache of a stage: policy, key and tags.
struct StageCache {
  CachePolicy policy;                // of the cache, changed by the keys that the stage sets itself
  std::optional<Expression> key;     // none: the stage's input
  std::vector<Expression> tags;      // strings; of this stage's entries
  std::string who_asks;              // the part "who asks" of a key (cache/key.h)
  std::string key_prefix;            // the common start of all its keys; the generation fills it in
  std::vector<Callee*> versions_of;  // the callees of its function, whose stamps are part of the key
};

// A stage that calls a method of a component.
struct ComponentCall {
  uint16_t component = 0;   // into Graph::components
  std::string method_name;  // empty: the default method, known only when it is loaded
  MethodRef method;         // `method` in it is null when the component could not be described
  Type input_type;          // `any` when it could not be described
  Expression input;
};

// A stage whose result is made by its Lua function in kRunSlot.
struct FunctionBody {};

// `dm.parallel`: stages that run side by side.
struct Group {
  Join join = Join::all;
  OnError on_error = OnError::fail_fast;
  uint16_t needed = 0;  // members that must end well
  std::vector<uint16_t> members;
};

struct Node {
  static constexpr uint16_t kNone = UINT16_MAX;

  std::string name;
  std::string path;  // "understand/intent"
  int line = 0;
  uint16_t group = kNone;  // the group of which it is a member
  bool optional = false;
  bool may_be_absent = false;  // readers need a default
  Type output;

  std::vector<uint16_t> waits_for;  // nodes that end before it begins; its functions may read them
  std::vector<uint16_t> readers;    // nodes that wait for its end

  // The kind of the node.
  std::variant<ComponentCall, FunctionBody, Group> kind;
  const ComponentCall* as_component() const { return std::get_if<ComponentCall>(&kind); }
  ComponentCall* as_component() { return std::get_if<ComponentCall>(&kind); }
  const Group* as_group() const { return std::get_if<Group>(&kind); }
  Group* as_group() { return std::get_if<Group>(&kind); }
  bool is_function() const { return std::holds_alternative<FunctionBody>(kind); }

  // The wrappers of a stage; a group has none.
  std::optional<Duration> timeout;
  std::optional<StageCache> cache;
  Value fallback;  // no value: none
  uint32_t functions[kFunctionSlots] = {kNoFunctionId, kNoFunctionId,
                                        kNoFunctionId};  // into the generation's functions
};

struct Graph {
  std::string name;
  Duration deadline{};
  Type input, output_type;
  Expression output;
  std::vector<Node> nodes;
  std::vector<std::string> components;    // in order of first use
  std::vector<uint16_t> component_users;  // how many nodes call each
  std::vector<bool> called_at_misses;     // by component: only stages with a cache call it, so it is not loaded ahead
};

// The name of a stage in errors: "stage assistant/understand/intent".
inline std::string stage_object(const Graph& graph, uint16_t node) {
  return "stage " + graph.name + "/" + graph.nodes[node].path;
}

}  // namespace dormouse
