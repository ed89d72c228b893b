#include "http/host_changes.h"

#include <algorithm>

#include "http/documents.h"
#include "http/query.h"

namespace dormouse {
namespace {

constexpr size_t kReasonMax = 200;  // bytes; it stands in an event and in a line of the log

std::string counted(uint64_t count, std::string_view noun, std::string_view plural) {
  return std::to_string(count) + " " + std::string(count == 1 ? noun : plural);
}

Result<Change> read_change(const HostChanges& changes, const Request& request, std::string verb, std::string object) {
  const Result<Duration> wait = duration_of(request, "wait", changes.wait_max);
  if (!wait.ok()) return wait.status();
  const Result<bool> dry_run = flag_of(request, "dry_run");
  if (!dry_run.ok()) return dry_run.status();
  std::string reason = request.parameter("reason").value_or("");
  if (reason.size() > kReasonMax)
    return bad_parameter("reason", "at most " + std::to_string(kReasonMax) + " bytes",
                         std::to_string(reason.size()) + " bytes");
  // Verbs are asked for with the one token there is.
  return Change{std::move(verb), std::move(object), *dry_run, *wait, Actor{"local", request.id, std::move(reason)}};
}

// Runs `work` on the background thread, after what waits there already.
void run_in_background(const HostChanges& changes, Change change, Responder responder,
                       UniqueFunction<ChangeAnswer(const Change&)> work) {
  const auto claim = std::make_shared<WorkClaim>();
  const Operations::Ticket ticket = changes.operations->begin(change, std::move(responder), {.claim = claim});
  const Status taken =
      changes.background.submit([ticket, claim, change = std::move(change), work = std::move(work)]() mutable {
        if (claim->begin()) ticket.finish(work(change));
      });
  if (!taken.ok()) ticket.finish(ChangeAnswer::failed(taken));
}

// ---- components ----

ChangeAnswer answer_of(const VerbAnswer& answer) {
  JsonText component;
  write(component, answer.component);
  ChangeAnswer made;
  made.members = ",\"component\":" + component.text();
  if (!answer.status.ok()) {
    made.problem = Problem::of(answer.status);
    made.problem->members = std::move(made.members);
    return made;
  }
  made.members = ",\"generation\":" + std::to_string(answer.component.generation) + made.members;
  made.changed = answer.changed;
  made.explanation = answer.explanation;
  return made;
}

// Whether the verb would read the plugin file, so that a dry run has to look at it.
bool would_load(Verb verb, State state) {
  return verb == Verb::reload || (verb == Verb::load && !is_callable(state));
}

void request_verb(Registry& registry, Component& component, Verb verb, const VerbOptions& options,
                  const Operations::Ticket& ticket) {
  const auto finish = [ticket](const VerbAnswer& answer) { ticket.finish(answer_of(answer)); };
  registry.request(
      component, verb, options,
      [ticket, finish](const VerbAnswer& answer) { answer.goes_on ? ticket.go_on() : finish(answer); }, finish);
}

// A dry run that reads the plugin file, which may block on the disk: in the background, and then as any dry run.
void try_load(const HostChanges& changes, std::shared_ptr<Component> component, Verb verb, Change change,
              Responder responder) {
  const VerbOptions options{change.wait, change.dry_run, change.actor};
  const auto claim = std::make_shared<WorkClaim>();
  const Operations::Ticket ticket =
      changes.operations->begin(std::move(change), std::move(responder), {.claim = claim});
  const Status taken =
      changes.background.submit([&registry = changes.host.registry, component, verb, options, ticket, claim] {
        if (!claim->begin()) return;
        VerbAnswer answer;
        answer.status = registry.examine(component->spec());
        answer.component = component->status();
        if (!answer.status.ok()) return ticket.finish(answer_of(answer));
        request_verb(registry, *component, verb, options, ticket);
      });
  if (!taken.ok()) ticket.finish(ChangeAnswer::failed(taken));
}

// ---- scripts ----

// The members of `lists` behind a comma.
std::string members_of(const JsonText& object) {
  return "," + object.text().substr(1, object.text().size() - 2);
}

// "; generation 7 has 38 requests in flight": of those that still serve beside `serving`.
std::string still_busy(const std::vector<GenerationInfo>& generations, uint64_t serving) {
  std::string text;
  for (const GenerationInfo& each : generations)
    if (each.number != serving && each.in_flight > 0)
      text += "; generation " + std::to_string(each.number) + " has " + counted(each.in_flight, "request", "requests") +
              " in flight";
  return text;
}

// "serving generation 8: a.lua changed; generation 7 has 38 requests in flight; the files on disk differ ..."
std::string explain(const LoadReport& report, const std::vector<GenerationInfo>& generations, bool dry_run) {
  std::string text = (dry_run ? "would serve generation " : "serving generation ") + std::to_string(report.generation);
  if (report.text_of != 0) text += ", the scripts of generation " + std::to_string(report.text_of);
  text += ": ";
  if (report.changes.empty()) text += "no file changed";
  for (const std::string& change : report.changes) text += (&change == &report.changes.front() ? "" : ", ") + change;
  if (!dry_run) text += still_busy(generations, report.generation);
  if (!report.unlike_disk.empty())
    text += "; the files on disk " + std::string(dry_run ? "would differ" : "differ") +
            " from what serves: " + report.unlike_disk + "; to serve them again: dormouse ctl reload";
  return text;
}

ChangeAnswer answer_of(const LoadReport& report, const std::vector<GenerationInfo>& generations, bool dry_run) {
  JsonText lists;
  lists.begin_object();
  lists.member("generation", report.generation);
  if (report.text_of != 0) lists.member("text_of", report.text_of);
  write_list(lists, "changes", report.changes);
  lists.member("unlike_disk", report.unlike_disk);
  write_list(lists, "errors", report.errors);
  write_list(lists, "warnings", report.warnings);
  write_list(lists, "pool_changes", report.pool_changes);
  lists.end_object();
  ChangeAnswer answer;
  answer.members = members_of(lists);
  answer.changed = !dry_run;
  answer.explanation = explain(report, generations, dry_run);
  if (report.status.ok() && report.errors.empty()) return answer;
  const Status refused = !report.status.ok()
                             ? report.status
                             : Status(Error{.code = Code::failed_precondition,
                                            .message = "the scripts have faults: nothing was changed",
                                            .object = "scripts",
                                            .needed = "scripts without faults",
                                            .found = counted(report.errors.size(), "fault", "faults"),
                                            .remedy = "see errors, correct the files, then: dormouse ctl reload"});
  answer.problem = Problem::of(refused);
  answer.problem->members = std::move(answer.members);
  return answer;
}

// ---- plugins ----

struct ScanCounts {
  uint64_t files = 0, added = 0, gone = 0, unusable = 0;
};

ScanCounts compare(const PluginIndex::Snapshot& before, const PluginIndex::Snapshot& now) {
  const auto has = [](const PluginIndex::Snapshot& snapshot, const PluginEntry& wanted) {
    return snapshot && std::any_of(snapshot->begin(), snapshot->end(), [&](const PluginEntry& each) {
             return each.path == wanted.path && each.id == wanted.id && each.version == wanted.version;
           });
  };
  ScanCounts counts;
  for (const PluginEntry& each : *now) {
    ++counts.files;
    counts.unusable += !each.problem.ok();
    counts.added += !has(before, each);
  }
  if (before)
    for (const PluginEntry& each : *before) counts.gone += !has(now, each);
  return counts;
}

ChangeAnswer scan(Registry& registry, EventLog& events, const Change& change) {
  PluginIndex& index = registry.plugins();
  const PluginIndex::Snapshot before = index.snapshot();
  const PluginIndex::Snapshot now = index.with_hashes(change.dry_run ? index.look() : index.scan());
  const ScanCounts counts = compare(before, now);
  if (!change.dry_run) {
    for (const std::string& name : registry.names())
      if (const auto component = registry.find(name)) component->notice_files();
    events.publish(
        "plugins.scanned", "plugins",
        {{"files", counts.files}, {"added", counts.added}, {"gone", counts.gone}, {"unusable", counts.unusable}}, {},
        change.actor);
  }
  JsonText list;
  list.begin_object();
  list.member("files", counts.files).member("added", counts.added).member("gone", counts.gone);
  list.member("unusable", counts.unusable);
  list.key("plugins").begin_array();
  const std::vector<ComponentStatus> components = registry.statuses();
  for (const PluginEntry& plugin : *now) write(list, plugin, components);
  list.end_array().end_object();
  ChangeAnswer answer;
  answer.changed = !change.dry_run && counts.added + counts.gone > 0;
  answer.explanation = (change.dry_run ? "would find " : "found ") + counted(counts.files, "file", "files") + ", " +
                       std::to_string(counts.added) + " new, " + std::to_string(counts.gone) + " gone, " +
                       std::to_string(counts.unusable) + " unusable";
  answer.members = members_of(list);
  return answer;
}

// ---- caches ----

// A dry run counts what would go; a store that does not count the entries of a tag gets null.
ChangeAnswer purge(Caches& caches, EventLog& events, const Change& change, const std::optional<std::string>& tag) {
  const std::string* wanted = tag ? &*tag : nullptr;
  std::optional<uint64_t> entries;
  if (change.dry_run) {
    const Result<std::optional<uint64_t>> counted = caches.count(change.object, wanted);
    if (!counted.ok()) return ChangeAnswer::failed(counted.status());
    entries = *counted;
  } else {
    const Result<uint64_t> purged = caches.purge(change.object, wanted);
    if (!purged.ok()) return ChangeAnswer::failed(purged.status());
    entries = *purged;
    events.publish("cache.purged", change.object, {{"tag", tag.value_or("")}, {"entries", *entries}}, {}, change.actor);
  }
  ChangeAnswer answer;
  answer.changed = !change.dry_run && *entries > 0;
  JsonText out;
  out.begin_object();
  out.member("cache", change.object);
  tag ? out.member("tag", *tag) : out.key("tag").null();
  out.member("purged", change.dry_run ? 0 : *entries);
  entries ? out.member("entries", *entries) : out.key("entries").null();
  out.end_object();
  answer.members = members_of(out);
  const std::string what =
      entries ? counted(*entries, "entry", "entries") : "the entries, which the store does not count";
  answer.explanation =
      (change.dry_run ? "would forget " + what : what + " forgotten") + (tag ? ", tag '" + *tag + "'" : "");
  return answer;
}

}  // namespace

void change_component(const HostChanges& changes, Verb verb, const Request& request, Responder responder) {
  const std::string& name = request.capture("name");
  const std::shared_ptr<Component> component = changes.host.registry.find(name);
  if (!component) return responder.fail(unknown_name("component", name, changes.host.registry.names()));
  Result<Change> change = read_change(changes, request, std::string(to_string(verb)), name);
  if (!change.ok()) return responder.fail(change.status());
  const VerbOptions options{change->wait, change->dry_run, change->actor};
  if (options.dry_run && would_load(verb, component->status().state))
    return try_load(changes, component, verb, std::move(*change), std::move(responder));
  // The component bounds the verb itself and says what goes on; the wait here is only the last resort.
  if (change->wait > Duration{}) change->wait += std::chrono::seconds(1);
  Work work{.at = [component] { return std::string(to_string(component->status().state)); }};
  // What closes cannot be opened again; only a load can be taken back.
  if (verb == Verb::load)
    work.take_back = [&registry = changes.host.registry, component](bool dry_run, Work::TakenBack taken_back) {
      registry.give_up_load(*component, dry_run, std::move(taken_back));
    };
  const Operations::Ticket ticket =
      changes.operations->begin(std::move(*change), std::move(responder), std::move(work));
  request_verb(changes.host.registry, *component, verb, options, ticket);
}

void reload_scripts(const HostChanges& changes, const Request& request, Responder responder) {
  const std::string only = request.parameter("only").value_or("scripts");
  if (only != "scripts") return responder.fail(Status(bad_parameter("only", "scripts", only)));
  Result<Change> change = read_change(changes, request, "reload", "scripts");
  if (!change.ok()) return responder.fail(change.status());
  run_in_background(changes, std::move(*change), std::move(responder),
                    [&engine = changes.host.engine](const Change& asked) {
                      const LoadReport report = engine.load(asked.dry_run, asked.actor);
                      return answer_of(report, engine.generations(), asked.dry_run);
                    });
}

void roll_back_scripts(const HostChanges& changes, const Request& request, Responder responder) {
  Result<Change> change = read_change(changes, request, "rollback", "scripts");
  if (!change.ok()) return responder.fail(change.status());
  run_in_background(changes, std::move(*change), std::move(responder),
                    [&engine = changes.host.engine](const Change& asked) {
                      const LoadReport report = engine.rollback(asked.dry_run, asked.actor);
                      return answer_of(report, engine.generations(), asked.dry_run);
                    });
}

void scan_plugins(const HostChanges& changes, const Request& request, Responder responder) {
  Result<Change> change = read_change(changes, request, "scan", "plugins");
  if (!change.ok()) return responder.fail(change.status());
  run_in_background(changes, std::move(*change), std::move(responder),
                    [&registry = changes.host.registry, &events = changes.host.events](const Change& asked) {
                      return scan(registry, events, asked);
                    });
}

void purge_cache(const HostChanges& changes, const Request& request, Responder responder) {
  std::optional<std::string> tag = request.parameter("tag");
  if (tag && tag->empty()) return responder.fail(Status(bad_parameter("tag", "a tag", *tag)));
  Result<Change> change = read_change(changes, request, "purge", request.capture("name"));
  if (!change.ok()) return responder.fail(change.status());
  run_in_background(changes, std::move(*change), std::move(responder),
                    [&caches = changes.host.engine.caches(), &events = changes.host.events,
                     tag = std::move(tag)](const Change& asked) { return purge(caches, events, asked, tag); });
}

void cancel_operation(const HostChanges& changes, const Request& request, Responder responder) {
  Result<Change> change = read_change(changes, request, "cancel", request.capture("id"));
  if (!change.ok()) return responder.fail(change.status());
  const std::string id = change->object;
  const bool dry_run = change->dry_run;
  const Operations::Ticket ticket = changes.operations->begin(std::move(*change), std::move(responder));
  changes.operations->cancel(id, dry_run, [ticket](ChangeAnswer answer) { ticket.finish(std::move(answer)); });
}

}  // namespace dormouse
