#include "pipeline/scheduler.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "base/object_names.h"
#include "pipeline/drive.h"

namespace dormouse {
namespace {

constexpr MetricInfo kStaleCompletions{"dormouse_stale_completions_total",
                                       "Results that came back after their stage or request had moved on."};

Error overloaded(const std::string& pipeline) {
  return {.code = Code::overloaded,
          .message = "too many requests at the same time",
          .object = pipeline_object(pipeline),
          .needed = "at most " + std::to_string(kRequestsPerLoopMax) + " on one loop",
          .remedy = "retry later"};
}

}  // namespace

struct Scheduler::Slot {
  RequestRun request;
  const CompiledPipeline* pipeline = nullptr;
  ActivationPtr first;  // before `request`, which holds its graph, ends
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
    slots_.push_back(std::make_unique<Slot>());
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
  slot.first.reset();
  slot.pipeline = nullptr;
  r.activations.clear();
  ++r.generation;
  r.latest = Time{};
  r.finished = r.degraded = r.ran_out_of_time = false;
  r.hold.reset();
  r.plan = nullptr;
  r.scripts = nullptr;
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

Activation* Scheduler::current(const Address& at) {
  Slot* slot = live(at.slot, at.generation);
  if (!slot || slot->request.finished) return nullptr;
  Activation* activation = slot->request.activations.find(at.activation);
  return activation && activation->has(at) ? activation : nullptr;
}

Activation* Scheduler::arrived(const Address& at) {
  Activation* activation = current(at);
  if (!activation) stale_completions_.add();
  return activation;
}

// ---- a request from start to end ----

uint64_t Scheduler::start(PipelinePtr hold, const CompiledPipeline& pipeline, PipelineRequest request,
                          UniqueFunction<void(PipelineResponse)> done) {
  assert(loop().in_loop_thread());
  Slot* taken = take_slot();
  if (!taken) {
    PipelineResponse response;
    response.status = overloaded(pipeline.plan.graph.name);
    response.ended = loop().now();
    done(std::move(response));
    return 0;
  }
  Slot& slot = *taken;
  RequestRun& r = slot.request;
  r.serial = next_serial_++;
  r.hold = std::move(hold);
  r.plan = &pipeline.plan;
  Generation::PerLoop& mine = *pipeline.generation->loops[tools_.index];
  r.scripts = mine.scripts.get();
  slot.pipeline = &pipeline;
  r.in = std::move(request);
  slot.done = std::move(done);
  const Time now = loop().now();
  r.began = r.latest = now;
  r.deadline = std::min(r.in.deadline, now + pipeline.plan.graph.deadline);
  r.trace.reserve(pipeline.plan.graph.nodes.size());
  mine.in_flight.fetch_add(1, std::memory_order_relaxed);
  slot.first = pipeline.activations[tools_.index].take(pipeline.plan);
  slot.first->begin(tools_, functions_, r);
  const uint64_t ticket = uint64_t{r.generation} << 32 | r.slot;
  if (!r.over(now)) slot.first->hold_components();
  go_on(slot);
  return ticket;
}

void Scheduler::cancel(uint64_t ticket) {
  Slot* slot = live(static_cast<uint32_t>(ticket), static_cast<uint32_t>(ticket >> 32));
  if (!slot || slot->request.finished) return;
  slot->request.fail(Error{.code = Code::cancelled,
                           .message = "the client is gone",
                           .object = pipeline_object(slot->request.plan->graph.name)});
  go_on(*slot);
}

// Starts what is ready until nothing is; ends the request when all has ended.
void Scheduler::go_on(Slot& slot) {
  if (slot.driving) return;
  slot.driving = true;
  drive(tools_, functions_, slot.request);
  slot.driving = false;
  if (slot.request.finished || !slot.first->is_running()) return finish(slot);
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
    go_on(*late);
  });
}

