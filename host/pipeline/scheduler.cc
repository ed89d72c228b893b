#include "pipeline/scheduler.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace dormouse {
namespace {

constexpr MetricInfo kStaleCompletions{"dormouse_stale_completions_total",
                                       "Results that came back after their stage or request had moved on."};

Error overloaded(const std::string& pipeline) {
  return {.code = Code::overloaded,
          .message = "too many requests at the same time",
          .object = "pipeline '" + pipeline + "'",
          .needed = "at most " + std::to_string(kRequestsPerLoopMax) + " on one loop",
          .remedy = "retry later"};
}

}  // namespace

struct Scheduler::Slot {
  Slot(LoopTools& tools, LoopFunctions& functions) : activation(tools, functions, request) {}

  RequestRun request;
  Activation activation;
  UniqueFunction<void(PipelineResponse)> done;
  EventLoop::TimerId deadline_timer = 0;
  bool used = false;
  bool driving = false;
};

Scheduler::Scheduler(EventLoop& loop, size_t index, std::shared_ptr<Callees> callees, const Clock& clock,
                     const ScriptLimits& limits, Metrics& metrics)
    : callees_(std::move(callees)),
      stale_completions_(metrics.counter(kStaleCompletions)),
      tools_{loop, index, *this},
      functions_(loop, *this, *callees_, clock, limits, metrics) {}

Scheduler::~Scheduler() = default;

// ---- slots ----

Scheduler::Slot* Scheduler::take_slot() {
  if (free_slots_.empty()) {
    if (slots_.size() == kRequestsPerLoopMax) return nullptr;
    slots_.push_back(std::make_unique<Slot>(tools_, functions_));
    slots_.back()->request.slot = static_cast<uint32_t>(slots_.size() - 1);
    slots_.back()->request.generation = 1;
    free_slots_.push_back(slots_.back()->request.slot);
  }
  Slot* slot = slots_[free_slots_.back()].get();
  free_slots_.pop_back();
  slot->used = true;
  return slot;
}

void Scheduler::free_slot(Slot& slot) {
  RequestRun& r = slot.request;
  slot.used = slot.driving = false;
  slot.deadline_timer = 0;
  slot.activation.clear();
  ++r.generation;
  r.latest = Time{};
  r.finished = r.degraded = r.ran_out_of_time = false;
  r.hold.reset();
  r.pipeline = nullptr;
  r.in = PipelineRequest{Value(), 0, Time::max(), Lane::Priority::normal, tools_.unused};
  r.leases.clear();
  r.failure = Status();
  r.fault = FaultOf::host;
  r.trace.clear();
  free_slots_.push_back(r.slot);
}

Scheduler::Slot* Scheduler::live(uint32_t slot, uint32_t generation) {
  if (slot >= slots_.size()) return nullptr;
  Slot* found = slots_[slot].get();
  return found->used && found->request.generation == generation ? found : nullptr;
}

Scheduler::Slot* Scheduler::current(const Address& at) {
  Slot* slot = live(at.slot, at.generation);
  return slot && !slot->request.finished && slot->activation.has(at) ? slot : nullptr;
}

Scheduler::Slot* Scheduler::arrived(const Address& at) {
  Slot* slot = current(at);
  if (!slot) stale_completions_.add();
  return slot;
}

Stage Scheduler::stage(Slot& slot, uint16_t node) {
  return {tools_, functions_, slot.request, slot.activation, node};
}

// ---- a request from start to end ----

uint64_t Scheduler::start(PipelinePtr hold, const CompiledPipeline& pipeline, PipelineRequest request,
                          UniqueFunction<void(PipelineResponse)> done) {
  assert(loop().in_loop_thread());
  Slot* taken = take_slot();
  if (!taken) {
    PipelineResponse response;
    response.status = overloaded(pipeline.graph.name);
    response.ended = loop().now();
    done(std::move(response));
    return 0;
  }
  Slot& slot = *taken;
  RequestRun& r = slot.request;
  r.serial = next_serial_++;
  r.hold = std::move(hold);
  r.pipeline = &pipeline;
  r.in = std::move(request);
  slot.done = std::move(done);
  const Time now = loop().now();
  r.began = r.latest = now;
  r.deadline = std::min(r.in.deadline, now + pipeline.graph.deadline);
  r.trace.reserve(pipeline.graph.nodes.size());
  pipeline.generation->loops[tools_.index]->in_flight.fetch_add(1, std::memory_order_relaxed);
  slot.activation.begin();
  const uint64_t ticket = uint64_t{r.generation} << 32 | r.slot;
  if (!r.over(now)) slot.activation.hold_components();
  drive(slot);
  return ticket;
}

