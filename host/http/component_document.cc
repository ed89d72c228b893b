#include "http/component_document.h"

#include "http/document_parts.h"

namespace dormouse {
namespace {

double ms_of(Duration duration) {
  // Microseconds are as fine as anybody reads; whole numbers stay whole in the text.
  return static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(duration).count()) / 1000;
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

}  // namespace

void write(JsonText& out, const OverdueCall& call) {
  out.begin_object().member("method", call.method).member("request", call.request);
  write_ms(out, "age_ms", true, call.age);
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

}  // namespace dormouse
