// The graph of one pipeline as it runs: pure data, resolved and checked, without Lua. Immutable once made; any thread.
//
// Nodes are stages and groups (`dm.parallel`) in one numbering, in script order: a node reads only nodes before it, so
// the order is topological. What a script says about wrappers stands here; their order is pipeline/calls/wrappers.h's.
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

// Where in a stage a Lua function may stand. A function is named by (pipeline, stage path, slot) in every Lua state.
enum FunctionSlot : uint8_t { kRunSlot, kInputSlot, kFallbackSlot };
constexpr size_t kFunctionSlots = 3;
constexpr uint32_t kNoFunctionId = UINT32_MAX;

// What a stage asks its cache with, and how long what it gets is kept.
struct StageCache {
  CachePolicy policy;                // with what the stage itself sets
  std::optional<Expression> key;     // none: the stage's input
  std::vector<Expression> tags;      // strings; of this stage's entries
  std::string who_asks;              // of a key (cache/key.h)
  std::string key_prefix;            // of all its keys: with the hash of the scripts, which the generation knows
  std::vector<Callee*> versions_of;  // whose versions are in the key as well: what a function calls
};

// A stage that calls a method of a component.
struct ComponentCall {
  uint16_t component = 0;   // into Graph::components
  std::string method_name;  // empty: the default method, known only when it is loaded
  MethodRef method;         // without `method` when the component could not be described
  Type input_type;          // any when it could not be described
  Expression input;
};

// A stage whose own function, that of kRunSlot, makes the result.
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
  uint16_t group = kNone;  // the group it is a member of
  bool optional = false;
  bool may_be_absent = false;  // readers need a default
  Type output;

  std::vector<uint16_t> waits_for;  // whose ends it waits for; what its functions may read
  std::vector<uint16_t> readers;    // nodes that wait for its end

  // What it is.
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
  std::vector<bool> called_at_misses;     // by component: only stages with a cache call it, so it is not fetched ahead
};

// "stage assistant/understand/intent": a stage as errors name it.
inline std::string stage_object(const Graph& graph, uint16_t node) {
  return "stage " + graph.name + "/" + graph.nodes[node].path;
}

}  // namespace dormouse
