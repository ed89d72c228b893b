// The wrapper `cache`: looks the stage's key up on the way in, and gives the stage's result to the cache on the way
// out. After a miss (a look-up that found nothing), with single flight, it joins the flight of its key
// (cache/flights.h), and gives the result to all requests that wait in the flight. It makes no call itself (try_once.h
// does).
//
// A flight owns its call on a lane: the leader's deadline cannot cut the call short, and the call is cancelled when the
// last request has left. An inline call, and a function, belong to the leader's request.
//
// Owner: the Activation; the flight, while its call runs on a lane. Thread: the loop's.
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
    Cache* cache = nullptr;             // owned by the engine
    const StageCache* stage = nullptr;  // of the node
    std::weak_ptr<Caches> all_caches;
  };
  static std::optional<Plan> planned(const Node& node, const PlanSources& sources);
  static constexpr bool kAlwaysTakesPart = true;

  explicit CachedCall(const Plan& plan) : plan_(&plan) {}

  // Looks the key up. After a hit or a remembered error the stage goes out with it. If another request makes the same
  // result already, the stage waits in that flight.
  GoOn enter(Wrapped& stage, Ending& ending);
  // A leader gives the stage's result to the cache and to the flight. A failed load says nothing about the question:
  // its error goes to all that wait, and is not cached.
  PassOn leave(Wrapped& stage, Ending& ending);

  // Puts the stamp of the leased incarnation into the key, which may be newer than the one that was looked up. The
  // stamp is right while the lease lives.
  void will_be_answered(const Callee& callee, const Lease& lease);
  // Before a function calls a component. If the leased incarnation is not the one of the key, the function's result is
  // not kept.
  CallWitness* witness() { return asked_ ? this : nullptr; }
  void will_call(const Callee& callee, const Lease& lease) override;

  // For a leader with a seat: the flight takes over the call, and the leader waits for it like all others.
  bool take_call(Wrapped& stage, TryOnce& call, CallOptions&& options);
  GoOn on_flight(Wrapped& stage, const FlightNews& news, Ending& ending);

  // Gives the seat back.
  void stop(EventLoop& loop);

 private:
  // The state from a miss to the end of the stage.
  struct Asked {
    CacheKey key;
    Cache::Miss miss;
    Flights::Ticket seat = {};  // none without single flight
    bool leads = true;          // the stage's result goes to the cache and the flight
    bool called_another_version = false;
  };
  struct Landing;

  GoOn join(Wrapped& stage);
  void completed(const CallResult& result, Wrapped& stage);

  const Plan* plan_;
  std::optional<Asked> asked_;
};

}  // namespace dormouse
