// One run of one graph for one request: which nodes have begun, what they came to, and which may begin now. Each stage
// begins when what it reads has ended; there are no barriers and no recursion from stage to stage.
//
// A request is a tree of activations. It begins one, and a node may begin more (begin_child): what such a child comes
// to goes to the node that began it and nowhere else (drive.h hands it over), and the child is cancelled when that node
// stops. A child reads its own input, its own nodes, and the values that its parent gives it when it begins; it never
// waits for a node of its parent. The leases of all of them are the request's.
//
// It knows how nodes end, and not how stages come to their results (kinds/stage.h).
//
// Owner: the request's slot, or the parent, by an ActivationPtr, which gives it back to the free list of its graph.
// Loop thread.
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

// What an activation came to.
struct ActivationEnd {
  Status status;  // not ok: no output
  FaultOf fault = FaultOf::host;
  Value output;
};

class Activation {
 public:
  // A node of another activation of the same request. None: the request itself.
  struct Parent {
    Activation* activation = nullptr;
    uint16_t node = Node::kNone;
  };

  // `plan` outlives it. By an ActivationList alone.
  explicit Activation(const GraphPlan& plan);

  // The first one of a request, whose input is set, or one whose parent is. What it refers to outlives its run.
  void begin(LoopTools& tools, LoopFunctions& functions, RequestRun& request);
  // Holds or loads the components of its graph, side by side, but for those that only a miss of a cache calls.
  void hold_components();

  // Runs another graph for a node of this one, which is running and waits for the child's end. `outside` are the values
  // that the child's graph reads from outside; it knows them as nodes behind its own. Errors: resource_exhausted; then
  // nothing has begun.
  Status begin_child(uint16_t node, ActivationPtr child, Value input, std::span<const Value> outside);
  // What one of its children came to. The child is gone.
  ActivationEnd take_end_of(Activation& child);

  const GraphPlan& plan() const { return plan_; }
  const Graph& graph() const { return plan_.graph; }
  const Parent& parent() const { return parent_; }
  NodeRun& run(uint16_t node) { return runs_[node]; }
  // Of one node, outermost first.
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
  // The place of a component of its graph in the leases of the request.
  uint16_t row(uint16_t component) const { return rows_.empty() ? component : rows_[component]; }
  StageCells& cells(uint16_t node) const { return plan_.nodes[node].series->by_loop[tools_->index]; }

  // Nodes are left that have not ended, and nothing has failed that none of them stands for.
  bool is_running() const { return open_ != 0 && !has_failed_; }

  // A stage has ended: its value is for its readers, its outcome for its group. An error or a timeout fails the
  // activation when the stage is not optional and no group stands between.
  void end(uint16_t node, Ending&& ending);
  // Lets go of everything a node has running, its children and wrappers among it: what comes back later is stale.
  void stop(uint16_t node);
  // The same for what is inside of one of its wrappers; the node goes on.
  void stop_inside(uint16_t node, uint8_t wrapper);
  // The function of a node has returned, or will not.
  void close_function(uint16_t node);
  // A stage has called its component, or will not.
  void release_user(uint16_t node);
  // At its end, or when it is no longer wanted: stages that run are cancelled.
  void stop_all();
  // The value of its graph's output. When all its nodes have ended.
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
  std::vector<WrapperRun> wrappers_;  // one block, as the plan has them
  std::vector<Value> values_;         // by node, then those from outside; no value: absent
  std::vector<uint16_t> rows_;        // by component; empty: its own number
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
  const Value* input_ = nullptr;  // of the request, or its own
  Value own_input_;
  Status failure_;
  FaultOf fault_ = FaultOf::host;
  struct Child {
    uint16_t node;
    ActivationPtr activation;
  };
  std::vector<Child> children_;
};

// Activations of one graph on one loop that no request uses, with the room that they have: a warm request makes none.
// Owner: the pipeline of the generation, which outlives all that were taken. Thread: the loop's; at the end the
// closer's.
class alignas(64) ActivationList {
 public:
  ActivationList() = default;
  ~ActivationList();
  ActivationList(const ActivationList&) = delete;

  // A free one, or a new one. `plan` is the same each time.
  ActivationPtr take(const GraphPlan& plan);

 private:
  friend struct GiveActivationBack;

  std::unique_ptr<Activation> first_;
  size_t free_ = 0;
};

// Free ones beyond it are freed.
constexpr size_t kFreeActivationsMax = 1024;

}  // namespace dormouse
