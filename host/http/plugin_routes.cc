#include "http/plugin_routes.h"

#include <algorithm>

#include "http/plugin_document.h"
#include "http/query.h"

namespace dormouse {
namespace {

void answer_plugins(Responder responder, const PluginIndex::Snapshot& snapshot, Registry& registry) {
  const std::vector<ComponentStatus> components = registry.statuses();
  JsonText out;
  out.begin_object().key("plugins").begin_array();
  if (snapshot)
    for (const PluginEntry& plugin : *snapshot) write(out, plugin, components);
  out.end_array().key("next").null().end_object();
  responder.answer_json(out.take());
}

// What cannot be opened has no hash.
void with_plugins(PluginReads& plugins, Responder responder,
                  std::function<void(Responder, const PluginIndex::Snapshot&)> answer) {
  auto shared = std::make_shared<Responder>(std::move(responder));
  plugins.read([shared, answer = std::move(answer)](const Result<PluginIndex::Snapshot>& snapshot) {
    snapshot.ok() ? answer(std::move(*shared), *snapshot) : shared->fail(snapshot.status());
  });
}

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
  const PluginIndex::Snapshot now =
      index.with_hashes(change.dry_run ? index.look() : registry.scan_plugins("asked to scan", change.actor));
  const ScanCounts counts = compare(before, now);
  if (!change.dry_run) {
    for (const std::string& name : registry.names())
      if (const auto component = registry.find(name)) {
        component->notice_files();
        component->forget_failures();
      }
    if (registry.watches_files()) registry.take_changed_files();
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

}  // namespace

void answer_plugins(const HostView& host, PluginReads& plugins, Responder responder) {
  with_plugins(plugins, std::move(responder),
               [&registry = host.registry](Responder to, const PluginIndex::Snapshot& snapshot) {
                 answer_plugins(std::move(to), snapshot, registry);
               });
}

void answer_plugin(const HostView& host, PluginReads& plugins, const Request& request, Responder responder) {
  with_plugins(
      plugins, std::move(responder),
      [&registry = host.registry, id = request.capture("id")](Responder to, const PluginIndex::Snapshot& snapshot) {
        std::vector<std::string> known;
        for (const PluginEntry& plugin : *snapshot) {
          known.push_back(plugin.id);
          if (plugin.id != id) continue;
          JsonText out;
          write(out, plugin, registry.statuses());
          return to.answer_json(out.take());
        }
        to.fail(unknown_name("plugin", id, known));
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

}  // namespace dormouse
