// The kind `stage`: takes one stage from its input to its end. The stage makes its input, goes in through its wrappers
// (calls/wrappers.h has their order), makes its result by the call of its component, by its function, or by a child
// activation, and takes the result out through the wrappers. What a wrapper does is in the wrapper's file.
//
// A view of one node's run, made for one step: it begins the stage, or goes on with a result that arrived for it. The
// state is in the NodeRun and in the wrappers' block of the activation, so nothing owns a Stage. After each step the
// stage has ended or waits. Thread: the loop's. A failure ends the stage (Activation::end).
#pragma once

#include <span>

#include "pipeline/activation.h"
#include "pipeline/loop_functions.h"

namespace dormouse {

class Stage final : public Wrapped {
 public:
  Stage(LoopTools& tools, LoopFunctions& functions, RequestRun& request, Activation& activation, uint16_t index)
      : tools_(tools),
        functions_(functions),
        request_(request),
        activation_(activation),
        index_(index),
        node_(activation.graph().nodes[index]),
        run_(activation.run(index)) {}

  // When all nodes that the stage reads have ended.
  void begin();

  // The functions of Arrivals, for an attempt that has not moved on.
  void on_called(CallResult&& result);
  void on_function_lease(Result<Lease> lease);
  void on_flight(const FlightNews& news);
  void on_timer(uint8_t wrapper);
  void on_turn(FunctionSlot slot);
  // The lease of its component, or the failure of the load, is in the request's table now.
  void on_held_lease(Time now);
  // Whether the stage waits for the lease in this row.
  bool waits_for(uint16_t row) const;
  // A child activation of this node has ended. Its result is the stage's result, like that of a component's call.
  void on_child(ActivationEnd&& end);

  // The functions of Wrapped, for its wrappers.
  const Node& node() const override { return node_; }
  Surroundings surroundings() const override { return activation_.surroundings(); }
  const Callee* answering() const override;
  TryOnce& call() override { return run_.call; }
  Completion completion() const override { return completion(run_.begun); }
  const PipelinePtr& held() const override { return request_.hold; }
  ValueWriter& writer() override { return tools_.writer; }
  StageTimes& times() override { return run_.times; }
  StageCells& cells() override { return activation_.cells(index_); }
  Time now() override { return request_.now(tools_.loop); }
  bool is_over(Time now) override { return request_.over(now); }
  void note(CacheResult result) override { run_.cache_result = result; }
  void works() override { run_clock(tools_.loop.now()); }
  void let_leases_go() override { request_.leases.let_go(); }

 private:
  // its wrappers
  std::span<WrapperRun> around() const { return activation_.wrappers(index_).first(run_.depth); }
  void go_in(uint8_t place);
  void go_on(uint8_t place, GoOn answer, Ending&& ending);
  void go_out(Ending&& ending);
  void run_clock(Time now);
  void wait_for_load();

  // its call
  void make_result();
  void call_component();
  void make_call(TryOnce& call, Callee& callee, Lease&& lease, const MethodRef& known, const std::string& method);
  void call_on_lane(TryOnce& call);
  void settle(Result<Value>&& result);

  // its functions
  void begin_function(FunctionSlot slot);
  void take_step(FunctionRun::Step&& step);
  void call_from_function();
  void call_of_function(Lease&& lease);
  void function_returned(Value&& value);
  void function_failed(FunctionRun::Failed&& failed);
  CallWitness* witness() const;
  template <class Enter>
  void enter(Enter&& enter);

  Completion completion(uint32_t attempt) const;

  LoopTools& tools_;
  LoopFunctions& functions_;
  RequestRun& request_;
  Activation& activation_;
  const uint16_t index_;
  const Node& node_;
  NodeRun& run_;
};

}  // namespace dormouse
