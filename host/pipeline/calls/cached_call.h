// The wrapper `cache`: a call around a call, or around a function. It begins after a look-up that found nothing. It
// joins the flight of its key if the cache has single flight, and hands what the inner call comes to to the cache and
// to all requests that wait in that flight.
//
// The flight owns a call on a lane: the first request's deadline cannot cut it short, and it is cancelled when the last
// request has left. A call that ends at once, and a function, belong to the request that makes them. Loop thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cache/caches.h"
#include "cache/key.h"
#include "graph/expression.h"
#include "pipeline/calls/try_once.h"
#include "pipeline/pipeline.h"
#include "pipeline/pipeline_metrics.h"
#include "script/stage_function.h"

namespace dormouse {

// The key of a stage that is asked with `input`, or with what its script says. `answering` is the component that
// answers; null: a function does. None: too long to be kept. Errors: as evaluate().
Result<CacheKey> key_of(const StageCache& stage, const Callee* answering, const Value& input,
                        const Surroundings& values, ValueWriter& writer);
// The tags of this entry alone.
std::vector<std::string> tags_of(const StageCache& stage, const Surroundings& values, ValueWriter& writer);

class CachedCall final : public CallWitness {
 public:
  // After a miss. Both references outlive it: they are the generation's and the engine's.
  CachedCall(Cache& cache, const StageCache& stage, CacheKey key, const Cache::Miss& miss)
      : cache_(&cache), stage_(&stage), key_(std::move(key)), miss_(miss) {}

  // Takes a seat in the flight of the key; from then on Arrivals::on_flight has news.
  Flights::Role join(const Completion& completion);
  // The leader has left, and this one leads.
  void lead() { leads_ = true; }
  bool has_seat() const { return static_cast<bool>(seat_); }

  // Before the call: the loaded version may be newer than the one asked about. The lease keeps it what it is, and no
  // longer than that.
  void will_be_answered_by(uint64_t stamp);

  // A function calls a component. If its incarnation is not that of the key, what the function makes is not kept.
  void will_call(const Callee& callee, const Lease& lease) override;

  // What a flight needs while its call runs, also when the request and the engine are gone.
  struct Keeps {
    PipelinePtr pipeline;            // of the stage
    std::shared_ptr<Caches> caches;  // of the cache
  };
  // For a leader with a seat: the call becomes the flight's, and the leader waits for it as all others do.
  // `values` and `queued` belong to the loop of the completion and outlive it.
  void call_on_lane(TryOnce& call, CallOptions&& options, Keeps keeps, std::vector<std::string> tags,
                    const Completion& completion, ValueWriter& writer, StageCells& counted);

  // What the stage made on its own: the result of a function or of a call that ended at once, or a failure before any
  // call. `surroundings` are those of the stage, for the tags. Only a leader has something to give, once.
  void completed(const CallResult& result, const Surroundings& surroundings, Time now, ValueWriter& writer);
  // A load that failed says nothing of what was asked for: it is not kept, and all that wait fail with it.
  void not_called(const Status& why);

  // Gives its seat back. Once, at the end of the stage.
  void leave();

 private:
  Cache* cache_;
  const StageCache* stage_;
  CacheKey key_;
  Cache::Miss miss_;
  Flights::Ticket seat_;  // none without single flight
  bool leads_ = true;
  bool called_another_version_ = false;
};

}  // namespace dormouse
