// What operators may ask of a component: each verb happens, is so already, or is refused with the reason.
#include <algorithm>

#include "base/units.h"
#include "components/component_state.h"

namespace dormouse {
namespace {

constexpr size_t kVerbsMax = 256;  // of operators, waiting for one component

using Reply = UniqueFunction<void(VerbAnswer)>;

std::string count_of(uint64_t n, std::string_view noun) {
  return std::to_string(n) + " " + std::string(noun) + (n == 1 ? "" : "s");
}

}  // namespace

std::string_view to_string(Verb verb) {
  constexpr std::string_view kNames[] = {"load", "unload", "trim", "park", "reload", "pin", "unpin"};
  return kNames[static_cast<size_t>(verb)];
}

void Component::answer_verbs(const Status& status, const std::string& explanation) {
  std::vector<Owned::PendingVerb> verbs;
  verbs.swap(owned_->verbs);
  for (const Owned::PendingVerb& pending : verbs)
    if (pending.timer) context_.loop.cancel(pending.timer);
  for (Owned::PendingVerb& pending : verbs)
    pending.done(VerbAnswer{status, status.ok(), false, explanation, this->status()});
}

void Component::refuse(Reply& done, Error error) {
  error.object = "component '" + spec_.name + "'";
  done(VerbAnswer{Status(std::move(error)), false, false, {}, status()});
}

void Component::explain(Reply& done, bool changed, std::string explanation) {
  done(VerbAnswer{{}, changed, false, std::move(explanation), status()});
}

// The same reply within `wait`: what has not ended by then is answered as going on, and its end goes to `finished`. A
// drain that still waits for calls is not meant: await() takes it back at that very time.
Reply Component::bound(Verb verb, Duration wait, Reply done, Reply finished) {
  struct Bounded {
    Reply done, finished;
    EventLoop::TimerId timer = 0;
  };
  const auto reply = std::make_shared<Bounded>(Bounded{std::move(done), std::move(finished)});
  reply->timer = context_.loop.at(context_.loop.now() + wait, [this, reply, verb, wait] {
    const Owned& o = *owned_;
    if (o.state == State::draining && o.drain_waits && verb != Verb::load && !o.stopping) return;
    Reply late = std::exchange(reply->done, {});
    late(VerbAnswer{Error{Code::deadline_exceeded, "is not done with the " + std::string(to_string(verb)),
                          "component '" + spec_.name + "'", "an end within " + format_duration(wait),
                          "still " + std::string(to_string(o.state)) + "; it goes on",
                          "look at it later: dormouse ctl components " + spec_.name},
                    false, true, "the " + std::string(to_string(verb)) + " goes on", status()});
  });
  return [this, reply](VerbAnswer answer) {
    if (reply->done) {
      context_.loop.cancel(reply->timer);
      reply->done(std::move(answer));
    } else if (reply->finished) {
      reply->finished(std::move(answer));
    }
  };
}

void Component::request(Verb verb, VerbOptions options, Reply done, Reply finished) {
  if (owned_->stopping) return refuse(done, {.code = Code::unavailable, .message = "the host is stopping"});
  if (owned_->verbs.size() >= kVerbsMax)
    return refuse(
        done, {.code = Code::overloaded, .message = "too many verbs wait for it already", .remedy = "ask again later"});
  notice_use();
  if (options.wait > Duration{} && !options.dry_run)
    done = bound(verb, options.wait, std::move(done), std::move(finished));
  owned_->asking = options.actor;
  switch (verb) {
    case Verb::pin:
    case Verb::unpin:
      return request_pin(verb == Verb::pin, options, std::move(done));
    case Verb::load:
      return request_load(options, std::move(done));
    case Verb::reload:
      return request_reload(options, std::move(done));
    case Verb::trim:
    case Verb::park:
    case Verb::unload:
      return request_descent(verb, options, std::move(done));
  }
}

void Component::request_pin(bool pin, const VerbOptions& options, Reply done) {
  Owned& o = *owned_;
  if (o.pinned == pin) return explain(done, false, pin ? "is pinned already" : "is not pinned");
  if (options.dry_run)
    return explain(done, false, pin ? "would pin it: idleness could not take it down" : "would unpin it");
  o.pinned = pin;
  o.pinned_at.reset();
  o.pinned_by = {};
  if (pin) {
    o.pinned_at = std::chrono::system_clock::now();
    o.pinned_by = options.actor;
  }
  publish();
  context_.events.publish(pin ? "component.pinned" : "component.unpinned", spec_.name, {},
                          pin ? "asked to pin" : "asked to unpin", options.actor);
  policy_changed();
  explain(done, true, pin ? "pinned" : "unpinned");
}

// What a dry run can say of the memory: measured at the last load, else what the manifest promises.
std::string Component::what_it_takes() const {
  const ComponentStatus now = status();
  if (now.was_ready && now.loaded_private_bytes > 0)
    return "; its last load took " + format_bytes(static_cast<uint64_t>(now.loaded_private_bytes));
  const TypeManifest* type = nullptr;
  const PluginIndex::Snapshot known = context_.index.snapshot();
  for (size_t i = 0; known && i < known->size() && !type; ++i) {
    const PluginEntry& entry = (*known)[i];
    if (entry.id != spec_.plugin || !entry.manifest) continue;
    if (!spec_.version.empty() && entry.version != spec_.version) continue;
    if (const Result<const TypeManifest*> found = choose_type(spec_, *entry.manifest); found.ok()) type = *found;
  }
  if (!type || type->memory_estimate_bytes == 0) return "";
  return "; its manifest says it takes about " + format_bytes(type->memory_estimate_bytes);
}

void Component::request_load(const VerbOptions& options, Reply done) {
  if (is_callable(owned_->state))
    return explain(done, false, "is " + std::string(to_string(owned_->state)) + " already");
  if (options.dry_run) return explain(done, false, "would load it" + what_it_takes());
  // The same way as everybody else's demand; the lease is dropped with the answer.
  Demand demand{"control", /*retry_now=*/true, [this, done = std::move(done)](Result<Lease> lease) mutable {
                  const bool ok = lease.ok();
                  const Status status = lease.status();
                  if (ok) lease->release();
                  done(VerbAnswer{status, ok, false, ok ? "loaded" : "", this->status()});
                }};
  demand.actor = options.actor;
  on_demand(std::move(demand));
}

// Of a load that only operators asked for.
Status Component::give_up_asked_load(bool dry_run) {
  const Owned& o = *owned_;
  const std::string object = "component '" + spec_.name + "'";
  if (o.state != State::loading || !o.load->given_up.ok())
    return Error{Code::failed_precondition,
                 "has no load to give up",
                 object,
                 "a component that is being loaded",
                 o.state == State::loading ? "a load that was given up" : std::string(to_string(o.state)),
                 "look at it: dormouse ctl components " + spec_.name};
  const auto others = static_cast<uint64_t>(
      std::count_if(o.waiters.begin(), o.waiters.end(), [](const Demand& each) { return each.actor.empty(); }));
  if (others > 0 || o.waiters.empty())
    return Error{Code::busy,
                 "its load is wanted by others too",
                 object,
                 "no demand but that of operators",
                 o.waiters.empty() ? "a reload under way" : count_of(others, "other demand"),
                 "let it end: dormouse ctl components " + spec_.name};
  if (!dry_run)
    give_up_load(
        Error{
            Code::cancelled, "its load was given up", object, {}, {}, "load it again: dormouse ctl load " + spec_.name},
        /*by_operator=*/true);
  return {};
}

// Closes it and loads it again, with the plugin file and the model that are there now. Demand that comes meanwhile
// waits for the new one. What is not in memory needs no reload: its next load takes what is there.
void Component::request_reload(const VerbOptions& options, Reply done) {
  Owned& o = *owned_;
  const std::string cause = "asked to reload";
  switch (o.state) {
    case State::absent:
    case State::unloaded:
    case State::resident:
    case State::closing:
      if (!options.dry_run) notice_files();
      return explain(done, false, "is " + std::string(to_string(o.state)) + ": its next load takes what is there then");
    case State::draining:
      if (options.dry_run) return explain(done, false, "would wait for what is under way");
      return join_drain(Verb::reload, options, std::move(done));
    case State::failed:
      return request_load(options, std::move(done));
    case State::loading:
      return refuse(done, {.code = Code::busy,
                           .message = "is being loaded, perhaps with what was there before",
                           .needed = "a component that is ready",
                           .found = "loading",
                           .remedy = "try again once it is ready"});
    case State::parked:
      if (options.dry_run) return explain(done, false, "would load it again" + what_it_takes());
      await(Verb::reload, {}, std::move(done));
      return queue_load(cause);
    case State::ready:
    case State::trimmed:
      break;
  }
  const Duration drain = context_.policy_of(spec_.name).drain_timeout;
  const Duration wait = options.wait > Duration{} ? std::min(options.wait, drain) : drain;
  const bool waits = wait > Duration{};
  const uint64_t leases = gate_.inside();
  if (options.dry_run && (leases == 0 || waits))
    return explain(done, false,
                   "would reload it" + (leases ? " after " + count_of(leases, "running call") : "") + what_it_takes());
  if (options.dry_run || o.trimming || (!waits && !gate_.close_if_empty())) return refuse_busy(done);
  await(Verb::reload, wait, std::move(done));
  waits ? begin_drain(IdleStep::park, cause) : begin_close(IdleStep::park, cause);
}

// Trim, park and unload: what they come to depends on how far down the component is already.
void Component::request_descent(Verb verb, const VerbOptions& options, Reply done) {
  Owned& o = *owned_;
  if (o.pinned && verb != Verb::trim && (is_callable(o.state) || o.state == State::parked))
    return refuse(done, {.code = Code::failed_precondition,
                         .message = "is pinned",
                         .needed = "an unpinned component",
                         .found = "pinned",
                         .remedy = "unpin it first"});
  switch (o.state) {
    case State::absent:
    case State::unloaded:
    case State::failed:
      return explain(done, false, "is " + std::string(to_string(o.state)) + ": nothing of it is in memory");
    case State::resident:
      return explain(done, false, "is closed already; its code stays mapped: " + o.cause);
    case State::parked:
      if (verb != Verb::unload) return explain(done, false, "is parked already");
      if (options.dry_run) return explain(done, false, "would close its library");
      await(verb, {}, std::move(done));
      return begin_unmap("asked to unload");
    case State::loading:
      return request_end_of_load(verb, options, std::move(done));
    case State::draining:
    case State::closing:
      if (options.dry_run) return explain(done, false, "would wait for what is under way");
      return join_drain(verb, options, std::move(done));
    case State::ready:
    case State::trimmed:
      return request_descent_of_callable(verb, options, std::move(done));
  }
}

// Keeps a verb until the component has arrived somewhere, at most `wait` long when there is one. A drain that nobody
// waits for any more is given up; what the end of a drain leads to follows from the verbs that are still there
// (on_closed).
void Component::await(Verb verb, Duration wait, Reply done) {
  Owned& o = *owned_;
  o.verbs.push_back({verb, std::move(done), ++o.awaited, 0, o.asking});
  if (wait <= Duration{}) return;
  o.verbs.back().timer = context_.loop.at(context_.loop.now() + wait, [this, number = o.awaited] {
    Owned& o = *owned_;
    const auto late =
        std::find_if(o.verbs.begin(), o.verbs.end(), [&](const auto& verb) { return verb.number == number; });
    if (late == o.verbs.end() || o.state != State::draining || !o.drain_waits || o.stopping) return;
    Reply reply = std::move(late->done);
    o.verbs.erase(late);
    const uint64_t inside = gate_.inside();
    if (o.verbs.empty()) reopen("the wait for " + count_of(inside, "running call") + " ran out");
    refuse(reply, {.code = Code::busy,
                   .message = "is still in use",
                   .needed = "no lease",
                   .found = count_of(inside, "lease"),
                   .remedy = "wait longer, or stop what uses it"});
  });
}

// Somebody takes it down already. While that one waits for running calls, who asks without a wait is refused as on a
// component in use; and what could not be kept beside it (a trim, a park beside a reload) is refused too.
void Component::join_drain(Verb verb, const VerbOptions& options, Reply done) {
  Owned& o = *owned_;
  const bool reloads =
      std::any_of(o.verbs.begin(), o.verbs.end(), [](const auto& v) { return v.verb == Verb::reload; });
  const bool calls_run = o.state == State::draining && gate_.inside() > 0;
  if (calls_run && (options.wait <= Duration{} || verb == Verb::trim || (verb == Verb::park && reloads)))
    return refuse_busy(done);
  await(verb, calls_run ? options.wait : Duration{}, std::move(done));
}

// A load always has somebody who waits for it: demand, or the operator who asked for it. Only one that was given up
// already, and whose plugin has not returned yet, is waited for.
void Component::request_end_of_load(Verb verb, const VerbOptions& options, Reply done) {
  Owned& o = *owned_;
  if (o.load->given_up.ok())
    return refuse(done, {.code = Code::busy,
                         .message = "is being loaded",
                         .needed = "no demand",
                         .found = o.waiters.empty() ? "a reload under way"
                                                    : count_of(o.waiters.size(), "demand") + " waiting for the load",
                         .remedy = "try again once it is ready"});
  if (options.dry_run) return explain(done, false, "would wait for the end of a load that was given up");
  await(verb, {}, std::move(done));
}

void Component::request_descent_of_callable(Verb verb, const VerbOptions& options, Reply done) {
  Owned& o = *owned_;
  const std::string name(to_string(verb));
  if (verb == Verb::trim && o.state == State::trimmed) return explain(done, false, "is trimmed already");
  const uint64_t leases = gate_.inside();
  const bool waits = options.wait > Duration{} && verb != Verb::trim;
  if (options.dry_run && (leases == 0 || waits))
    return explain(done, false, "would " + name + " it" + (leases ? " after " + count_of(leases, "running call") : ""));
  if (o.trimming && verb == Verb::trim) {
    await(verb, {}, std::move(done));
    return;
  }
  if (!options.dry_run && !o.trimming) {
    if (waits) {
      await(verb, options.wait, std::move(done));
      return begin_drain(IdleStep::park, "asked to " + name);
    }
    if (gate_.close_if_empty()) {
      await(verb, {}, std::move(done));
      return verb == Verb::trim ? begin_trim("asked to trim") : begin_close(IdleStep::park, "asked to " + name);
    }
  }
  refuse_busy(done);
}

void Component::refuse_busy(Reply& done) {
  refuse(done, {.code = Code::busy,
                .message = owned_->trimming ? "is being trimmed" : "is in use",
                .needed = "no lease",
                .found = count_of(gate_.inside(), "lease"),
                .remedy = "ask again with wait=MILLISECONDS, or later"});
}

}  // namespace dormouse
