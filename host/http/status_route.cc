#include "http/status_route.h"

#include <unistd.h>
#include <algorithm>
#include <array>

#include "http/attention.h"
#include "http/document_parts.h"
#include "http/memory_route.h"

namespace dormouse {
namespace {

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

}  // namespace

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
  responder.answer_json(out.take());
}

}  // namespace dormouse
