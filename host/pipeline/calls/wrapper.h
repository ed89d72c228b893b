// What every wrapper is: something that stands around the call of a stage. The stage goes in through its wrappers,
// outermost first, makes its result, and takes the result out through them, innermost first. Each hook below is one
// moment on that way; a wrapper defines those that it cares for, and has the others from here.
//
// A wrapper has two halves. Its Plan is what the script says: made once when the scripts are compiled, immutable, read
// by all loops. The object itself is one run: a member of the variant WrapperRun (wrappers.h), in the block of its
// activation. It answers and does not steer: the stage (kinds/stage.h) does what the answer says.
//
// Each wrapper T has, besides its hooks:
//   struct T::Plan { using Run = T; ... };
//   static std::optional<Plan> planned(const Node&, const PlanSources&);   none: the stage has no such wrapper
//   explicit T(const Plan&);                                               allocates nothing
//
// Owner: the activation, which uses the object again for its next run: after stop() it is as new. Loop thread.
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

// What plans are made of, besides what the node says.
struct PlanSources {
  Cache* cache = nullptr;            // of the node; null: none
  std::weak_ptr<Caches> all_caches;  // the engine's
};

// How the stage's call ended, on its way out. A wrapper may change it.
struct Ending {
  Outcome outcome = Outcome::error;
  Value value;                    // with ok and fallback
  Status error;                   // what ended it, when not ok; with fallback: what that stands for
  FaultOf fault = FaultOf::host;  // of `error`
  // Whether it tells something about what was asked for. `result`: it was made, well or not. `not_loaded`: its
  // component could not be had. `nothing`: it was given up, or never begun.
  enum class Says : uint8_t { result, not_loaded, nothing } says = Says::nothing;

  static Ending ok(Value&& value) { return {Outcome::ok, std::move(value), Status(), FaultOf::host, Says::result}; }
  static Ending failed(Status&& error, FaultOf fault, Says says) {
    return {Outcome::error, Value(), std::move(error), fault, says};
  }
};

// The answer of a wrapper on the way in, and to what comes back to it.
enum class GoOn : uint8_t {
  in,    // to what is inside of it
  wait,  // something will come back to it, or to what is inside
  out,   // the Ending is filled in, and goes to the wrappers outside of it; what is inside is stopped in the end
};

// The answer of a wrapper on the way out.
enum class PassOn : uint8_t {
  out,          // the Ending, which it may have changed, to the wrappers outside of it
  wait,         // what is inside is stopped; something will come back to it
  by_function,  // what is inside is stopped, and the function in kFallbackSlot makes the result in its place
};

// The stage, as its wrappers see it during one hook.
class Wrapped {
 public:
  virtual const Node& node() const = 0;
  virtual Surroundings surroundings() const = 0;
  virtual const Callee* answering() const = 0;  // null: a function is
  virtual TryOnce& call() = 0;                  // with its input, which is gone once a call on a lane has begun
  virtual Completion completion() const = 0;    // of its wrappers: it holds until the stage ends
  virtual const PipelinePtr& held() const = 0;  // keeps the node
  virtual ValueWriter& writer() = 0;
  virtual StageTimes& times() = 0;
  virtual StageCells& cells() = 0;
  virtual Time now() = 0;
  virtual bool is_over(Time now) = 0;         // the request is; then nothing is to be done
  virtual void note(CacheResult result) = 0;  // for its trace
  virtual void works() = 0;                   // the clocks outside run, though it waits
  virtual void let_leases_go() = 0;           // before a wait for another request, or for a time

 protected:
  ~Wrapped() = default;
};

class Wrapper {
 public:
  // Whether it has something to do although the call ends at once and well. One that has not costs such a stage
  // nothing: none of its hooks is asked.
  static constexpr bool kAlwaysTakesPart = false;

  // Going in: the stage has its input, and what is outside of this one has let it pass.
  GoOn enter(Wrapped&, Ending&) { return GoOn::in; }
  // Going out, also when it has not been entered, or has let go already.
  PassOn leave(Wrapped&, Ending&) { return PassOn::out; }

  // The stage has a lease for its own call and makes it next.
  void will_be_answered(const Callee&, const Lease&) {}
  // Hears of the calls of the function inside. Null: it does not want to.
  CallWitness* witness() { return nullptr; }
  // Makes the stage's call on a lane in its own name. False: the next one outside may, and the stage at last.
  bool take_call(Wrapped&, TryOnce&, CallOptions&&) { return false; }

  // The stage works from now on, or waits for a load.
  void work(Time /*now*/, const Completion&) {}
  void pause(Time /*now*/, EventLoop&) {}
  // A call inside of it must have ended by then.
  Time deadline() const { return Time::max(); }
  // Why a function stands in; null: none does.
  const Status* stands_for() const { return nullptr; }

  // A timer that it set, with its place, has come. News of a flight that it had a seat in, or has.
  GoOn on_timer(Wrapped&, Ending&) { return GoOn::wait; }
  GoOn on_flight(Wrapped&, const FlightNews&, Ending&) { return GoOn::wait; }

  // Lets go of all that it has. Also when it has nothing.
  void stop(EventLoop&) {}

  // Which one of its stage's it is, outermost 0: what a timer of it carries.
  uint8_t place() const { return place_; }
  void stand_at(uint8_t place) { place_ = place; }

 private:
  uint8_t place_ = 0;
};

}  // namespace dormouse
