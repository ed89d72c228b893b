#include "components/pending_verbs.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace dormouse {

bool PendingVerbs::any(Verb verb) const {
  return std::any_of(verbs_.begin(), verbs_.end(), [&](const Pending& pending) { return pending.verb == verb; });
}

Actor PendingVerbs::first_actor() const {
  for (const Pending& pending : verbs_)
    if (!pending.actor.empty()) return pending.actor;
  return {};
}

uint64_t PendingVerbs::add(Verb verb, Duration wait, VerbReply done, Actor actor, UniqueFunction<void(uint64_t)> late) {
  const uint64_t number = ++last_;
  verbs_.push_back({verb, std::move(done), number, 0, std::move(actor)});
  if (wait <= Duration{}) return number;
  verbs_.back().timer = loop_.at(loop_.now() + wait, [this, number, late = std::move(late)]() mutable {
    const auto found =
        std::find_if(verbs_.begin(), verbs_.end(), [&](const Pending& pending) { return pending.number == number; });
    if (found == verbs_.end()) return;
    found->timer = 0;
    late(number);
  });
  return number;
}

VerbReply PendingVerbs::take(uint64_t number) {
  const auto found =
      std::find_if(verbs_.begin(), verbs_.end(), [&](const Pending& pending) { return pending.number == number; });
  if (found == verbs_.end()) return {};
  VerbReply done = std::move(found->done);
  if (found->timer) loop_.cancel(found->timer);
  verbs_.erase(found);
  return done;
}

void PendingVerbs::answer(const VerbAnswer& answer) {
  std::vector<Pending> answered = std::exchange(verbs_, {});
  for (const Pending& pending : answered)
    if (pending.timer) loop_.cancel(pending.timer);
  for (Pending& pending : answered) pending.done(answer);
}

VerbReply PendingVerbs::bound(EventLoop& loop, Duration wait, UniqueFunction<std::optional<VerbAnswer>()> goes_on,
                              VerbReply done, VerbReply finished) {
  struct Bounded {
    VerbReply done, finished;
    EventLoop::TimerId timer = 0;
  };
  const auto reply = std::make_shared<Bounded>(Bounded{std::move(done), std::move(finished)});
  reply->timer = loop.at(loop.now() + wait, [reply, goes_on = std::move(goes_on)]() mutable {
    std::optional<VerbAnswer> answer = goes_on();
    if (!answer) return;
    VerbReply late = std::exchange(reply->done, {});
    late(std::move(*answer));
  });
  return [&loop, reply](VerbAnswer answer) {
    if (reply->done) {
      loop.cancel(reply->timer);
      reply->done(std::move(answer));
    } else if (reply->finished) {
      reply->finished(std::move(answer));
    }
  };
}

}  // namespace dormouse