void Scheduler::finish(Slot& slot) {
  RequestRun& r = slot.request;
  r.finished = true;
  PipelineResponse response;
  response.status = r.failure;
  response.fault = r.fault;
  if (r.ran_out_of_time) {  // whether an open call runs or waits for an instance, its lane knows
    const std::string open = slot.first->open_stages();
    Error error = r.failure.error();
    if (!open.empty()) error.found = "no end of " + open;
    response.status = Status(std::move(error));
  }
  slot.first->stop_all();
  if (slot.deadline_timer != 0) loop().cancel(slot.deadline_timer);
  if (r.failure.ok()) {
    Result<Value> output = slot.first->output();
    response.status = output.status();
    if (output.ok()) response.output = std::move(*output);
  }
  response.degraded = r.degraded && response.status.ok();
  response.ended = r.now(loop());
  RequestCells& counted = slot.pipeline->requests->by_loop[tools_.index];
  counted.statuses[request_status(response.status.code(), response.degraded)].add_alone();
  counted.took.observe_alone(response.ended - r.began);
  response.stages = std::move(r.trace);
  const Generation& generation = *slot.pipeline->generation;
  response.generation = generation.number;
  if (r.ctx.is_made()) r.ctx.let_go(*r.scripts);
  generation.loops[tools_.index]->in_flight.fetch_sub(1, std::memory_order_relaxed);
  UniqueFunction<void(PipelineResponse)> done = std::move(slot.done);
  const PipelinePtr hold = std::move(r.hold);
  free_slot(slot);
  done(std::move(response));
}

// ---- what comes back ----

template <class Step>
void Scheduler::step(Activation& activation, const Address& at, Step&& step) {
  Slot& slot = *slots_[at.slot];
  Stage stage(tools_, functions_, slot.request, activation, at.node);
  step(stage);
  go_on(slot);
}

void Scheduler::on_called(const Address& at, CallResult&& result) {
  if (Activation* its = arrived(at)) step(*its, at, [&](Stage& stage) { stage.on_called(std::move(result)); });
}

void Scheduler::on_function_lease(const Address& at, Result<Lease> lease) {
  if (Activation* its = arrived(at)) step(*its, at, [&](Stage& stage) { stage.on_function_lease(std::move(lease)); });
}

void Scheduler::on_held_lease(const Address& at, Result<Lease> lease) {
  Slot* slot = live(at.slot, at.generation);
  const uint16_t row = at.node;
  if (!slot || !slot->request.leases.arrived(row, std::move(lease))) return stale_completions_.add();
  RequestRun& r = slot->request;
  const Time now = loop().now();
  if (!r.over(now)) {
    for (uint16_t number = 0; number < r.activations.numbers(); ++number)
      if (Activation* its = r.activations.find(number)) lease_came(r, *its, row, now);
  }
  go_on(*slot);
}

// To the stages that wait for it.
void Scheduler::lease_came(RequestRun& request, Activation& activation, uint16_t row, Time now) {
  for (uint16_t i = 0; i < activation.graph().nodes.size() && activation.is_running() && !request.finished; ++i)
    if (Stage waiting(tools_, functions_, request, activation, i); waiting.waits_for(row)) waiting.on_held_lease(now);
}

void Scheduler::on_flight(const Address& at, const FlightNews& news) {
  if (Activation* its = arrived(at)) step(*its, at, [&](Stage& stage) { stage.on_flight(news); });
}

// What is stale has ended in the same turn of the loop.
void Scheduler::on_timer(const Address& at, uint8_t wrapper) {
  if (Activation* its = current(at)) step(*its, at, [&](Stage& stage) { stage.on_timer(wrapper); });
}

// What is stale has timed out or was cancelled meanwhile.
void Scheduler::on_turn(const Address& at, FunctionSlot function) {
  if (Activation* its = current(at)) step(*its, at, [&](Stage& stage) { stage.on_turn(function); });
}

}  // namespace dormouse
