// The wrapper `cache`, with single flight: asks the cache on the way in, and gives it on the way out what the stage
// made. After a miss it joins the flight of its key if the cache has single flight, and hands what the stage came to to
// all requests that wait in that flight.
//
// The flight owns a call on a lane: the first request's deadline cannot cut it short, and it is cancelled when the last
// request has left. A call that ends at once, and a function, belong to the request that makes them. Loop thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cache/caches.h"
#include "cache/key.h"
#include "pipeline/calls/wrapper.h"

namespace dormouse {

class CachedCall final : public Wrapper, public CallWitness {
 public:
  struct Plan {
    using Run = CachedCall;
    Cache* cache = nullptr;             // the engine's
    const StageCache* stage = nullptr;  // the node's
    std::weak_ptr<Caches> all_caches;
  };
  static std::optional<Plan> planned(const Node& node, const PlanSources& sources);
  static constexpr bool kAlwaysTakesPart = true;

  explicit CachedCall(const Plan& plan) : plan_(&plan) {}

  // Looks up. A hit goes out; so does a failure that is remembered. What another request makes already is waited for.
  GoOn enter(Wrapped& stage, Ending& ending);
  // Keeps what the stage made on its own, if it leads. A load that failed says nothing of what was asked for: it is not
  // kept, and all that wait fail with it.
  PassOn leave(Wrapped& stage, Ending& ending);

  // The loaded version may be newer than the one asked about. The lease keeps it what it is, and no longer than that.
  void will_be_answered(const Callee& callee, const Lease& lease);
  // A function calls a component. If its incarnation is not that of the key, what the function makes is not kept.
  CallWitness* witness() { return asked_ ? this : nullptr; }
  void will_call(const Callee& callee, const Lease& lease) override;

  // For a leader with a seat: the call becomes the flight's, and the leader waits for it as all others do.
  bool take_call(Wrapped& stage, TryOnce& call, CallOptions&& options);
  GoOn on_flight(Wrapped& stage, const FlightNews& news, Ending& ending);

  // Gives its seat back.
  void stop(EventLoop& loop);

 private:
  // From a miss to the end.
  struct Asked {
    CacheKey key;
    Cache::Miss miss;
    Flights::Ticket seat = {};  // none without single flight
    bool leads = true;          // what the stage makes is to be kept, and is the flight's
    bool called_another_version = false;
  };
  struct Landing;

  GoOn join(Wrapped& stage);
  void completed(const CallResult& result, Wrapped& stage);

  const Plan* plan_;
  std::optional<Asked> asked_;
};

}  // namespace dormouse
