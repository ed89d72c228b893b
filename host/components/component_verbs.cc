#include "components/component_verbs.h"

#include <utility>

#include "base/object_names.h"
#include "base/units.h"

namespace dormouse {
namespace {

std::string count_of(uint64_t n, std::string_view noun) {
  return std::to_string(n) + " " + std::string(noun) + (n == 1 ? "" : "s");
}

}  // namespace

std::string_view to_string(Verb verb) {
  constexpr std::string_view kNames[] = {"load", "unload", "trim", "park", "reload", "pin", "unpin"};
  return kNames[static_cast<size_t>(verb)];
}

std::string ComponentVerbs::state_words() const {
  return std::string(to_string(life_.state()));
}

void ComponentVerbs::refuse(VerbReply& done, Error error) const {
  error.object = component_object(life_.name());
  done(VerbAnswer{Status(std::move(error)), false, false, {}, life_.status()});
}

void ComponentVerbs::explain(VerbReply& done, bool changed, std::string explanation) const {
  done(VerbAnswer{{}, changed, false, std::move(explanation), life_.status()});
}

void ComponentVerbs::refuse_busy(VerbReply& done) const {
  const bool trims = life_.current().is_trimming();
  refuse(done, {.code = Code::busy,
                .message = trims ? "is being trimmed" : "is in use",
                .needed = "no lease",
                .found = count_of(life_.current().leases(), "lease"),
                .remedy = "ask again with wait=MILLISECONDS, or later"});
}

// The same reply within `wait`: what has not ended by then is answered as going on, and its end goes to `finished`. A
// drain that still waits for calls is not meant: await() takes it back at that very time.
VerbReply ComponentVerbs::bound(Verb verb, Duration wait, VerbReply done, VerbReply finished) {
  const auto goes_on = [this, verb, wait]() -> std::optional<VerbAnswer> {
    if (life_.current().waits_for_leases() && verb != Verb::load && life_.ending().ok()) return std::nullopt;
    const std::string name(to_string(verb));
    const std::string now =
        life_.is_replacing() ? "a replacement opens; it goes on" : "still " + state_words() + "; it goes on";
    return VerbAnswer{Error{.code = Code::deadline_exceeded,
                            .message = "is not done with the " + name,
                            .object = component_object(life_.name()),
                            .needed = "an end within " + format_duration(wait),
                            .found = now,
                            .remedy = "look at it later: dormouse ctl components " + life_.name()},
                      false, true, "the " + name + " goes on", life_.status()};
  };
  return PendingVerbs::bound(life_.services().loop, wait, goes_on, std::move(done), std::move(finished));
}

void ComponentVerbs::request(Verb verb, VerbOptions options, VerbReply done, VerbReply finished) {
  if (!life_.ending().ok()) return refuse(done, {.code = Code::unavailable, .message = life_.ending().error().message});
  if (life_.verbs().size() >= PendingVerbs::kMax)
    return refuse(
        done, {.code = Code::overloaded, .message = "too many verbs wait for it already", .remedy = "ask again later"});
  life_.notice_use();
  if (options.wait > Duration{} && !options.dry_run)
    done = bound(verb, options.wait, std::move(done), std::move(finished));
  switch (verb) {
    case Verb::pin:
    case Verb::unpin:
      return pin(verb == Verb::pin, options, std::move(done));
    case Verb::load:
      return load(options, std::move(done));
    case Verb::reload:
      return reload({CauseKind::reload, "asked to reload"}, options, std::move(done));
    case Verb::trim:
    case Verb::park:
    case Verb::unload:
      return descend(verb, options, std::move(done));
  }
}

void ComponentVerbs::pin(bool pin, const VerbOptions& options, VerbReply done) {
  if (life_.is_pinned() == pin) return explain(done, false, pin ? "is pinned already" : "is not pinned");
  if (options.dry_run)
    return explain(done, false, pin ? "would pin it: idleness could not take it down" : "would unpin it");
  life_.set_pinned(pin, options.actor);
  explain(done, true, pin ? "pinned" : "unpinned");
}

// What a dry run can say of the memory: measured at the last load, else what the manifest promises.
std::string ComponentVerbs::what_it_takes() const {
  const ComponentStatus now = life_.status();
  if (now.was_ready && now.loaded_private_bytes > 0)
    return "; its last load took " + format_bytes(static_cast<uint64_t>(now.loaded_private_bytes));
  const uint64_t estimate = life_.services().carrier.memory_estimate(life_.spec());
  return estimate == 0 ? "" : "; its manifest says it takes about " + format_bytes(estimate);
}

void ComponentVerbs::load(const VerbOptions& options, VerbReply done) {
  if (is_callable(life_.state())) return explain(done, false, "is " + state_words() + " already");
  if (options.dry_run) return explain(done, false, "would load it" + what_it_takes());
  // The same way as everybody else's demand; the lease is dropped with the answer.
  Demand demand{"control", /*retry_now=*/true, [life = &life_, done = std::move(done)](Result<Lease> lease) mutable {
                  const bool ok = lease.ok();
                  const Status status = lease.status();
                  if (ok) lease->release();
                  done(VerbAnswer{status, ok, false, ok ? "loaded" : "", life->status()});
                }};
  demand.actor = options.actor;
  life_.on_demand(std::move(demand));
}

// Of a load that only operators asked for.
Status ComponentVerbs::give_up_load(bool dry_run) {
  const std::string object = component_object(life_.name());
  const Error given_up{.code = Code::cancelled,
                       .message = "its load was given up",
                       .object = object,
                       .remedy = "load it again: dormouse ctl load " + life_.name()};
  if (life_.is_replacing()) {
    if (!dry_run) life_.give_up_replacement(given_up);
    return {};
  }
  const bool loads = life_.state() == State::loading;
  if (!loads || !life_.current().given_up().ok())
    return Error{.code = Code::failed_precondition,
                 .message = "has no load to give up",
                 .object = object,
                 .needed = "a component that is being loaded",
                 .found = loads ? "a load that was given up" : state_words(),
                 .remedy = "look at it: dormouse ctl components " + life_.name()};
  const Waiters& waiters = life_.waiters();
  if (waiters.of_requests() > 0 || waiters.empty())
    return Error{.code = Code::busy,
                 .message = "its load is wanted by others too",
                 .object = object,
                 .needed = "no demand but that of operators",
                 .found = waiters.empty() ? "a reload under way" : count_of(waiters.of_requests(), "other demand"),
                 .remedy = "let it end: dormouse ctl components " + life_.name()};
  if (!dry_run) life_.give_up_load(given_up, /*by_operator=*/true);
  return {};
}

void ComponentVerbs::take_changed_files() {
  reload({CauseKind::changed_file, "plugins.watch found a changed file"}, {}, [](const VerbAnswer&) {});
}

// Takes the plugin file and the model that are there now. What is not in memory needs no reload: its next load takes
// what is there.
void ComponentVerbs::reload(Cause cause, const VerbOptions& options, VerbReply done) {
  switch (life_.state()) {
    case State::absent:
    case State::unloaded:
    case State::resident:
    case State::closing:
      if (!options.dry_run) life_.on_files();
      return explain(done, false, "is " + state_words() + ": its next load takes what is there then");
    case State::draining:
      if (options.dry_run) return explain(done, false, "would wait for what is under way");
      return join_drain(Verb::reload, options, std::move(done));
    case State::failed:
      return load(options, std::move(done));
    case State::loading:
      return refuse(done, {.code = Code::busy,
                           .message = "is being loaded, perhaps with what was there before",
                           .needed = "a component that is ready",
                           .found = "loading",
                           .remedy = "try again once it is ready"});
    case State::parked:
      if (options.dry_run) return explain(done, false, "would load it again" + what_it_takes());
      await(Verb::reload, {}, options, std::move(done));
      return life_.load(std::move(cause));
    case State::ready:
    case State::trimmed:
      break;
  }
  if (const Status may = life_.may_replace(); !may.ok()) return refuse(done, may.error());
  std::string why = life_.services().carrier.reason_to_close_first(life_.spec());
  if (why.empty() && life_.policy().reload == ReloadMode::close_first) why = "its pool says reload = \"close_first\"";
  if (why.empty()) return replace(std::move(cause), options, std::move(done));
  close_and_reload(std::move(cause), why, options, std::move(done));
}

// Opens the new one beside the old one, which serves until then.
void ComponentVerbs::replace(Cause cause, const VerbOptions& options, VerbReply done) {
  if (life_.current().is_trimming()) return refuse_busy(done);
  if (options.dry_run) {
    const uint64_t leases = life_.current().leases();
    return explain(done, false,
                   "would open a new one beside it" + what_it_takes() +
                       (leases ? "; " + count_of(leases, "running call") + " would end on the old one" : ""));
  }
  life_.replace(std::move(cause), options.actor, std::move(done));
}

// Closes it and loads it again, when the files that are there now can be loaded. Demand that comes meanwhile waits for
// the new one.
void ComponentVerbs::close_and_reload(Cause cause, const std::string& why, const VerbOptions& options, VerbReply done) {
  const Duration drain = life_.policy().drain_timeout;
  const Duration wait = options.wait > Duration{} ? std::min(options.wait, drain) : drain;
  const bool waits = wait > Duration{};
  const uint64_t leases = life_.current().leases();
  if (options.dry_run && (leases == 0 || waits))
    return explain(done, false,
                   "would close it first (" + why + "), and load it again" +
                       (leases ? " after " + count_of(leases, "running call") : "") + what_it_takes());
  if (options.dry_run || life_.current().is_trimming()) return refuse_busy(done);
  if (!waits && leases > 0) return refuse_busy(done);
  cause.words += "; closed first: " + why;
  // What serves is not closed for files that no load would take.
  life_.examine([this, cause = std::move(cause), wait, options, done = std::move(done)](const Status& fits) mutable {
    if (!life_.ending().ok())
      return refuse(done, {.code = Code::unavailable, .message = life_.ending().error().message});
    if (!fits.ok()) return life_.refuse_replacement(fits, options.actor, std::move(done));
    if (!is_callable(life_.state())) return reload(std::move(cause), options, std::move(done));
    if (life_.current().is_trimming()) return refuse_busy(done);
    await(Verb::reload, wait, options, std::move(done));
    life_.drain(IdleStep::park, std::move(cause));
  });
}

// Trim, park and unload: what they come to depends on how far down the component is already.
void ComponentVerbs::descend(Verb verb, const VerbOptions& options, VerbReply done) {
  if (life_.is_pinned() && verb != Verb::trim && (is_callable(life_.state()) || life_.state() == State::parked))
    return refuse(done, {.code = Code::failed_precondition,
                         .message = "is pinned",
                         .needed = "an unpinned component",
                         .found = "pinned",
                         .remedy = "unpin it first"});
  switch (life_.state()) {
    case State::absent:
    case State::unloaded:
    case State::failed:
      return explain(done, false, "is " + state_words() + ": nothing of it is in memory");
    case State::resident:
      return explain(done, false, "is closed already; its code stays mapped: " + life_.current().cause().words);
    case State::parked:
      if (verb != Verb::unload) return explain(done, false, "is parked already");
      if (options.dry_run) return explain(done, false, "would close its library");
      await(verb, {}, options, std::move(done));
      return life_.unmap({CauseKind::verb, "asked to unload"});
    case State::loading:
      return end_load(verb, options, std::move(done));
    case State::draining:
    case State::closing:
      if (options.dry_run) return explain(done, false, "would wait for what is under way");
      return join_drain(verb, options, std::move(done));
    case State::ready:
    case State::trimmed:
      return descend_from_callable(verb, options, std::move(done));
  }
}

void ComponentVerbs::descend_from_callable(Verb verb, const VerbOptions& options, VerbReply done) {
  const std::string name(to_string(verb));
  Incarnation& current = life_.current();
  if (verb == Verb::trim && current.state() == State::trimmed) return explain(done, false, "is trimmed already");
  if (life_.is_replacing()) {
    if (verb != Verb::unload)
      return refuse(done, {.code = Code::busy,
                           .message = "is being replaced",
                           .needed = "no replacement under way",
                           .found = "one that opens",
                           .remedy = "try again once it serves"});
    if (options.dry_run) return explain(done, false, "would give up its replacement, and unload it");
  }
  const uint64_t leases = current.leases();
  const bool waits = options.wait > Duration{} && verb != Verb::trim;
  if (options.dry_run && (leases == 0 || waits))
    return explain(done, false, "would " + name + " it" + (leases ? " after " + count_of(leases, "running call") : ""));
  if (current.is_trimming() && verb == Verb::trim) {
    await(verb, {}, options, std::move(done));
    return;
  }
  if (options.dry_run || current.is_trimming() || (!waits && leases > 0)) return refuse_busy(done);
  if (life_.is_replacing())
    life_.give_up_replacement(
        Error{.code = Code::busy, .message = "was not replaced, because an unload was asked for"});
  const Cause cause{CauseKind::verb, "asked to " + name};
  if (waits) {
    await(verb, options.wait, options, std::move(done));
    return life_.drain(IdleStep::park, cause);
  }
  const uint64_t number = await(verb, {}, options, std::move(done));
  if (verb == Verb::trim ? life_.trim_if_idle(cause) : life_.drain_if_idle(IdleStep::park, cause)) return;
  VerbReply reply = life_.verbs().take(number);  // a lease has come since they were counted
  refuse_busy(reply);
}

// Keeps a verb until the component has arrived somewhere, at most `wait` long when there is one. A drain that nobody
// waits for any more is given up; what the end of a drain leads to follows from the verbs that are still there.
uint64_t ComponentVerbs::await(Verb verb, Duration wait, const VerbOptions& options, VerbReply done) {
  return life_.verbs().add(verb, wait, std::move(done), options.actor, [this](uint64_t number) {
    if (!life_.current().waits_for_leases() || !life_.ending().ok()) return;
    VerbReply reply = life_.verbs().take(number);
    const uint64_t inside = life_.current().leases();
    if (life_.verbs().empty())
      life_.reopen({CauseKind::use, "the wait for " + count_of(inside, "running call") + " ran out"});
    refuse(reply, {.code = Code::busy,
                   .message = "is still in use",
                   .needed = "no lease",
                   .found = count_of(inside, "lease"),
                   .remedy = "wait longer, or stop what uses it"});
  });
}

// Somebody takes it down already. While that one waits for running calls, who asks without a wait is refused as on a
// component in use; and what could not be kept beside it (a trim, a park beside a reload) is refused too.
void ComponentVerbs::join_drain(Verb verb, const VerbOptions& options, VerbReply done) {
  const bool reloads = life_.verbs().any(Verb::reload);
  const bool calls_run = life_.state() == State::draining && life_.current().leases() > 0;
  if (calls_run && (options.wait <= Duration{} || verb == Verb::trim || (verb == Verb::park && reloads)))
    return refuse_busy(done);
  await(verb, calls_run ? options.wait : Duration{}, options, std::move(done));
}

// A load always has somebody who waits for it: demand, or the operator who asked for it. Only one that was given up
// already, and whose plugin has not returned yet, is waited for.
void ComponentVerbs::end_load(Verb verb, const VerbOptions& options, VerbReply done) {
  const Waiters& waiters = life_.waiters();
  if (life_.current().given_up().ok())
    return refuse(done, {.code = Code::busy,
                         .message = "is being loaded",
                         .needed = "no demand",
                         .found = waiters.empty() ? "a reload under way"
                                                  : count_of(waiters.size(), "demand") + " waiting for the load",
                         .remedy = "try again once it is ready"});
  if (options.dry_run) return explain(done, false, "would wait for the end of a load that was given up");
  await(verb, {}, options, std::move(done));
}

}  // namespace dormouse
