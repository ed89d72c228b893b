// A component's way up: a load on demand, its failure and back-off; and replacement beside what serves.
#include <algorithm>
#include <utility>

#include "base/object_names.h"
#include "components/component_life.h"
#include "components/component_metrics.h"
#include "components/load_failure.h"

namespace dormouse {

void ComponentLife::load(Cause cause) {
  stop_timers();
  current_->load(++loads_, std::move(cause), policy());
}

void ComponentLife::give_up_load(const Status& why, bool by_operator) {
  current_->give_up(why, by_operator);
}

void ComponentLife::on_ready(Incarnation& of) {
  last_error_ = {};
  backoff_.succeeded();
  serves(of);
  publish();
  open_gate();
  answer_verbs({}, "loaded");
  arm_idle_timer();
}

// What follows for this component when one of its incarnations is ready and will be called.
void ComponentLife::serves(Incarnation& of) {
  was_ready_ = true;
  replacement_.succeeded();
  served_identity_ = of.files_identity();
  component_->set_stamp(of.facts()->stamp);
  component_->set_last_used(of.ready_at());
  count_load();
  of.loaded()->follow(policy());  // it may have changed while the load ran
}

// The waiters are answered at once; the plugin's own open is asked to stop and its result is undone whenever it
// returns.
void ComponentLife::on_given_up(Incarnation& of, const Status& why) {
  Error error = why.error();
  if (!of.was_given_up_by_operator()) error.code = Code::load_failed;
  refuse_waiters(Status(std::move(error)));
  publish();
}

void ComponentLife::on_load_failed(Incarnation& of, const Status& why) {
  if (of.was_given_up_by_operator()) {
    of.settle({CauseKind::load_given_up, "given up: " + why.to_string()});
    if (state() == State::unloaded) {
      count_unload(CauseKind::load_given_up);
      answer_verbs({}, "its load was given up and undone");
    } else {
      answer_verbs({}, "its load was given up; its code stays mapped: " + of.cause().words);
    }
  } else {
    fail(why);
  }
  move_on();
}

void ComponentLife::fail(const Status& why) {
  backoff_.failed(services_.loop.now(), current_->files_identity());
  last_error_ = Status(as_load_failure(name(), why.error()));
  services_.metrics.counter(kComponentLoadFailures, {{"component", name()}}).add();
  current_->fail({CauseKind::load_failed, last_error_.to_string_within(component_object(name()))});
  refuse_waiters(last_error_);
  answer_verbs(last_error_, "");
  if (!spec().preload || !ending_.ok()) return;
  retry_timer_ = services_.loop.at(backoff_.retry_at(), [this] {
    retry_timer_ = 0;
    if (state() == State::failed && ending_.ok()) load({CauseKind::demand, "preload"});
  });
}

void ComponentLife::count_load() const {
  const LoadTimes& times = current_->load_times();
  services_.metrics.histogram(kComponentLoadSeconds, {{"component", name()}}).observe(current_->load_took());
  const auto spent = [&](const char* phase, Duration time) {
    services_.metrics.counter(kComponentLoadPhase, {{"component", name()}, {"phase", phase}})
        .add(static_cast<uint64_t>(std::max<int64_t>(time.count(), 0)));
  };
  spent("queue", times.queued);
  spent("prepare", times.prepare);
  spent("map", times.map);
  spent("open", times.open);
}

// ---- replacement ----

LeaseSlot* ComponentLife::free_slot() {
  for (size_t i = 0; i < Component::kSlots; ++i) {
    LeaseSlot& slot = component_->slot(i);
    const bool drains =
        std::any_of(retired_.begin(), retired_.end(), [&](const auto& old) { return &old->slot() == &slot; });
    if (&slot != &current_->slot() && !drains) return &slot;
  }
  return nullptr;
}

Error ComponentLife::no_free_slot() const {
  std::string holders;
  for (const auto& old : retired_) {
    const Incarnation& incarnation = old->incarnation();
    holders += (holders.empty() ? "incarnation " : ", incarnation ") + std::to_string(incarnation.number()) + " with " +
               std::to_string(incarnation.leases()) + (incarnation.leases() == 1 ? " lease" : " leases");
  }
  return {.code = Code::busy,
          .message = "cannot be replaced yet: those that were replaced before still drain",
          .object = component_object(name()),
          .needed = "at most one that drains",
          .found = holders,
          .remedy = "try again later, or lower drain_timeout in dm.pool"};
}

Status ComponentLife::may_replace() {
  const std::string object = component_object(name());
  if (replacement_.is_under_way())
    return Error{.code = Code::busy,
                 .message = "is being replaced already, perhaps with what was there before",
                 .object = object,
                 .needed = "no replacement under way",
                 .found = "incarnation " + std::to_string(replacement_.incarnation()->number()) + " that opens",
                 .remedy = "try again once it serves"};
  if (is_examined_)
    return Error{.code = Code::busy,
                 .message = "is being replaced already, perhaps with what was there before",
                 .object = object,
                 .needed = "no replacement under way",
                 .found = "files that are examined",
                 .remedy = "try again once it serves"};
  return free_slot() ? Status() : Status(no_free_slot());
}

void ComponentLife::replace(Cause cause, const Actor& actor, VerbReply done) {
  answer_replaced("the old one is being closed");  // who waits for that of the last one
  if (done) replacement_verbs_.add(Verb::reload, {}, std::move(done), actor, {});
  if (idle_timer_) services_.loop.cancel(std::exchange(idle_timer_, 0));
  tell("replacing", {{"generation", current_->number()}, {"incarnation", loads_ + 1}}, cause.words);
  LeaseSlot& slot = *free_slot();
  replacement_.begin(slot, ++loads_, std::move(cause), policy());
}

void ComponentLife::examine(UniqueFunction<void(const Status&)> done) {
  is_examined_ = true;
  examined_identity_ = services_.carrier.files_identity(spec());
  services_.carrier.prepare(spec(), [this, done = std::move(done)](Result<std::unique_ptr<Loaded>> prepared) mutable {
    is_examined_ = false;
    done(prepared.status());
    if (!ending_.ok()) move_on();
  });
}

void ComponentLife::refuse_replacement(const Status& why, const Actor& actor, VerbReply done) {
  replacement_.remember(why, examined_identity_);
  replacement_verbs_.add(Verb::reload, {}, std::move(done), actor, {});
  on_replacement_failed(why, /*given_up=*/false);
}

void ComponentLife::give_up_replacement(const Status& why) {
  replacement_.give_up(why, /*by_operator=*/true);
}

void ComponentLife::on_replacement_ready(std::unique_ptr<Incarnation> next) {
  std::unique_ptr<Incarnation> old = std::exchange(current_, std::move(next));
  current_->set_owner(*this);
  serves(*current_);
  on_change(*current_);
  open_gate();
  services_.metrics.counter(kComponentReplacements, {{"component", name()}, {"result", "replaced"}}).add();
  const uint64_t leases = old->leases();
  const std::string number = std::to_string(current_->number());
  retired_.push_back(std::make_unique<Retirement>(std::move(old), services_, *this));
  retired_.back()->begin({CauseKind::reload, "replaced by incarnation " + number}, policy().drain_timeout,
                         Error{.code = Code::unavailable,
                               .message = "was cancelled: its component was replaced, and drain_timeout has passed",
                               .object = component_object(name()),
                               .remedy = "ask again; the new incarnation serves"});
  // Otherwise its end comes soon, and belongs into the answer.
  if (leases > 0)
    answer_replaced(std::to_string(leases) + (leases == 1 ? " call ends on the old one" : " calls end on the old one"));
  arm_idle_timer();
}

void ComponentLife::answer_replaced(const std::string& of_the_old) {
  if (replacement_verbs_.empty() || replacement_.is_under_way()) return;
  replacement_verbs_.answer({{},
                             true,
                             false,
                             "replaced: incarnation " + std::to_string(current_->number()) + " serves; " + of_the_old,
                             status()});
}

void ComponentLife::on_replacement_failed(const Status& why, bool given_up) {
  if (!given_up) {
    services_.metrics.counter(kComponentReplacements, {{"component", name()}, {"result", "failed"}}).add();
    const Duration in = std::max(Duration{}, replacement_.retry_at() - services_.loop.now());
    tell("replacement_failed",
         {{"generation", current_->number()},
          {"error", why.to_string()},
          {"retry_in_ms", std::chrono::duration_cast<std::chrono::milliseconds>(in).count()}},
         "its replacement could not be loaded; incarnation " + std::to_string(current_->number()) + " goes on");
  }
  publish();
  Error error = given_up ? why.error() : as_load_failure(name(), why.error());
  error.object = component_object(name());
  error.remedy = (error.remedy.empty() ? "" : error.remedy + "; ") + std::string("what served before goes on");
  if (!replacement_verbs_.empty()) replacement_verbs_.answer({Status(std::move(error)), false, false, "", status()});
  if (!ending_.ok()) return move_on();
  if (is_callable(state())) arm_idle_timer();
}

void ComponentLife::on_retired(Retirement& of) {
  const Incarnation& old = of.incarnation();
  EventFields fields{{"generation", current_->number()},
                     {"from", old.number()},
                     {"to", current_->number()},
                     {"drained_ms", std::chrono::duration_cast<std::chrono::milliseconds>(of.drained_in()).count()},
                     {"bytes_returned", old.returned_resident_bytes()}};
  if (of.cancelled_calls()) fields.emplace_back("calls_cancelled", true);
  if (!of.objection().ok()) fields.emplace_back("objection", of.objection().to_string());
  std::string end = "the code is gone";
  if (old.is_shared()) {
    end = "the code serves on, for it is the same";
  } else if (old.state() == State::resident) {
    end = "the code stays mapped: " + old.cause().words;
    services_.metrics.counter(kComponentKept, {{"component", name()}}).add();
  } else {
    count_unload(CauseKind::reload);
  }
  tell("replaced", std::move(fields), end);
  answer_replaced("of the old one " + end);
  const auto found =
      std::find_if(retired_.begin(), retired_.end(), [&](const auto& each) { return each.get() == &of; });
  const std::shared_ptr<Retirement> gone = std::move(*found);
  retired_.erase(found);
  services_.loop.post([gone] {});  // it is in the middle of telling so
  publish();
  if (!ending_.ok()) move_on();
}

}  // namespace dormouse
