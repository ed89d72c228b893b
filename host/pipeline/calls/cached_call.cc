#include "pipeline/calls/cached_call.h"

#include <utility>

namespace dormouse {
namespace {

std::vector<uint64_t> versions_now(const StageCache& stage) {
  std::vector<uint64_t> versions;
  for (const Callee* callee : stage.versions_of) versions.push_back(callee->stamp());
  return versions;
}

// The key of a stage that is asked with `input`, or with what its script says. `answering` is the component that
// answers; null: a function does. None: too long to be kept. Errors: as evaluate().
Result<CacheKey> key_of(const StageCache& stage, const Callee* answering, const Value& input,
                        const Surroundings& values, ValueWriter& writer) {
  Value asked = input;
  if (stage.key) {
    Result<Value> made = evaluate(*stage.key, values, writer);
    if (!made.ok()) return made.status();
    asked = std::move(*made);
  }
  if (asked && !asked.is_root()) {
    writer.reset();
    writer.copy(asked.view());
    Result<Value> whole = writer.finish();
    if (!whole.ok()) return whole.status();
    asked = std::move(*whole);
  }
  const uint64_t stamp = stage.policy.version_by_plugin && answering ? answering->stamp() : 0;
  return CacheKey(stamp, versions_now(stage), stage.key_prefix, asked.bytes());
}

// The tags of this entry alone.
std::vector<std::string> tags_of(const StageCache& stage, const Surroundings& values, ValueWriter& writer) {
  std::vector<std::string> tags;
  for (const Expression& expression : stage.tags) {
    const Result<Value> tag = evaluate(expression, values, writer);
    dm_string_view text{};
    if (tag.ok() && *tag && dm_get_string(tag->view(), &text)) tags.emplace_back(text.data, text.size);
  }
  return tags;
}

}  // namespace

std::optional<CachedCall::Plan> CachedCall::planned(const Node& node, const PlanSources& sources) {
  if (!node.cache || !sources.cache) return std::nullopt;
  return Plan{sources.cache, &*node.cache, sources.all_caches};
}

// ---- on the way in ----

GoOn CachedCall::enter(Wrapped& stage, Ending& ending) {
  const StageCache& its = *plan_->stage;
  Result<CacheKey> key = key_of(its, stage.answering(), stage.call().input(), stage.surroundings(), stage.writer());
  if (!key.ok()) {
    ending.error = key.status();
    return GoOn::out;
  }
  if (!*key) return GoOn::in;
  Cache::Answer answer = plan_->cache->look_up(key->bytes(), its.policy, stage.now(), [&](const Value& value) {
    return stage.node().output.check(value.view()).ok();
  });
  stage.note(answer.result);
  if (answer.result == CacheResult::hit) {
    ending = Ending::ok(std::move(answer.value));
    return GoOn::out;
  }
  if (answer.result == CacheResult::negative) {
    ending.error = std::move(answer.error);
    return GoOn::out;
  }
  asked_.emplace(Asked{std::move(*key), answer.miss});
  return its.policy.single_flight ? join(stage) : GoOn::in;
}

GoOn CachedCall::join(Wrapped& stage) {
  const Completion completion = stage.completion();
  const Flights::Role role = plan_->cache->flights().join(
      asked_->key.bytes(), completion.loop,
      [to = completion.to.shared_from_this(), at = completion.at](const FlightNews& news) { to->on_flight(at, news); },
      asked_->seat);
  if (role == Flights::Role::lead) return GoOn::in;
  plan_->cache->count_coalesced();
  asked_->leads = false;
  stage.note(CacheResult::coalesced);
  // The leader may wait for a draining component; a lease held here would stop it draining.
  if (role == Flights::Role::wait) stage.let_leases_go();
  // The clock stands still while the leader loads.
  if (role == Flights::Role::wait_called || stage.node().is_function()) stage.works();
  return GoOn::wait;
}

GoOn CachedCall::on_flight(Wrapped& stage, const FlightNews& news, Ending& ending) {
  if (!asked_) return GoOn::wait;  // posted before its seat was given back
  switch (news.what) {
    case FlightNews::What::called:
      stage.works();
      return GoOn::wait;
    case FlightNews::What::lead:
      asked_->leads = true;
      stage.note(CacheResult::miss);
      return GoOn::in;
    case FlightNews::What::landed:
      break;
  }
  stage.times().queued += news.call.queued;
  stage.times().ran += news.call.ran;
  if (news.call.value.ok())
    ending = Ending::ok(Value(*news.call.value));
  else
    ending = Ending::failed(Status(news.call.value.status()), FaultOf::component, Ending::Says::result);
  return GoOn::out;
}

// ---- the call ----

void CachedCall::will_be_answered(const Callee& callee, const Lease& lease) {
  if (asked_ && plan_->stage->policy.version_by_plugin) asked_->key.set_stamp(callee.stamp_of(lease));
}

void CachedCall::will_call(const Callee& callee, const Lease& lease) {
  const uint64_t stamp = callee.stamp_of(lease);
  const std::vector<Callee*>& versions_of = plan_->stage->versions_of;
  for (size_t i = 0; i < versions_of.size(); ++i)
    if (versions_of[i] == &callee && asked_->key.version(i) != stamp) asked_->called_another_version = true;
}

// What a flight needs while its call runs, also when the request and the engine are gone.
struct CachedCall::Landing {
  PipelinePtr pipeline;            // of the stage
  std::shared_ptr<Caches> caches;  // of the cache
  const Plan& plan;
  Asked asked;
  std::vector<std::string> tags;
  CancelToken unwanted;
};

bool CachedCall::take_call(Wrapped& stage, TryOnce& call, CallOptions&& options) {
  if (!asked_ || !asked_->seat) return false;
  options.cancel = plan_->cache->flights().take_over(asked_->seat);
  options.deadline = Time::max();
  asked_->leads = false;
  auto landing =
      std::make_shared<Landing>(Landing{stage.held(), plan_->all_caches.lock(), *plan_,
                                        Asked{std::move(asked_->key), asked_->miss, asked_->seat, false, false},
                                        tags_of(*plan_->stage, stage.surroundings(), stage.writer()), options.cancel});
  const Completion completion = stage.completion();
  call.call_on_lane(std::move(options), completion.loop,
                    [to = completion.to.shared_from_this(), &loop = completion.loop, at = completion.at, landing,
                     &writer = stage.writer(), &counted = stage.cells()](CallResult result) {
                      counted.queued.observe_alone(result.queued);
                      // What ends after it was cancelled may be less than the whole answer (plugin-api/CONTRACT.md).
                      if (landing->unwanted.cancelled()) return;
                      const Plan& plan = landing->plan;
                      const Asked& asked = landing->asked;
                      plan.cache->keep(asked.key.bytes(), result, landing->tags, asked.miss, plan.stage->policy,
                                       loop.now(), writer);
                      plan.cache->flights().land(asked.seat, result);
                      to->on_flight(at, {FlightNews::What::landed, std::move(result)});
                    });
  return true;
}

// ---- on the way out ----

PassOn CachedCall::leave(Wrapped& stage, Ending& ending) {
  if (!asked_ || !asked_->leads) return PassOn::out;
  if (ending.says == Ending::Says::result) {
    asked_->leads = false;
    const Result<Value> made =
        ending.outcome == Outcome::ok ? Result<Value>(ending.value) : Result<Value>(ending.error);
    completed({made, stage.times().queued, stage.times().ran}, stage);
  }
  if (ending.says == Ending::Says::not_loaded && asked_->seat) {
    asked_->leads = false;
    plan_->cache->flights().land(asked_->seat, {ending.error, {}, {}});
  }
  return PassOn::out;
}

void CachedCall::completed(const CallResult& result, Wrapped& stage) {
  const StageCache& its = *plan_->stage;
  // A function may have called other versions than those of its key, or they are others by now.
  if (!asked_->called_another_version && asked_->key.has_versions(versions_now(its)))
    plan_->cache->keep(asked_->key.bytes(), result, tags_of(its, stage.surroundings(), stage.writer()), asked_->miss,
                       its.policy, stage.completion().loop.now(), stage.writer());
  if (asked_->seat) plan_->cache->flights().land(asked_->seat, result);
}

void CachedCall::stop(EventLoop&) {
  if (!asked_) return;
  if (asked_->seat) plan_->cache->flights().leave(asked_->seat);
  asked_.reset();
}

}  // namespace dormouse
