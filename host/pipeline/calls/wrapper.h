// The base of every wrapper. A wrapper stands around the call of a stage (timeout, cache and so on). The stage goes in
// through its wrappers, outermost first, makes its result, and takes the result out through them, innermost first. Each
// hook below is called at one point of that way; a wrapper defines the hooks that it needs, and has the others from
// here.
//
// A wrapper has two parts. Its Plan has the settings of the script: made once when the scripts are compiled, immutable,
// read by all loops. The object itself is one run: a member of the variant WrapperRun (wrappers.h), in the block of its
// activation. A wrapper only answers; the stage (kinds/stage.h) does what the answer says.
//
// Each wrapper T has, besides its hooks:
//   struct T::Plan { using Run = T; ... };
//   static std::optional<Plan> planned(const Node&, const PlanSources&);   none: the stage has no such wrapper
//   explicit T(const Plan&);                                               allocates nothing
//
// Owner: the activation, which uses the object again for its next run; after stop() the object is as new. Thread: the
// loop's.
#pragma once

#include <memory>
#include <utility>

#include "cache/caches.h"
#include "graph/graph.h"
#include "pipeline/arrivals.h"
#include "pipeline/calls/try_once.h"
#include "pipeline/pipeline.h"
#include "pipeline/pipeline_metrics.h"
#include "pipeline/stage_times.h"
#include "pipeline/stage_trace.h"
#include "script/stage_function.h"

namespace dormouse {

// The things from which plans are made, besides the node.
struct PlanSources {
  Cache* cache = nullptr;            // of the node; null: none
  std::weak_ptr<Caches> all_caches;  // the engine's
};

// How the stage's call ended. It goes out through the wrappers, and each of them may change it.
struct Ending {
  Outcome outcome = Outcome::error;
  Value value;                    // with ok and fallback
  Status error;                   // the cause, when not ok; with fallback: the error that the fallback replaces
  FaultOf fault = FaultOf::host;  // of `error`
  // What the ending says about the question, for the cache. `result`: the call was made, well or not. `not_loaded`: the
  // component could not be loaded. `nothing`: the call was given up, or never begun.
  enum class Says : uint8_t { result, not_loaded, nothing } says = Says::nothing;

  static Ending ok(Value&& value) { return {Outcome::ok, std::move(value), Status(), FaultOf::host, Says::result}; }
  static Ending failed(Status&& error, FaultOf fault, Says says) {
    return {Outcome::error, Value(), std::move(error), fault, says};
  }
};

// The answer of a wrapper on the way in, and to its timer or news. "Inside" are the wrappers inside of it and the call.
enum class GoOn : uint8_t {
  in,    // go on inside
  wait,  // wait: a timer, news or a result will come to it, or inside
  out,   // take the Ending, which it has filled in, to the wrappers outside of it; stop what is inside
};

// The answer of a wrapper on the way out.
enum class PassOn : uint8_t {
  out,          // take the Ending, which it may have changed, to the wrappers outside of it
  wait,         // stop what is inside, and wait: a timer or news will come to it
  by_function,  // stop what is inside, and let the function in kFallbackSlot make the result
};

// The stage, as its wrappers see it. Valid during one hook.
class Wrapped {
 public:
  virtual const Node& node() const = 0;
  virtual Surroundings surroundings() const = 0;
  virtual const Callee* answering() const = 0;  // the component that makes the result; null: a function makes it
  virtual TryOnce& call() = 0;                  // with its input, until a call on a lane has begun
  virtual Completion completion() const = 0;    // for results to its wrappers; valid until the stage ends
  virtual const PipelinePtr& held() const = 0;  // keeps the node alive
  virtual ValueWriter& writer() = 0;
  virtual StageTimes& times() = 0;
  virtual StageCells& cells() = 0;
  virtual Time now() = 0;
  virtual bool is_over(Time now) = 0;         // whether the request is over; then the wrapper does nothing
  virtual void note(CacheResult result) = 0;  // for the trace of the stage
  virtual void works() = 0;                   // the wait counts as work: lets the clocks of outer wrappers run
  virtual void let_leases_go() = 0;           // before a wait for another request or for a timer

 protected:
  ~Wrapped() = default;
};

class Wrapper {
 public:
  // Whether the wrapper has work even if the call ends well at once. If not, none of its hooks is called for such a
  // stage, so it costs nothing there.
  static constexpr bool kAlwaysTakesPart = false;

  // On the way in: the stage has its input, and has passed the wrappers outside of this one.
  GoOn enter(Wrapped&, Ending&) { return GoOn::in; }
  // On the way out; also called when the wrapper was not entered, or was stopped already.
  PassOn leave(Wrapped&, Ending&) { return PassOn::out; }

  // The stage has a lease for the call of its component, and makes the call next.
  void will_be_answered(const Callee&, const Lease&) {}
  // The object that is informed before each call of the function inside; null: none.
  CallWitness* witness() { return nullptr; }
  // Makes the stage's call on a lane itself. False: it does not; then the next wrapper outside may, else the stage
  // does.
  bool take_call(Wrapped&, TryOnce&, CallOptions&&) { return false; }

  // From now on the stage works (work), or waits for a load (pause).
  void work(Time /*now*/, const Completion&) {}
  void pause(Time /*now*/, EventLoop&) {}
  // The time by which a call inside must end.
  Time deadline() const { return Time::max(); }
  // The error that a function of this wrapper replaces; null: no such function runs.
  const Status* stands_for() const { return nullptr; }

  // A timer of this wrapper has come; or news of a flight in which it has or had a seat.
  GoOn on_timer(Wrapped&, Ending&) { return GoOn::wait; }
  GoOn on_flight(Wrapped&, const FlightNews&, Ending&) { return GoOn::wait; }

  // Cancels its timers and gives back all it holds. Also called when it has nothing.
  void stop(EventLoop&) {}

  // Its place among the wrappers of the stage, 0 for the outermost. Its timers carry the place.
  uint8_t place() const { return place_; }
  void stand_at(uint8_t place) { place_ = place; }

 private:
  uint8_t place_ = 0;
};

}  // namespace dormouse
