#include "http/documents.h"

#include <cstdio>
#include <ctime>
#include <optional>

#include "artifacts/plugin_file.h"
#include "http/pipeline_request.h"

namespace dormouse {
namespace {

double ms_of(Duration duration) {
  // Microseconds are as fine as anybody reads; whole numbers stay whole in the text.
  return static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(duration).count()) / 1000;
}

int64_t whole_ms(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

void write_ms(JsonText& out, std::string_view name, bool known, Duration duration) {
  out.key(name);
  known ? out.value(whole_ms(duration)) : out.null();
}

void write_ms(JsonText& out, std::string_view name, const std::optional<Duration>& duration) {
  write_ms(out, name, duration.has_value(), duration.value_or(Duration::zero()));
}

void write_load_times(JsonText& out, const LoadTimes& times) {
  out.key("load_ms").begin_object();
  out.member("queued", ms_of(times.queued));
  out.member("prepare", ms_of(times.prepare));
  out.member("map", ms_of(times.map));
  out.member("open", ms_of(times.open));
  out.end_object();
}

void write_bytes(JsonText& out, const ComponentStatus& component) {
  out.key("bytes").begin_object();
  out.member("mapped", component.mapped_bytes);
  out.member("heap", component.loaded_heap_bytes);
  out.member("private", component.loaded_private_bytes);
  out.member("estimate", component.loaded_estimate);
  out.member("returned", component.returned_resident_bytes);
  out.member("returned_private", component.returned_private_bytes);
  out.member("returned_estimate", component.returned_estimate);
  out.end_object();
}

}  // namespace

std::string utc_text(std::chrono::system_clock::time_point at) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
  const auto second = static_cast<time_t>(ms / 1000);
  tm parts{};
  gmtime_r(&second, &parts);
  char text[96];
  snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900, parts.tm_mon + 1,
           parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, static_cast<int>(ms % 1000));
  return text;
}

void write_list(JsonText& out, std::string_view name, const std::vector<std::string>& items) {
  out.key(name).begin_array();
  for (const std::string& item : items) out.value(item);
  out.end_array();
}

void write(JsonText& out, const OverdueCall& call) {
  out.begin_object().member("method", call.method).member("request", call.request);
  write_ms(out, "age_ms", true, call.age);
  out.end_object();
}

void write(JsonText& out, const PoolChange& change) {
  out.begin_object()
      .member("component", change.component)
      .member("key", change.key)
      .member("from", change.from)
      .member("to", change.to)
      .member("acts", change.at_once ? "at_once" : "next_load")
      .end_object();
}

// Incarnations that are not the current one: a replacement that opens, and those that were replaced and drain.
void write_beside(JsonText& out, const std::vector<IncarnationStatus>& incarnations) {
  out.key("beside").begin_array();
  for (const IncarnationStatus& each : incarnations)
    out.begin_object()
        .member("incarnation", each.number)
        .member("state", to_string(each.state))
        .member("cause", each.cause)
        .member("version", each.version)
        .member("sha256", each.plugin_sha256)
        .member("model_sha256", each.model_sha256)
        .member("leases", each.leases)
        .end_object();
  out.end_array();
}

void write_failed_replacement(JsonText& out, const std::optional<FailedReplacement>& failed) {
  out.key("failed_replacement");
  if (!failed) {
    out.null();
    return;
  }
  out.begin_object();
  write(out.key("error"), failed->error);
  out.member("failures", failed->failures);
  write_ms(out, "retry_in_ms", failed->retry_in);
  out.end_object();
}

void write(JsonText& out, const ComponentStatus& component) {
  const bool callable = is_callable(component.state);
  out.begin_object();
  out.member("name", component.name);
  out.member("type", component.type);
  out.member("plugin", component.plugin);
  out.member("version", component.version);
  out.member("state", to_string(component.state));
  out.member("cause", component.cause);
  out.member("class", to_string(component.safety));
  out.member("generation", component.generation);
  out.member("incarnation", component.generation);
  out.member("sha256", component.plugin_sha256);
  out.member("model", component.model_path);
  out.member("model_sha256", component.model_sha256);
  out.member("leases", component.leases);
  out.member("pinned", component.pinned);
  out.member("waiters", component.waiters);
  out.member("threads", component.threads);
  write_ms(out, "idle_ms", callable, component.idle);
  write_ms(out, "unload_in_ms", callable ? component.unload_in : std::nullopt);
  write_ms(out, "retry_in_ms", component.retry_in);
  write_bytes(out, component);
  out.member("unmapping_proven", component.unmapping_proven);
  write_load_times(out, component.load_times);
  write_list(out, "class_reasons", component.safety_reasons);
  write_list(out, "pinned_dependencies", component.pinned_dependencies);
  write_list(out, "ledger", component.ledger);
  write_list(out, "overdue", component.overdue);
  write(out.key("last_error"), component.last_error);
  write_beside(out, component.beside);
  write_failed_replacement(out, component.failed_replacement);
  out.end_object();
}

void write_users(JsonText& out, const PluginEntry& plugin, const std::vector<ComponentStatus>& components) {
  out.key("in_use").begin_array();
  std::string now;
  for (const ComponentStatus& component : components) {
    if (component.plugin_path != plugin.path) continue;
    if (now.empty()) now = file_identity(plugin.path);
    out.begin_object()
        .member("component", component.name)
        .member("current", component.plugin_identity == now)
        .end_object();
  }
  out.end_array();
}

