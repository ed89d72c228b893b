// What operators may ask of a component: each verb either happens, is already so, or is refused with the reason.
#include "components/component_state.h"

namespace dormouse {

std::string_view to_string(Verb verb) {
  constexpr std::string_view kNames[] = {"load", "unload", "trim", "park", "pin", "unpin"};
  return kNames[static_cast<size_t>(verb)];
}

void Component::answer_verbs(const Status& status, const std::string& explanation) {
  std::vector<Owned::PendingVerb> verbs;
  verbs.swap(owned_->verbs);
  for (Owned::PendingVerb& pending : verbs) pending.done(VerbAnswer{status, status.ok(), explanation, this->status()});
}

void Component::request(Verb verb, VerbOptions options, UniqueFunction<void(VerbAnswer)> done) {
  Owned& o = *owned_;
  const auto say = [&](Status status, bool changed, std::string explanation) {
    done(VerbAnswer{std::move(status), changed, std::move(explanation), this->status()});
  };
  const auto nothing = [&](std::string why) { say({}, false, std::move(why)); };
  const auto would = [&](std::string what) { say({}, false, "would " + std::move(what)); };
  if (o.stopping) return say(Status(Code::unavailable, "the host is stopping"), false, "");

  if (verb == Verb::pin || verb == Verb::unpin) {
    const bool pin = verb == Verb::pin;
    if (o.pinned == pin) return nothing(pin ? "is pinned already" : "is not pinned");
    if (options.dry_run) return would(pin ? "pin it: idleness would not take it down" : "unpin it");
    o.pinned = pin;
    publish();
    if (is_callable(o.state) || o.state == State::parked) arm_idle_timer();
    return say({}, true, pin ? "pinned" : "unpinned");
  }

  if (verb == Verb::load) {
    if (is_callable(o.state)) return nothing("is " + std::string(to_string(o.state)) + " already");
    if (options.dry_run) return would("load it");
    // The same way as everybody else's demand; the lease is dropped with the answer.
    on_demand(Demand{"control", /*retry_now=*/true, [this, done = std::move(done)](Result<Lease> lease) mutable {
                       done(VerbAnswer{lease.status(), lease.ok(), lease.ok() ? "loaded" : "", this->status()});
                     }});
    return;
  }

  // unload, park, trim
  const uint64_t leases = gate_.inside();
  switch (o.state) {
    case State::absent:
    case State::unloaded:
    case State::failed:
      return nothing("is " + std::string(to_string(o.state)) + ": there is nothing in memory");
    case State::resident:
      return nothing("is closed already; its code stays mapped: " + o.cause);
    case State::parked:
      if (verb != Verb::unload) return nothing("is parked already");
      if (options.dry_run) return would("close its library");
      o.verbs.push_back({verb, std::move(done)});
      return begin_unmap("asked to unload");
    case State::loading:
      if (!o.waiters.empty())
        return say(Error{Code::busy, "is being loaded", "component '" + spec_.name + "'", "no demand",
                         std::to_string(o.waiters.size()) + " waiting for the load", "try again once it is ready"},
                   false, "");
      if (options.dry_run) return would("give its load up");
      o.verbs.push_back({verb, std::move(done)});
      return give_up_load(Status(Code::unavailable, "asked to unload while loading"), /*by_operator=*/true);
    case State::draining:
    case State::closing:
      if (options.dry_run) return would("wait for what is under way");
      if (verb == Verb::unload) o.drain_target = IdleStep::unload;
      o.verbs.push_back({verb, std::move(done)});
      return;
    case State::ready:
    case State::trimmed:
      break;
  }
  if (o.pinned && verb != Verb::trim)
    return say(Error{Code::failed_precondition, "is pinned", "component '" + spec_.name + "'", "an unpinned component",
                     "pinned", "unpin it first"},
               false, "");
  if (verb == Verb::trim && o.state == State::trimmed) return nothing("is trimmed already");
  const auto busy = [&] {
    say(Error{Code::busy, "is in use", "component '" + spec_.name + "'", "no lease", std::to_string(leases) + " leases",
              "ask again with wait=MILLISECONDS, or later"},
        false, "");
  };
  if (options.dry_run) {
    if (leases > 0 && options.wait == Duration{}) return busy();
    return would(std::string(to_string(verb)) + " it" +
                 (leases ? " after " + std::to_string(leases) + " running calls" : ""));
  }
  if (o.trimming) {  // the gate is shut for a moment; it opens again in any case
    if (verb == Verb::trim) {
      o.verbs.push_back({verb, std::move(done)});
    } else {
      say(Error{Code::busy, "is being trimmed", "component '" + spec_.name + "'", {}, {}, "ask again"}, false, "");
    }
    return;
  }
  const std::string cause = "asked to " + std::string(to_string(verb));
  if (verb == Verb::trim) {
    if (!gate_.close_if_empty()) return busy();
    o.verbs.push_back({verb, std::move(done)});
    return begin_trim(cause);
  }
  const IdleStep target = verb == Verb::unload ? IdleStep::unload : IdleStep::park;
  if (options.wait == Duration{}) {
    if (!gate_.close_if_empty()) return busy();
    o.drain_target = target;
    o.drain_waits = true;
    o.verbs.push_back({verb, std::move(done)});
    change(State::draining, cause);
    return on_drained();
  }
  o.verbs.push_back({verb, std::move(done)});
  begin_drain(target, cause, options.wait);
}

}  // namespace dormouse
