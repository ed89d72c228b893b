// The requests of one event loop: a slot for each, which goes on until nothing may begin (drive.h) and ends at its
// deadline. How a graph runs is Activation's, how a stage runs is kinds/stage's. Knows nothing of HTTP and JSON.
//
// A request lives in a slot with a generation number; what comes back from lanes, loads and flights carries its Address
// and is dropped and counted when slot, activation or attempt has moved on.
//
// Thread: the loop's, except where noted.
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

  // As Engine::run and Engine::cancel; 0 is no ticket.
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