void write(JsonText& out, const PluginEntry& plugin, const std::vector<ComponentStatus>& components) {
  out.begin_object();
  out.member("id", plugin.id);
  out.member("version", plugin.version);
  out.member("path", plugin.path);
  out.member("sha256", plugin.sha256);
  out.member("usable", plugin.problem.ok());
  out.member("class", to_string(plugin.safety.safety));
  write_list(out, "class_reasons", plugin.safety.reasons);
  write_list(out, "pinned_dependencies", plugin.safety.pinned_dependencies);
  out.key("types").begin_array();
  if (plugin.manifest)
    for (const TypeManifest& type : plugin.manifest->types) out.value(type.name);
  out.end_array();
  write_users(out, plugin, components);
  write(out.key("problem"), plugin.problem);
  out.end_object();
}

void write(JsonText& out, const PipelineInfo& pipeline) {
  out.begin_object();
  out.member("name", pipeline.name);
  out.member("file", pipeline.file);
  out.member("generation", pipeline.generation);
  out.member("input", pipeline.input.to_string());
  out.member("output", pipeline.output.to_string());
  write_ms(out, "deadline_ms", true, pipeline.deadline);
  out.key("stages").begin_array();
  for (const PipelineInfo::Stage& stage : pipeline.stages) {
    out.begin_object().member("path", stage.path).member("kind", stage.kind);
    if (!stage.component.empty()) out.member("component", stage.component);
    if (!stage.method.empty()) out.member("method", stage.method);
    if (!stage.cache.empty()) out.member("cache", stage.cache);
    out.end_object();
  }
  out.end_array();
  write_list(out, "components", pipeline.components);
  write(out.key("problem"), pipeline.problem);
  out.end_object();
}

void write(JsonText& out, const GenerationInfo& generation) {
  out.begin_object();
  out.member("number", generation.number);
  out.member("serving", generation.serving);
  out.member("in_flight", generation.in_flight);
  write_list(out, "files", generation.files);
  out.end_object();
}

void write_policy(JsonText& out, const CachePolicy& policy) {
  out.key("policy").begin_object();
  out.member("eviction", policy.limits.eviction);
  out.member("max_bytes", policy.limits.max_bytes);
  out.member("max_entry", policy.max_entry);
  write_ms(out, "min_cost_ms", true, policy.min_cost);
  write_ms(out, "ttl_ms", true, policy.ttl);
  out.member("ttl_jitter", policy.ttl_jitter);
  write_ms(out, "negative_ttl_ms", policy.negative_ttl);
  out.member("single_flight", policy.single_flight);
  write_list(out, "tags", policy.tags);
  out.key("version_by").begin_array();
  if (policy.version_by_plugin) out.value("plugin");
  if (policy.version_by_script) out.value("script");
  out.end_array();
  out.end_object();
}

// null: the component that keeps it is not in memory.
void write_space(JsonText& out, std::string_view name, const std::optional<CacheNumbers>& space) {
  out.key(name);
  if (!space) return out.null(), void();
  out.begin_object();
  out.member("entries", space->entries);
  out.member("bytes", space->bytes);
  out.member("max_bytes", space->max_bytes);
  out.member("inserted", space->inserted);
  out.member("evicted", space->evicted);
  out.member("expired", space->expired);
  out.member("refused", space->refused);
  out.member("purged", space->purged);
  out.end_object();
}

void write(JsonText& out, const CacheStatus& cache) {
  const Cache::Numbers& numbers = cache.numbers;
  const uint64_t answered = numbers.hits + numbers.negatives;
  const uint64_t asked = answered + numbers.misses;
  out.begin_object();
  out.member("name", cache.policy.name);
  out.member("store", cache.policy.store);
  out.member("hits", numbers.hits);
  out.member("negative_hits", numbers.negatives);
  out.member("misses", numbers.misses);
  out.member("coalesced", numbers.coalesced);
  out.key("hit_ratio");
  asked > 0 ? out.value(static_cast<double>(answered) / static_cast<double>(asked)) : out.null();
  out.member("not_kept", numbers.not_kept);
  out.member("in_flight", numbers.in_flight);
  out.member("purges", numbers.purges);
  write_space(out, "values", numbers.values);
  write_space(out, "failures", numbers.failures);
  write_policy(out, cache.policy);
  write(out.key("problem"), numbers.problem);
  out.end_object();
}

void write(JsonText& out, const ScriptError& error) {
  out.begin_object();
  out.member("file", error.file);
  out.member("line", error.line);
  out.member("column", error.column);
  out.member("width", error.width);
  out.member("stage", error.stage);
  out.member("message", error.message);
  out.member("hint", error.hint);
  out.member("source_line", error.source_line);
  out.member("text", error.to_string());
  out.end_object();
}

void write(JsonText& out, const Event& event) {
  out.begin_object();
  out.member("sequence", event.sequence);
  out.member("at", utc_text(event.at));
  out.member("kind", event.kind);
  out.member("object", event.object);
  out.member("cause", event.cause);
  const auto text_or_null = [&](std::string_view name, const std::string& text) {
    text.empty() ? out.key(name).null() : out.member(name, text);
  };
  text_or_null("actor", event.actor.name);
  text_or_null("request", event.actor.request ? request_id_text(event.actor.request) : "");
  out.key("fields").begin_object();
  for (const auto& [name, fact] : event.fields)
    fact.visit([&, &key = name](const auto& value) { out.member(key, value); });
  if (!event.actor.reason.empty()) out.member("reason", event.actor.reason);
  out.end_object();
  out.end_object();
}

}  // namespace dormouse
