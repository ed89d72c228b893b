// Runs the requests of one event loop through their graphs. Each stage starts when what it reads has ended; there are
// no barriers and no recursion from stage to stage. Knows nothing of HTTP and JSON.
//
// A request lives in a slot with a generation number; what comes back from lanes and loads carries both and the number
// of the stage's current attempt, and is dropped and counted when one of them has moved on.
//
// Cold components: when a request enters, every component of its graph that is not callable starts to load, side by
// side. The lease of each (cold or warm) is held by the request until the last stage that calls it has taken it, so
// nothing is unloaded between entering and calling; it never waits while holding one for a component that is draining.
//
// Thread: the loop's, except where noted.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "cache/key.h"
#include "pipeline/generation.h"
#include "pipeline/pipeline.h"
#include "script/stage_function.h"

namespace dormouse {

constexpr size_t kRequestsPerLoopMax = 65536;  // admission is bounded earlier; this bounds slots

class Scheduler : public std::enable_shared_from_this<Scheduler> {
 public:
  // References outlive the scheduler, which pending completions keep alive.
  Scheduler(EventLoop& loop, size_t index, std::shared_ptr<Callees> callees, const Clock& clock,
            const ScriptLimits& limits, Metrics& metrics);
  ~Scheduler();

  EventLoop& loop() const { return loop_; }

  // As Engine::run and Engine::cancel; 0 is no ticket.
  uint64_t start(PipelinePtr hold, const CompiledPipeline& pipeline, PipelineRequest request,
                 UniqueFunction<void(PipelineResponse)> done);
  void cancel(uint64_t ticket);

 private:
  struct FunctionRun;
  struct CacheRun;
  struct Run;
  struct Held;
  struct Request;
  // What a completion carries.
  struct Address {
    uint32_t slot;
    uint32_t generation;
    uint32_t attempt;
    uint16_t node;
  };

  // slots
  Request* take_slot();
  void free_slot(Request& request);
  Request* live(uint32_t slot, uint32_t generation);
  Request* arrived(const Address& address);  // null and counted when stale

  // requests
  void drive(Request& r);
  void finish(Request& r);
  void stop_all_stages(Request& r);
  bool has_begun(const Request& r, uint16_t group) const;
  void trace_stage(Request& r, uint16_t index, Outcome outcome, Status error);
  void fail(Request& r, Status status);
  bool over(Request& r, Time now);
  void arm_deadline(Request& r);

  // caches
  bool answered_by_cache(Request& r, uint16_t node);
  Result<CacheKey> cache_key(Request& r, uint16_t node);
  bool join_flight(Request& r, uint16_t node, Cache& cache);
  void on_flight(const Address& address, const FlightNews& news);
  void call_in_flight(Request& r, uint16_t node, Callee& callee, Lease lease, uint32_t method);
  void result_for_cache(Request& r, uint16_t node, const Result<Value>& value);
  void land_without_call(Request& r, uint16_t node, const Status& why);
  std::vector<std::string> cache_tags(Request& r, uint16_t node);

  // components
  void hold_components(Request& r);
  bool may_hit(const Request& r, uint16_t component) const;
  void demand(Request& r, uint16_t component, const char* cause);
  void on_held(uint32_t slot, uint32_t generation, uint16_t component, Result<Lease> lease);
  std::optional<Lease> take_lease(Request& r, uint16_t component);
  void release_user(Request& r, uint16_t node);
  void let_go_of_leases(Request& r);

  // stages
  void start_node(Request& r, uint16_t node);
  void make_result(Request& r, uint16_t node);
  void call_component(Request& r, uint16_t node);
  void call(Request& r, uint16_t node, Callee& callee, Lease lease, const MethodRef& known, const std::string& method);
  void on_called(const Address& address, CallResult result);
  void settle(Request& r, uint16_t node, Result<Value> result);
  void fail_stage(Request& r, uint16_t node, Status status, Outcome outcome);
  void end_stage(Request& r, uint16_t node, Outcome outcome, Value value, Status error);
  void stop_stage(Request& r, uint16_t node);
  void notify_readers(Request& r, uint16_t node);
  StageCells& cells(const Request& r, uint16_t node) const;
  void count(const Request& r, uint16_t node, Outcome outcome) const;
  void run_clock(Request& r, uint16_t node, Time now);
  void pause_clock(Request& r, uint16_t node, Time now);
  void on_timeout(const Address& address);

  // groups
  void member_ended(Request& r, uint16_t group, uint16_t member);
  void end_group(Request& r, uint16_t group, bool met);
  Status group_failure(Request& r, uint16_t group) const;
  void cancel_members(Request& r, uint16_t group);

  // functions
  LoopScripts& scripts(const Generation& generation) const;
  void begin_function(Request& r, uint16_t node, FunctionSlot slot);
  void go_on(Request& r, uint16_t node, int arguments);
  void function_returned(Request& r, uint16_t node, int values);
  void function_failed(Request& r, uint16_t node, Status status, bool script_fault);
  void call_from_function(Request& r, uint16_t node);
  void on_function_lease(const Address& address, Result<Lease> lease);
  void answer_function(Request& r, uint16_t node, const Result<Value>& answer);
  void close_function(Request& r, uint16_t node);
  void rest();
  void begin_put_off();
  void clean_later(const Request& r);
  void clean(const std::weak_ptr<const Pipeline>& of, LoopScripts& scripts);

  CallOptions lane_options(Request& r, uint16_t node);
  Address address(const Request& r, uint16_t node) const;
  std::string failed_object(const Request& r, uint16_t node, const Error& error) const;
  std::string stage_object(const Request& r, uint16_t node) const;

  EventLoop& loop_;
  const size_t index_;  // into Generation::loops
  const std::shared_ptr<Callees> callees_;
  const Clock& clock_;
  const ScriptLimits limits_;
  Metrics& metrics_;
  Counter& stale_completions_;
  Counter& budget_exceeded_;

  std::vector<std::unique_ptr<Request>> slots_;
  std::vector<uint32_t> free_slots_;
  uint64_t next_serial_ = 1;
  bool resting_ = false;
  std::deque<std::pair<Address, FunctionSlot>> put_off_;  // functions that begin after the rest; each has a slot
  ValueWriter writer_;
  CallOptions inline_options_;
  const CancelToken nobodys_;  // what slots and inline_options_ hold between requests
};

}  // namespace dormouse
