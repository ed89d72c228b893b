// The kind `stage`: how one stage comes from its input to its end. Its wrappers stand in one order, outermost first:
// fallback > timeout > cache + single flight > the call of its component, or its function.
//
// A view of one node's run, made for one step: it begins the stage or goes on when something arrived for it. Its state
// is the NodeRun. Every step leaves the stage ended or waiting. Loop thread.
#pragma once

#include "pipeline/activation.h"
#include "pipeline/loop_functions.h"

namespace dormouse {

class Stage {
 public:
  Stage(LoopTools& tools, LoopFunctions& functions, RequestRun& request, Activation& activation, uint16_t index)
      : tools_(tools),
        functions_(functions),
        request_(request),
        activation_(activation),
        index_(index),
        node_(activation.graph().nodes[index]),
        run_(activation.run(index)) {}

  // When all that it reads has ended.
  void begin();

  // As Arrivals, for an attempt that has not moved on.
  void on_called(CallResult&& result);
  void on_function_lease(Result<Lease> lease);
  void on_flight(const FlightNews& news);
  void on_timeout();
  void on_turn(FunctionSlot slot);
  // The lease of its component has come, or cannot; `request_.leases` has it.
  void on_held_lease(Time now);
  // Whether it waits for the lease in that row.
  bool waits_for(uint16_t row) const;
  // An activation that the node began has ended. It makes the stage's result, as a call of a component does.
  void on_child(ActivationEnd&& end);

 private:
  // cache
  bool answered_by_cache();
  bool join_flight();
  void result_for_cache(const Result<Value>& value);

  // its call
  void make_result();
  void call_component();
  void call(TryOnce& call, Callee& callee, Lease&& lease, const MethodRef& known, const std::string& method);
  void call_on_lane(TryOnce& call);
  void settle(Result<Value>&& result);

  // its functions
  void begin_function(FunctionSlot slot);
  void take_step(FunctionRun::Step&& step);
  void call_from_function();
  void call_of_function(Lease&& lease);
  void function_returned(Value&& value);
  void function_failed(FunctionRun::Failed&& failed);
  template <class Enter>
  void enter(Enter&& enter);

  void wait_for_load();
  void run_clock(Time now);
  void fail(Status status, Outcome outcome);
  Completion completion() const { return {tools_.arrivals, tools_.loop, activation_.address(index_)}; }

  LoopTools& tools_;
  LoopFunctions& functions_;
  RequestRun& request_;
  Activation& activation_;
  const uint16_t index_;
  const Node& node_;
  NodeRun& run_;
};

}  // namespace dormouse
