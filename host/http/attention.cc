#include "http/attention.h"

#include <map>

#include "http/document_parts.h"

namespace dormouse {
namespace {

void add_component(std::vector<Attention>& all, const ComponentStatus& component) {
  if (component.state == State::failed) {
    all.push_back({"failed",
                   component.name,
                   "failed: " + component.last_error.to_string(),
                   component.since,
                   {},
                   "dormouse ctl load " + component.name});
  }
  if (component.failed_replacement) {
    all.push_back({"replacement",
                   component.name,
                   "serves on, its replacement failed: " + component.failed_replacement->error.to_string(),
                   {},
                   {},
                   "dormouse ctl reload " + component.name});
  }
  if (!component.overdue.empty()) {
    const size_t calls = component.overdue.size();
    all.push_back({"overdue",
                   component.name,
                   std::to_string(calls) + (calls == 1 ? " call runs" : " calls run") +
                       " on, cancelled before: " + component.overdue.front().method,
                   {},
                   {},
                   "dormouse ctl components " + component.name});
  }
  // A pin of the configuration is as it should be; one that a verb made ends with the host.
  if (component.pinned && component.pinned_at) {
    all.push_back({"pinned", component.name, "pinned until the host ends", component.pinned_at, component.pinned_by,
                   "dormouse ctl unpin " + component.name});
  }
}

}  // namespace

std::vector<Attention> attention_of(const HostView& host) {
  std::vector<Attention> all;
  for (const ComponentStatus& component : host.registry.statuses()) add_component(all, component);
  if (host.files)
    for (const FileDifference& each : host.files->differences())
      all.push_back({"files",
                     each.kind,
                     "on disk differs from what serves: " + each.reason,
                     each.since,
                     {},
                     each.kind == "scripts" ? "dormouse ctl reload --dry-run" : "dormouse check"});
  return all;
}

void write(JsonText& out, const Attention& attention) {
  out.begin_object();
  out.member("kind", attention.kind);
  out.member("object", attention.object);
  out.member("what", attention.what);
  out.key("since");
  attention.since ? out.value(utc_text(*attention.since)) : out.null();
  out.key("by");
  attention.by.name.empty() ? out.null() : out.value(attention.by.name);
  out.key("reason");
  attention.by.reason.empty() ? out.null() : out.value(attention.by.reason);
  out.member("command", attention.command);
  out.end_object();
}

Metrics::Registration count_attention(const HostView& host) {
  static constexpr MetricInfo kAttention{"dormouse_attention", "Things that are not as they should be, by kind.",
                                         MetricType::gauge};
  return host.metrics.collect([host](MetricSink& sink) {
    std::map<std::string, unsigned, std::less<>> counts;
    for (const std::string_view kind : kAttentionKinds) counts[std::string(kind)] = 0;
    for (const Attention& each : attention_of(host)) ++counts[each.kind];
    for (const auto& [kind, count] : counts) sink.value(kAttention, {{"kind", kind}}, count);
  });
}

}  // namespace dormouse
