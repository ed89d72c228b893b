// The scheduler of one event loop: gives each request a slot, drives the request when a result arrives (drive.h), and
// ends it when all its nodes have ended, or at its deadline. How a graph runs is activation.h, how a stage runs is
// kinds/stage.h. It knows nothing of HTTP and JSON.
//
// A slot has a generation number, which each request changes. Results of lanes, loads and flights carry an Address; a
// result whose slot, activation or attempt has moved on is dropped and counted.
//
// Owner: the engine; completions that are under way keep it alive. Thread: the loop's. Errors go into the response.
#pragma once

#include <memory>
#include <vector>

#include "pipeline/activation.h"
#include "pipeline/arrivals.h"
#include "pipeline/generation.h"
#include "pipeline/kinds/stage.h"
#include "pipeline/loop_functions.h"
#include "pipeline/pipeline.h"

namespace dormouse {

constexpr size_t kRequestsPerLoopMax = 65536;  // admission is bounded earlier; this bounds slots

class Scheduler final : public Arrivals {
 public:
  // References outlive the scheduler, which pending completions keep alive.
  Scheduler(EventLoop& loop, size_t index, std::shared_ptr<Callees> callees, const Clock& clock,
            const ScriptLimits& limits, Metrics& metrics);
  ~Scheduler() override;

  EventLoop& loop() const { return tools_.loop; }

  // Engine::run and Engine::cancel have their contract. A ticket names a request; 0: the request was refused.
  uint64_t start(PipelinePtr hold, const CompiledPipeline& pipeline, PipelineRequest request,
                 UniqueFunction<void(PipelineResponse)> done);
  void cancel(uint64_t ticket);

  void on_called(const Address& at, CallResult&& result) override;
  void on_function_lease(const Address& at, Result<Lease> lease) override;
  void on_held_lease(const Address& at, Result<Lease> lease) override;
  void on_flight(const Address& at, const FlightNews& news) override;
  void on_timer(const Address& at, uint8_t wrapper) override;
  void on_turn(const Address& at, FunctionSlot slot) override;

 private:
  struct Slot;

  Slot* take_slot();
  void free_slot(Slot& slot);
  Slot* live(uint32_t slot, uint32_t generation);
  Activation* current(const Address& at);  // null when stale
  Activation* arrived(const Address& at);  // the same, and counts what is stale
  template <class Step>
  void step(Activation& activation, const Address& at, Step&& step);

  void go_on(Slot& slot);
  void lease_came(RequestRun& request, Activation& activation, uint16_t row, Time now);
  void arm_deadline(Slot& slot);
  void finish(Slot& slot);

  const std::shared_ptr<Callees> callees_;
  Counter& stale_completions_;
  LoopTools tools_;
  LoopFunctions functions_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<uint32_t> free_slots_;
  uint64_t next_serial_ = 1;
};

}  // namespace dormouse
