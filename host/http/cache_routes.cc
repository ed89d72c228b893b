#include "http/cache_routes.h"

#include "http/cache_document.h"
#include "http/document_parts.h"
#include "http/query.h"

namespace dormouse {
namespace {

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

void answer_caches(const HostView& host, Responder responder) {
  JsonText out;
  out.begin_object();
  write_list(out, "caches", host.engine.caches().status());
  out.key("next").null();
  out.end_object();
  responder.answer_json(out.take());
}

void answer_cache(const HostView& host, const Request& request, Responder responder) {
  const Result<CacheStatus> cache = host.engine.caches().status(request.capture("name"));
  if (!cache.ok()) return responder.fail(cache.status());
  JsonText out;
  write(out, *cache);
  responder.answer_json(out.take());
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

}  // namespace dormouse
