#include "http/host_reads.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "http/attention.h"
#include "http/documents.h"
#include "http/memory_route.h"
#include "http/query.h"

namespace dormouse {
namespace {

void answer_json(Responder responder, JsonText&& document) {
  Response response;
  response.body = document.take();
  responder.answer(std::move(response));
}

void write_state_counts(JsonText& out, const std::vector<ComponentStatus>& components) {
  std::array<unsigned, kStateCount> counts{};
  for (const ComponentStatus& component : components) ++counts[static_cast<size_t>(component.state)];
  out.key("components").begin_object().member("total", components.size());
  for (size_t i = 0; i < kStateCount; ++i) out.member(kStateNames[i], counts[i]);
  out.end_object();
}

void write_recent(JsonText& out, const RecentNumbers& recent) {
  const auto add = [&out](std::string_view name, const std::optional<double>& number) {
    out.key(name);
    number ? out.value(*number) : out.null();
  };
  out.key("recent").begin_object();
  out.member("over_ms", std::chrono::duration_cast<std::chrono::milliseconds>(recent.over).count());
  out.member("requests", recent.requests);
  out.member("per_second", recent.per_second);
  add("failed_ratio", recent.failed_ratio);
  add("degraded_ratio", recent.degraded_ratio);
  add("p50_ms", recent.p50_ms);
  add("p95_ms", recent.p95_ms);
  add("p99_ms", recent.p99_ms);
  out.end_object();
}

// Null after an answer that there is none of that name.
std::shared_ptr<Component> find_component(const HostView& host, const Request& request, Responder& responder) {
  const std::string& name = request.capture("name");
  std::shared_ptr<Component> component = host.registry.find(name);
  if (!component) responder.fail(unknown_name("component", name, host.registry.names()));
  return component;
}

void answer_plugins(Responder responder, const PluginIndex::Snapshot& snapshot, Registry& registry) {
  const std::vector<ComponentStatus> components = registry.statuses();
  JsonText out;
  out.begin_object().key("plugins").begin_array();
  if (snapshot)
    for (const PluginEntry& plugin : *snapshot) write(out, plugin, components);
  out.end_array().key("next").null().end_object();
  answer_json(std::move(responder), std::move(out));
}

// What cannot be opened has no hash.
void with_plugins(PluginReads& plugins, Responder responder,
                  std::function<void(Responder, const PluginIndex::Snapshot&)> answer) {
  auto shared = std::make_shared<Responder>(std::move(responder));
  plugins.read([shared, answer = std::move(answer)](const Result<PluginIndex::Snapshot>& snapshot) {
    snapshot.ok() ? answer(std::move(*shared), *snapshot) : shared->fail(snapshot.status());
  });
}

}  // namespace

// ---- the host ----

void answer_status(const HostView& host, const RecentRequests& recent, Responder responder) {
  const Status ready = host.readiness ? host.readiness() : Status();
  JsonText out;
  out.begin_object();
  out.member("version", host.version);
  out.member("pid", ::getpid());
  out.member("uptime_ms",
             std::chrono::duration_cast<std::chrono::milliseconds>(host.clock.now() - host.started).count());
  out.member("ready", ready.ok());
  write(out.key("not_ready"), ready);
  out.member("in_flight", host.engine.in_flight());
  write_recent(out, recent.until(host.clock.now(), request_totals(host.metrics.snapshot())));
  out.key("generation");
  uint64_t serving = 0;
  for (const GenerationInfo& generation : host.engine.generations())
    if (generation.serving) serving = generation.number;
  out.value(serving);
  write_state_counts(out, host.registry.statuses());
  out.key("memory");
  write_memory_state(out, host);
  const std::vector<Attention> attention = attention_of(host);
  write_list(out, "attention", attention);
  out.key("files_differ").begin_array();
  if (host.files)
    for (const FileDifference& each : host.files->differences())
      out.begin_object()
          .member("kind", each.kind)
          .member("reason", each.reason)
          .member("since", utc_text(each.since))
          .end_object();
  out.end_array();
  out.member("last_event", host.events.last_sequence());
  out.end_object();
  answer_json(std::move(responder), std::move(out));
}

// ---- components ----

void answer_components(const HostView& host, Responder responder) {
  JsonText out;
  out.begin_object();
  write_list(out, "components", host.registry.statuses());
  out.key("next").null();
  out.end_object();
  answer_json(std::move(responder), std::move(out));
}

void answer_component(const HostView& host, const Request& request, Responder responder) {
  const std::shared_ptr<Component> component = find_component(host, request, responder);
  if (!component) return;
  JsonText out;
  write(out, component->status());
  answer_json(std::move(responder), std::move(out));
}

// ---- plugins ----

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
          return answer_json(std::move(to), std::move(out));
        }
        to.fail(unknown_name("plugin", id, known));
      });
}

// ---- scripts ----

void answer_pipelines(const HostView& host, Responder responder) {
  JsonText out;
  out.begin_object();
  write_list(out, "pipelines", host.engine.pipelines());
  out.key("next").null();
  out.end_object();
  answer_json(std::move(responder), std::move(out));
}

void answer_pipeline(const HostView& host, const Request& request, Responder responder) {
  const std::string& name = request.capture("name");
  std::vector<std::string> names;
  for (const PipelineInfo& info : host.engine.pipelines()) {
    if (info.name == name) {
      JsonText out;
      write(out, info);
      return answer_json(std::move(responder), std::move(out));
    }
    names.push_back(info.name);
  }
  responder.fail(unknown_name("pipeline", name, names));
}

void answer_generations(const HostView& host, Responder responder) {
  JsonText out;
  out.begin_object();
  write_list(out, "generations", host.engine.generations());
  out.key("next").null();
  out.end_object();
  answer_json(std::move(responder), std::move(out));
}

// ---- caches ----

void answer_caches(const HostView& host, Responder responder) {
  JsonText out;
  out.begin_object();
  write_list(out, "caches", host.engine.caches().status());
  out.key("next").null();
  out.end_object();
  answer_json(std::move(responder), std::move(out));
}

void answer_cache(const HostView& host, const Request& request, Responder responder) {
  const Result<CacheStatus> cache = host.engine.caches().status(request.capture("name"));
  if (!cache.ok()) return responder.fail(cache.status());
  JsonText out;
  write(out, *cache);
  answer_json(std::move(responder), std::move(out));
}

}  // namespace dormouse
