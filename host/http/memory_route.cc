#include "http/memory_route.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "components/memory.h"
#include "http/document_parts.h"
#include "http/query.h"

namespace dormouse {
namespace {

struct MemoryQuery {
  bool history = false;
  std::string component;
  std::chrono::system_clock::time_point since{};
};

Result<MemoryQuery> read_query(const Request& request) {
  MemoryQuery query;
  const std::string history = request.parameter("history").value_or("0");
  query.history = history.empty() || history == "1" || history == "true";
  if (!query.history && history != "0" && history != "false") return bad_parameter("history", "1 or 0", history);
  query.component = request.parameter("component").value_or("");
  if (const std::optional<std::string> since = request.parameter("since")) {
    int64_t ms = 0;
    const auto [end, error] = std::from_chars(since->data(), since->data() + since->size(), ms);
    constexpr int64_t kMsMax = int64_t{1} << 52;  // fits in whatever unit the clock counts
    if (since->empty() || error != std::errc() || end != since->data() + since->size() || ms < 0 || ms > kMsMax / 1000)
      return bad_parameter("since", "milliseconds since 1970", *since);
    query.since += std::chrono::milliseconds(ms);
  }
  return query;
}

// ---- now ----

void write_component(JsonText& out, const ComponentStatus& component) {
  const bool loaded = is_callable(component.state) || component.state == State::draining;
  out.begin_object();
  out.member("name", component.name);
  out.member("state", to_string(component.state));
  out.member("mapped", component.mapped_bytes);
  out.member("heap", loaded ? component.loaded_heap_bytes : 0);
  out.member("private", loaded ? component.loaded_private_bytes : 0);
  out.member("estimate", component.loaded_estimate);
  out.member("returned", component.returned_resident_bytes);
  out.end_object();
}

void write_components(JsonText& out, const std::vector<ComponentStatus>& components, const std::string& only) {
  int64_t heap = 0;
  uint64_t mapped = 0;
  out.key("components").begin_array();
  for (const ComponentStatus& component : components) {
    const bool loaded = is_callable(component.state) || component.state == State::draining;
    heap += loaded ? component.loaded_heap_bytes : 0;
    mapped += component.mapped_bytes;
    if (only.empty() || component.name == only) write_component(out, component);
  }
  out.end_array();
  out.key("total").begin_object().member("mapped", mapped).member("heap", heap).end_object();
}

// ---- before ----

void write_sample(JsonText& out, const MemorySample& sample) {
  out.begin_object();
  out.member("at", utc_text(sample.at));
  out.member("cause", sample.cause);
  out.member("object", sample.object);
  out.member("resident", sample.process.resident_bytes);
  out.member("private", sample.process.private_bytes);
  out.member("heap", sample.process.heap_bytes);
  out.member("loaded", sample.loaded);
  out.member("components_private", sample.components_private_bytes);
  out.end_object();
}

void write_sample(JsonText& out, const ComponentMemorySample& sample) {
  out.begin_object();
  out.member("at", utc_text(sample.at));
  out.member("state", to_string(sample.state));
  out.member("mapped", sample.mapped_bytes);
  out.member("heap", sample.heap_bytes);
  out.member("private", sample.private_bytes);
  out.member("returned", sample.returned_bytes);
  out.end_object();
}

void write_point(JsonText& out, std::string_view name, const std::optional<MemorySample>& sample) {
  out.key(name);
  sample ? write_sample(out, *sample) : void(out.null());
}

template <class Samples>
void write_samples(JsonText& out, const Samples& samples) {
  out.begin_array();
  for (const auto& sample : samples) write_sample(out, sample);
  out.end_array();
}

// What one family of the metrics says of a stage.
int64_t stage_metric(const std::vector<MetricFamily>& families, std::string_view name, const MetricLabels& labels) {
  for (const MetricFamily& family : families)
    if (family.name == name)
      for (const MetricSample& sample : family.samples)
        if (sample.labels == labels) return static_cast<int64_t>(sample.value);
  return 0;
}

// What a stage holds is what its component holds; its own are only the results it hands on.
void write_stages(JsonText& out, const HostView& host, const std::string& only) {
  MetricSink sink;
  host.engine.collect_metrics(sink);
  const std::vector<MetricFamily> families = sink.take();
  out.key("stages").begin_array();
  for (const PipelineInfo& pipeline : host.engine.pipelines()) {
    for (const PipelineInfo::Stage& stage : pipeline.stages) {
      if (stage.kind == "parallel" || (!only.empty() && stage.component != only)) continue;
      const MetricLabels labels{{"pipeline", pipeline.name}, {"stage", stage.path}};
      out.begin_object();
      out.member("pipeline", pipeline.name);
      out.member("stage", stage.path);
      out.member("component", stage.component);
      out.member("result_bytes", stage_metric(families, "dormouse_stage_result_bytes_total", labels));
      out.member("largest_result", stage_metric(families, "dormouse_stage_result_bytes_max", labels));
      out.end_object();
    }
  }
  out.end_array();
}

void write_history(JsonText& out, const MemoryWatch& watch, const MemoryQuery& query) {
  const MemoryHistory::View view = watch.history().view(query.since, query.component);
  out.key("history").begin_object();
  out.member("every_ms", std::chrono::duration_cast<std::chrono::milliseconds>(watch.options().sample_every).count());
  out.member("kept", watch.options().samples_kept);
  write_point(out, "start", view.start);
  write_point(out, "highest", view.highest);
  write_point(out, "lowest", view.lowest);
  write_samples(out.key("samples"), view.samples);
  out.key("components").begin_object();
  for (const auto& [name, samples] : view.components) write_samples(out.key(name), samples);
  out.end_object();
  out.end_object();
}

}  // namespace

void write_memory_state(JsonText& out, const HostView& host) {
  const MemoryReading now = read_memory();
  out.begin_object();
  out.member("resident", now.resident_bytes);
  out.member("private", now.private_bytes);
  out.member("heap", now.heap_bytes);
  if (host.memory) {
    out.member("limit", host.memory->options().limit_bytes);
    out.member("warn_at", host.memory->options().warn_at);
    out.member("warning", host.memory->is_warning());
  }
  out.end_object();
}

void answer_memory(const HostView& host, const Request& request, Responder responder) {
  const Result<MemoryQuery> query = read_query(request);
  if (!query.ok()) return responder.fail(query.status());
  if (!query->component.empty() && !host.registry.find(query->component))
    return responder.fail(unknown_name("component", query->component, host.registry.names()));
  if (query->history && !host.memory)
    return responder.fail(Status(Code::failed_precondition, "this host keeps no history of its memory"));
  JsonText out;
  out.begin_object();
  out.key("process");
  write_memory_state(out, host);
  write_components(out, host.registry.statuses(), query->component);
  if (query->history) {
    write_stages(out, host, query->component);
    write_history(out, *host.memory, *query);
  }
  out.end_object();
  responder.answer_json(out.take());
}

}  // namespace dormouse
