// One run of one graph for one request: which nodes have begun, what they came to, and which may begin now. Each stage
// begins when what it reads has ended; there are no barriers and no recursion from stage to stage.
//
// It knows how nodes end, and not how stages come to their results (kinds/stage.h). A request begins one activation,
// with number 0. Owner: the request's slot. Loop thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/loop_functions.h"
#include "pipeline/node_run.h"
#include "pipeline/request_run.h"

namespace dormouse {

class Activation {
 public:
  // `functions` and what `request` refers to outlive it.
  Activation(LoopTools& tools, LoopFunctions& functions, RequestRun& request)
      : tools_(tools), functions_(functions), request_(request) {}

  // For a new request, whose pipeline is set.
  void begin();
  // Holds or loads the components of its graph, side by side, but for those that only a miss of a cache calls.
  void hold_components();
  // For the next request: forgets the values; keeps the room.
  void clear();

  const Graph& graph() const { return *graph_; }
  NodeRun& run(uint16_t node) { return runs_[node]; }
  Surroundings surroundings() const { return {request_.in.input, values_}; }
  Address address(uint16_t node) const {
    return {request_.slot, request_.generation, kNumber, node, runs_[node].attempt};
  }
  bool has(const Address& at) const {
    return at.activation == kNumber && at.node < runs_.size() && runs_[at.node].attempt == at.attempt;
  }
  StageCells& cells(uint16_t node) const { return request_.pipeline->stages[node]->by_loop[tools_.index]; }

  // The next node that may begin; once for each.
  std::optional<uint16_t> next_ready();
  bool is_done() const { return open_ == 0; }

  // A stage has ended: its value is for its readers, its outcome for its group. `error` is what ended it, when not ok;
  // it fails the request when no group and no fallback stands between.
  void end(uint16_t node, Outcome outcome, Value value, Status error);
  // Lets go of everything a node has running: what comes back later is stale.
  void stop(uint16_t node);
  // The function of a node has returned, or will not.
  void close_function(uint16_t node);
  // A stage has called its component, or will not.
  void release_user(uint16_t node);
  // At the end of the request: stages that run are cancelled.
  void stop_all();

  // "'intent', 'search' (loading)": stages that have begun and not ended.
  std::string open_stages() const;

 private:
  static constexpr uint16_t kNumber = 0;

  bool may_hit(uint16_t component) const;
  void count(uint16_t node, Outcome outcome) const;
  void trace(uint16_t node, Outcome outcome, Status&& error);
  void notify_readers(uint16_t node);
  void tell_group(uint16_t member, Outcome outcome, const Status& error);
  void end_group(uint16_t group, bool met);
  void fail_with_group(uint16_t group);
  void cancel_members(uint16_t group);
  bool has_begun(uint16_t group) const;
  std::string failed_object(uint16_t node, const Error& error) const;

  LoopTools& tools_;
  LoopFunctions& functions_;
  RequestRun& request_;
  const Graph* graph_ = nullptr;
  std::vector<NodeRun> runs_;  // by node
  std::vector<Value> values_;  // by node; no value: absent
  std::vector<uint16_t> ready_;
  size_t ready_next_ = 0;
  size_t open_ = 0;  // nodes that have not ended
};

}  // namespace dormouse
