#include "pipeline/calls/cached_call.h"

#include <utility>

namespace dormouse {
namespace {

std::vector<uint64_t> versions_now(const StageCache& stage) {
  std::vector<uint64_t> versions;
  for (const Callee* callee : stage.versions_of) versions.push_back(callee->stamp());
  return versions;
}

}  // namespace

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

std::vector<std::string> tags_of(const StageCache& stage, const Surroundings& values, ValueWriter& writer) {
  std::vector<std::string> tags;
  for (const Expression& expression : stage.tags) {
    const Result<Value> tag = evaluate(expression, values, writer);
    dm_string_view text{};
    if (tag.ok() && *tag && dm_get_string(tag->view(), &text)) tags.emplace_back(text.data, text.size);
  }
  return tags;
}

Flights::Role CachedCall::join(const Completion& completion) {
  const Flights::Role role = cache_->flights().join(
      key_.bytes(), completion.loop,
      [to = completion.to.shared_from_this(), at = completion.at](const FlightNews& news) { to->on_flight(at, news); },
      seat_);
  if (role == Flights::Role::lead) return role;
  cache_->count_coalesced();
  leads_ = false;
  return role;
}

void CachedCall::will_be_answered_by(uint64_t stamp) {
  if (stage_->policy.version_by_plugin) key_.set_stamp(stamp);
}

void CachedCall::will_call(const Callee& callee, const Lease& lease) {
  const uint64_t stamp = callee.stamp_of(lease);
  for (size_t i = 0; i < stage_->versions_of.size(); ++i)
    if (stage_->versions_of[i] == &callee && key_.version(i) != stamp) called_another_version_ = true;
}

void CachedCall::call_on_lane(TryOnce& call, CallOptions&& options, Keeps keeps, std::vector<std::string> tags,
                              const Completion& completion, ValueWriter& writer, StageCells& counted) {
  struct Landing {
    Keeps keeps;
    CachedCall call;
    std::vector<std::string> tags;
    CancelToken unwanted;
  };
  options.cancel = cache_->flights().take_over(seat_);
  options.deadline = Time::max();
  CachedCall its(*cache_, *stage_, std::move(key_), miss_);
  its.seat_ = seat_;
  auto landing = std::make_shared<Landing>(Landing{std::move(keeps), std::move(its), std::move(tags), options.cancel});
  leads_ = false;
  call.call_on_lane(std::move(options), completion.loop,
                    [to = completion.to.shared_from_this(), &loop = completion.loop, at = completion.at, landing,
                     &writer, &counted](CallResult result) {
                      counted.queued.observe_alone(result.queued);
                      // What ends after it was cancelled may be less than the whole answer (plugin-api/CONTRACT.md).
                      if (landing->unwanted.cancelled()) return;
                      const CachedCall& its = landing->call;
                      its.cache_->keep(its.key_.bytes(), result, landing->tags, its.miss_, its.stage_->policy,
                                       loop.now(), writer);
                      its.cache_->flights().land(its.seat_, result);
                      to->on_flight(at, {FlightNews::What::landed, std::move(result)});
                    });
}

void CachedCall::completed(const CallResult& result, const Surroundings& surroundings, Time now, ValueWriter& writer) {
  if (!std::exchange(leads_, false)) return;
  // A function may have called other versions than those of its key, or they are others by now.
  if (!called_another_version_ && key_.has_versions(versions_now(*stage_)))
    cache_->keep(key_.bytes(), result, tags_of(*stage_, surroundings, writer), miss_, stage_->policy, now, writer);
  if (seat_) cache_->flights().land(seat_, result);
}

void CachedCall::not_called(const Status& why) {
  if (!seat_ || !std::exchange(leads_, false)) return;
  cache_->flights().land(seat_, {why, {}, {}});
}

void CachedCall::leave() {
  if (seat_) cache_->flights().leave(seat_);
}

}  // namespace dormouse