void Scheduler::cancel(uint64_t ticket) {
  Slot* slot = live(static_cast<uint32_t>(ticket), static_cast<uint32_t>(ticket >> 32));
  if (!slot || slot->request.finished) return;
  slot->request.fail(Error{.code = Code::cancelled,
                           .message = "the client is gone",
                           .object = "pipeline '" + slot->activation.graph().name + "'"});
  drive(*slot);
}

// Starts what is ready until nothing is; ends the request when all has ended.
void Scheduler::drive(Slot& slot) {
  if (slot.driving) return;
  slot.driving = true;
  while (!slot.request.finished) {
    const std::optional<uint16_t> node = slot.activation.next_ready();
    if (!node) break;
    stage(slot, *node).begin();
  }
  slot.driving = false;
  if (slot.request.finished || slot.activation.is_done()) return finish(slot);
  slot.request.latest = Time{};
  arm_deadline(slot);
}

// Only requests that have to wait need a timer.
void Scheduler::arm_deadline(Slot& slot) {
  const RequestRun& r = slot.request;
  if (slot.deadline_timer != 0 || r.deadline == Time::max()) return;
  slot.deadline_timer = loop().at(r.deadline, [this, at = r.slot, generation = r.generation] {
    Slot* late = live(at, generation);
    if (!late) return;
    late->deadline_timer = 0;
    late->request.over(loop().now());
    drive(*late);
  });
}

void Scheduler::finish(Slot& slot) {
  RequestRun& r = slot.request;
  r.finished = true;
  PipelineResponse response;
  response.status = r.failure;
  response.fault = r.fault;
  if (r.ran_out_of_time) {  // whether an open call runs or waits for an instance, its lane knows
    const std::string open = slot.activation.open_stages();
    Error error = r.failure.error();
    if (!open.empty()) error.found = "no end of " + open;
    response.status = Status(std::move(error));
  }
  slot.activation.stop_all();
  if (slot.deadline_timer != 0) loop().cancel(slot.deadline_timer);
  if (r.failure.ok()) {
    Result<Value> output = evaluate(r.pipeline->graph.output, slot.activation.surroundings(), tools_.writer);
    if (output.ok() && !*output) {  // a reference to what is absent
      tools_.writer.reset();
      tools_.writer.null();
      output = tools_.writer.finish();
    }
    response.status = output.status();
    if (output.ok()) response.output = std::move(*output);
  }
  response.degraded = r.degraded && response.status.ok();
  response.ended = r.now(loop());
  RequestCells& counted = r.pipeline->requests->by_loop[tools_.index];
  counted.statuses[request_status(response.status.code(), response.degraded)].add_alone();
  counted.took.observe_alone(response.ended - r.began);
  response.stages = std::move(r.trace);
  const Generation& generation = *r.pipeline->generation;
  response.generation = generation.number;
  if (r.ctx.is_made()) r.ctx.let_go(r.scripts(tools_));
  generation.loops[tools_.index]->in_flight.fetch_sub(1, std::memory_order_relaxed);
  UniqueFunction<void(PipelineResponse)> done = std::move(slot.done);
  const PipelinePtr hold = std::move(r.hold);
  free_slot(slot);
  done(std::move(response));
}

// ---- what comes back ----

void Scheduler::on_called(const Address& at, CallResult&& result) {
  Slot* slot = arrived(at);
  if (!slot) return;
  stage(*slot, at.node).on_called(std::move(result));
  drive(*slot);
}

void Scheduler::on_function_lease(const Address& at, Result<Lease> lease) {
  Slot* slot = arrived(at);
  if (!slot) return;
  stage(*slot, at.node).on_function_lease(std::move(lease));
  drive(*slot);
}

void Scheduler::on_held_lease(const Address& at, Result<Lease> lease) {
  Slot* slot = live(at.slot, at.generation);
  const uint16_t component = at.node;
  if (!slot || !slot->request.leases.arrived(component, std::move(lease))) return stale_completions_.add();
  RequestRun& r = slot->request;
  const Time now = loop().now();
  if (!r.over(now)) {
    for (uint16_t i = 0; i < slot->activation.graph().nodes.size() && !r.finished; ++i)
      if (Stage waiting = stage(*slot, i); waiting.waits_for(component)) waiting.on_held_lease(now);
  }
  drive(*slot);
}

void Scheduler::on_flight(const Address& at, const FlightNews& news) {
  Slot* slot = arrived(at);
  if (!slot) return;
  stage(*slot, at.node).on_flight(news);
  drive(*slot);
}

void Scheduler::on_timeout(const Address& at) {
  Slot* slot = current(at);
  if (!slot) return;  // ended in the same turn of the loop
  stage(*slot, at.node).on_timeout();
  drive(*slot);
}

void Scheduler::on_turn(const Address& at, FunctionSlot function) {
  Slot* slot = current(at);
  if (!slot) return;  // timed out or cancelled meanwhile
  stage(*slot, at.node).on_turn(function);
  drive(*slot);
}

}  // namespace dormouse
