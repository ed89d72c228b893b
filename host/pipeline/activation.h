// An activation: one run of one graph for one request. It knows which nodes have begun, how each has ended, and which
// may begin now. A stage begins when the nodes that it reads have ended; there are no barriers, and no stage calls the
// next one. How a stage gets its result is kinds/stage.h.
//
// A request is a tree of activations. The request begins the first one; a node may begin more (begin_child). The result
// of a child goes only to the node that began it (drive.h hands it over), and the child is cancelled when that node
// stops. A child reads its own input, its own nodes, and the values that its parent gives it at its beginning; it never
// waits for a node of its parent. The request owns the leases of all its activations.
//
// Owner: the request's slot, or the parent, by an ActivationPtr, which returns the activation to the free list of its
// graph. Thread: the loop's. Errors of stages are kept here and end in ActivationEnd.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pipeline/graph_plan.h"
#include "pipeline/loop_functions.h"
#include "pipeline/node_run.h"
#include "pipeline/request_run.h"

namespace dormouse {

class Activation;
class ActivationList;

struct GiveActivationBack {
  void operator()(Activation* activation) const noexcept;
};
using ActivationPtr = std::unique_ptr<Activation, GiveActivationBack>;

// The result of an activation.
struct ActivationEnd {
  Status status;  // not ok: no output
  FaultOf fault = FaultOf::host;
  Value output;
};

class Activation {
 public:
  // The node that began this activation, in another activation of the request. Null: the request began it.
  struct Parent {
    Activation* activation = nullptr;
    uint16_t node = Node::kNone;
  };

  // `plan` outlives it. Called by an ActivationList alone.
  explicit Activation(const GraphPlan& plan);

  // Begins the run: of the first activation of a request, whose input is set, or of a child, whose parent is set. The
  // arguments outlive the run.
  void begin(LoopTools& tools, LoopFunctions& functions, RequestRun& request);
  // Takes or demands the leases of the graph's components, side by side, except of those that only a miss of a cache
  // calls.
  void hold_components();

  // Begins `child`, a run of another graph, for `node` of this activation; the node is running and waits for the
  // child's end. `outside` are the parent's values that the child's graph reads; there they are numbered after its own
  // nodes. Errors: resource_exhausted; then nothing has begun.
  Status begin_child(uint16_t node, ActivationPtr child, Value input, std::span<const Value> outside);
  // Takes the result of a child that has ended, and frees the child.
  ActivationEnd take_end_of(Activation& child);

  const GraphPlan& plan() const { return plan_; }
  const Graph& graph() const { return plan_.graph; }
  const Parent& parent() const { return parent_; }
  NodeRun& run(uint16_t node) { return runs_[node]; }
  // The wrappers of one node, outermost first.
  std::span<WrapperRun> wrappers(uint16_t node) {
    return std::span(wrappers_).subspan(plan_.nodes[node].first_wrapper, plan_.nodes[node].wrappers);
  }
  Surroundings surroundings() const { return {*input_, values_}; }
  Address address(uint16_t node) const {
    return {request_->slot, request_->generation, number_, node, runs_[node].attempt};
  }
  bool has(const Address& at) const {
    if (at.activation != number_ || at.node >= runs_.size() || !is_running()) return false;
    return runs_[at.node].attempt == at.attempt || runs_[at.node].begun == at.attempt;
  }
  // The row of a component of this graph in the leases of the request (held_leases.h).
  uint16_t row(uint16_t component) const { return rows_.empty() ? component : rows_[component]; }
  StageCells& cells(uint16_t node) const { return plan_.nodes[node].series->by_loop[tools_->index]; }

  // Whether a node has not ended yet and the activation has not failed.
  bool is_running() const { return open_ != 0 && !has_failed_; }

  // Ends a stage: its readers get the value, its group the outcome. An error or a timeout fails the activation if the
  // stage is neither optional nor in a group.
  void end(uint16_t node, Ending&& ending);
  // Cancels everything that a node has running, with its children and wrappers. Their results are stale from now on.
  void stop(uint16_t node);
  // The same for the parts inside of one of the node's wrappers; the node goes on.
  void stop_inside(uint16_t node, uint8_t wrapper);
  // Frees the function of a node: it has returned, or will not.
  void close_function(uint16_t node);
  // Frees the stage's claim on the held lease of its component: the stage has called the component, or will not.
  void release_user(uint16_t node);
  // Cancels all stages that run: the activation has ended or is no longer wanted.
  void stop_all();
  // The value of the graph's output. When all nodes have ended.
  Result<Value> output() const;

  // "'intent', 'search' (loading)": stages that have begun and not ended.
  std::string open_stages() const;

 private:
  friend class ActivationList;
  friend struct GiveActivationBack;

  void clear();
  void fail(Status status, FaultOf fault);
  void node_ended() {
    if (--open_ == 0) all_ended();
  }
  void all_ended();
  void cancel_children(uint16_t node);
  bool may_hit(uint16_t component) const;
  void count(uint16_t node, Outcome outcome) const;
  void trace(uint16_t node, Outcome outcome, Status&& error);
  void notify_readers(uint16_t node);
  void tell_group(uint16_t member, Outcome outcome, const Status& error, FaultOf fault);
  void end_group(uint16_t group, bool met);
  void fail_with_group(uint16_t group);
  void cancel_members(uint16_t group);
  bool has_begun(uint16_t group) const;
  std::string failed_object(uint16_t node, const Error& error) const;

  void let_go(uint16_t node, size_t first_wrapper);

  const GraphPlan& plan_;
  std::vector<NodeRun> runs_;         // by node
  std::vector<WrapperRun> wrappers_;  // one block; NodePlan::first_wrapper is the index into it
  std::vector<Value> values_;         // by node, then those from outside; no value: absent
  std::vector<uint16_t> rows_;        // by component: its row in the leases; empty: row = number of the component
  ActivationList* home_ = nullptr;
  std::unique_ptr<Activation> next_free_;

  // Of the run that goes on.
  LoopTools* tools_ = nullptr;
  LoopFunctions* functions_ = nullptr;
  RequestRun* request_ = nullptr;
  Parent parent_;
  uint16_t number_ = 0;
  bool has_failed_ = false;
  size_t open_ = 0;               // nodes that have not ended
  const Value* input_ = nullptr;  // the input of the request, or own_input_
  Value own_input_;
  Status failure_;
  FaultOf fault_ = FaultOf::host;
  struct Child {
    uint16_t node;
    ActivationPtr activation;
  };
  std::vector<Child> children_;
};

// The free list of one graph on one loop: activations that no request uses now, with their memory, so a warm request
// allocates none. Owner: the pipeline of the generation, which outlives every activation that was taken. Thread: the
// loop's; at the end the closer's (generation_closer.h).
class alignas(64) ActivationList {
 public:
  ActivationList() = default;
  ~ActivationList();
  ActivationList(const ActivationList&) = delete;

  // Takes a free activation, or makes one. `plan` is the same in each call.
  ActivationPtr take(const GraphPlan& plan);

 private:
  friend struct GiveActivationBack;

  std::unique_ptr<Activation> first_;
  size_t free_ = 0;
};

// Most activations in a free list; further ones are deleted.
constexpr size_t kFreeActivationsMax = 1024;

}  // namespace dormouse
