#include "http/control_routes.h"

#include <array>
#include <atomic>
#include <charconv>
#include <limits>

#include "base/suggest.h"
#include "http/crash_route.h"
#include "http/data_routes.h"
#include "http/documents.h"
#include "http/event_feed.h"
#include "http/memory_route.h"
#include "http/metrics_route.h"

namespace dormouse {
namespace {

constexpr QueryParameter kWait{"wait", "integer", "Milliseconds to wait for running calls; 0: a busy one answers 409."};
constexpr QueryParameter kDryRun{"dry_run", "boolean", "1: say what would happen, change nothing."};
constexpr QueryParameter kAfter{"after", "integer", "Only events with a larger sequence number."};
constexpr QueryParameter kFormat{"format", "string", "json: what is there now, instead of a stream."};
constexpr QueryParameter kTag{"tag", "string", "Only entries with this tag; all of them when absent."};
constexpr size_t kEventsAtOnceMax = 1000;  // of one polling answer; `more` says that there are others

void answer_json(Responder responder, JsonText&& document) {
  Response response;
  response.body = document.take();
  responder.answer(std::move(response));
}

// ---- what a request asks ----

Error bad_parameter(std::string_view name, std::string needed, const std::string& found) {
  return Error{Code::invalid_argument, "the query parameter is not understood",
               std::string(name),      std::move(needed),
               found.substr(0, 32),    {}};
}

// A whole number from 0 to `most`; `absent` when it is not there.
Result<uint64_t> number_of(const Request& request, std::string_view name, uint64_t absent, uint64_t most) {
  const std::optional<std::string> text = request.parameter(name);
  if (!text) return absent;
  uint64_t number = 0;
  const auto end = std::from_chars(text->data(), text->data() + text->size(), number);
  if (text->empty() || end.ec != std::errc() || end.ptr != text->data() + text->size() || number > most)
    return bad_parameter(name, "a whole number from 0 to " + std::to_string(most), *text);
  return number;
}

Result<bool> flag_of(const Request& request, std::string_view name) {
  const std::optional<std::string> text = request.parameter(name);
  if (!text || *text == "0" || *text == "false") return false;
  if (text->empty() || *text == "1" || *text == "true") return true;
  return bad_parameter(name, "1 or 0", *text);
}

Problem unknown_name(std::string_view what, const std::string& name, const std::vector<std::string>& known) {
  Error error{
      Code::not_found, "there is none of that name", std::string(what) + " '" + name.substr(0, 64) + "'", {}, {}, {}};
  const std::string near = did_you_mean(name, known);
  if (!near.empty()) error.remedy = near.substr(2, near.size() - 3);  // without " (" and ")"
  return Problem::of(Status(std::move(error)));
}

// ---- status ----

void write_state_counts(JsonText& out, const std::vector<ComponentStatus>& components) {
  std::array<unsigned, kStateCount> counts{};
  for (const ComponentStatus& component : components) ++counts[static_cast<size_t>(component.state)];
  out.key("components").begin_object().member("total", components.size());
  for (size_t i = 0; i < kStateCount; ++i) out.member(kStateNames[i], counts[i]);
  out.end_object();
}

void answer_status(const HostView& host, Responder responder) {
  const Status ready = host.readiness ? host.readiness() : Status();
  JsonText out;
  out.begin_object();
  out.member("version", host.version);
  out.member("uptime_ms",
             std::chrono::duration_cast<std::chrono::milliseconds>(host.clock.now() - host.started).count());
  out.member("ready", ready.ok());
  write(out.key("not_ready"), ready);
  out.member("in_flight", host.engine.in_flight());
  out.key("generation");
  uint64_t serving = 0;
  for (const GenerationInfo& generation : host.engine.generations())
    if (generation.serving) serving = generation.number;
  out.value(serving);
  write_state_counts(out, host.registry.statuses());
  out.key("memory");
  write_memory_state(out, host);
  out.member("last_event", host.events.last_sequence());
  out.end_object();
  answer_json(std::move(responder), std::move(out));
}

// ---- components ----

void answer_components(const HostView& host, Responder responder) {
  JsonText out;
  out.begin_object();
  write_list(out, "components", host.registry.statuses());
  out.end_object();
  answer_json(std::move(responder), std::move(out));
}

// Null after an answer that there is none of that name.
Component* find_component(const HostView& host, const Request& request, Responder& responder) {
  const std::string& name = request.capture("name");
  Component* component = host.registry.find(name);
  if (!component) responder.fail(unknown_name("component", name, host.registry.names()));
  return component;
}

void answer_component(const HostView& host, const Request& request, Responder responder) {
  Component* component = find_component(host, request, responder);
  if (!component) return;
  JsonText out;
  write(out, component->status());
  answer_json(std::move(responder), std::move(out));
}

void answer_verb(Responder responder, Verb verb, bool dry_run, const VerbAnswer& answer) {
  if (!answer.status.ok()) {
    JsonText component;
    write(component, answer.component);
    Problem problem = Problem::of(answer.status);
    problem.members = ",\"component\":" + component.text();
    return responder.fail(problem);
  }
  JsonText out;
  out.begin_object();
  out.member("verb", to_string(verb));
  out.member("changed", answer.changed);
  out.member("dry_run", dry_run);
  out.member("explanation", answer.explanation);
  out.member("generation", answer.component.generation);
  write(out.key("component"), answer.component);
  out.end_object();
  answer_json(std::move(responder), std::move(out));
}

void run_verb(const HostView& host, Verb verb, uint64_t wait_ms_max, const Request& request, Responder responder) {
  Component* component = find_component(host, request, responder);
  if (!component) return;
  const Result<uint64_t> wait = number_of(request, "wait", 0, wait_ms_max);
  if (!wait.ok()) return responder.fail(wait.status());
  const Result<bool> dry_run = flag_of(request, "dry_run");
  if (!dry_run.ok()) return responder.fail(dry_run.status());
  EventLoop& loop = responder.loop();
  const VerbOptions options{std::chrono::milliseconds(*wait), *dry_run};
  // `done` runs on the registry's loop and may only hand over.
  host.registry.request(
      *component, verb, options, [&loop, verb, options, responder = std::move(responder)](VerbAnswer answer) mutable {
        loop.post([verb, options, responder = std::move(responder), answer = std::move(answer)]() mutable {
          answer_verb(std::move(responder), verb, options.dry_run, answer);
        });
      });
}

// ---- plugins ----

void answer_plugins(Responder responder, const PluginIndex::Snapshot& snapshot, Registry& registry) {
  const std::vector<ComponentStatus> components = registry.statuses();
  JsonText out;
  out.begin_object().key("plugins").begin_array();
  if (snapshot)
    for (const PluginEntry& plugin : *snapshot) write(out, plugin, components);
  out.end_array().end_object();
  answer_json(std::move(responder), std::move(out));
}

// The task to submit, or its refusal answered.
void submit(Background& background, Responder responder, UniqueFunction<void(Responder)> work) {
  auto shared = std::make_shared<Responder>(std::move(responder));
  const Status status = background.submit([shared, work = std::move(work)]() mutable { work(std::move(*shared)); });
  if (!status.ok()) shared->fail(status);
}

void scan_plugins(const HostView& host, Background& background, Responder responder) {
  submit(background, std::move(responder), [&registry = host.registry](Responder answer_to) {
    const PluginIndex::Snapshot snapshot = registry.plugins().scan();
    for (const std::string& name : registry.names())
      if (Component* component = registry.find(name)) component->notice_files();
    answer_plugins(std::move(answer_to), snapshot, registry);
  });
}

// Before the first scan there is nothing to list; scanning parses files and runs nothing, so a read may do it.
void list_plugins(const HostView& host, Background& background, Responder responder) {
  const PluginIndex::Snapshot snapshot = host.registry.plugins().snapshot();
  if (!snapshot || snapshot->empty()) return scan_plugins(host, background, std::move(responder));
  answer_plugins(std::move(responder), snapshot, host.registry);
}

// ---- scripts ----

void answer_pipelines(const HostView& host, Responder responder) {
  JsonText out;
  out.begin_object();
  write_list(out, "pipelines", host.engine.pipelines());
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
  out.end_object();
  answer_json(std::move(responder), std::move(out));
}

void answer_load(Responder responder, bool dry_run, const LoadReport& report) {
  JsonText lists;
  lists.begin_object();
  write_list(lists, "errors", report.errors);
  write_list(lists, "warnings", report.warnings);
  write_list(lists, "pool_changes", report.pool_changes);
  lists.end_object();
  if (!report.status.ok() || !report.errors.empty()) {
    const size_t count = report.errors.size();
    const Status refused =
        !report.status.ok()
            ? report.status
            : Status(Error{Code::failed_precondition, "the scripts have faults: nothing was changed", "scripts",
                           "scripts without faults", std::to_string(count) + (count == 1 ? " fault" : " faults"),
                           "see errors, correct the files, reload"});
    Problem problem = Problem::of(refused);
    problem.members = "," + lists.text().substr(1, lists.text().size() - 2);
    return responder.fail(problem);
  }
  JsonText out;
  out.begin_object();
  out.member("changed", !dry_run);
  out.member("dry_run", dry_run);
  out.member("generation", report.generation);
  if (report.text_of != 0) out.member("text_of", report.text_of);
  out.key("changes").begin_array();
  for (const std::string& change : report.changes) out.value(change);
  out.end_array();
  out.member("unlike_disk", report.unlike_disk);
  out.raw_members("," + lists.text().substr(1, lists.text().size() - 2));
  out.end_object();
  answer_json(std::move(responder), std::move(out));
}

void reload_scripts(const HostView& host, Background& background, const Request& request, Responder responder) {
  const Result<bool> dry_run = flag_of(request, "dry_run");
  if (!dry_run.ok()) return responder.fail(dry_run.status());
  submit(background, std::move(responder), [&engine = host.engine, dry_run = *dry_run](Responder answer_to) {
    answer_load(std::move(answer_to), dry_run, engine.load(dry_run));
  });
}

void rollback_scripts(const HostView& host, Background& background, const Request& request, Responder responder) {
  const Result<bool> dry_run = flag_of(request, "dry_run");
  if (!dry_run.ok()) return responder.fail(dry_run.status());
  submit(background, std::move(responder), [&engine = host.engine, dry_run = *dry_run](Responder answer_to) {
    answer_load(std::move(answer_to), dry_run, engine.rollback(dry_run));
  });
}

// ---- caches ----

void answer_caches(const HostView& host, Responder responder) {
  JsonText out;
  out.begin_object();
  write_list(out, "caches", host.engine.caches().status());
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

// Not on the control thread: a purge walks the entries.
void purge_cache(const HostView& host, Background& background, const Request& request, Responder responder) {
  const std::optional<std::string> tag = request.parameter("tag");
  if (tag && tag->empty()) return responder.fail(Status(bad_parameter("tag", "a tag", *tag)));
  submit(background, std::move(responder),
         [&host_caches = host.engine.caches(), &events = host.events, name = request.capture("name"),
          tag](Responder answer_to) {
           const Result<uint64_t> purged = host_caches.purge(name, tag ? &*tag : nullptr);
           if (!purged.ok()) return answer_to.fail(purged.status());
           events.publish("cache.purged", name, {{"tag", tag.value_or("")}, {"entries", std::to_string(*purged)}});
           JsonText out;
           out.begin_object();
           out.member("cache", name);
           tag ? out.member("tag", *tag) : out.key("tag").null();
           out.member("purged", *purged);
           out.end_object();
           answer_json(std::move(answer_to), std::move(out));
         });
}

// ---- events ----

void answer_events(const EventLog& log, uint64_t after, Responder responder) {
  std::vector<Event> events = log.since(after);
  const bool more = events.size() > kEventsAtOnceMax;
  if (more) events.resize(kEventsAtOnceMax);
  const bool gap = !events.empty() && events.front().sequence > after + 1;
  JsonText out;
  out.begin_object();
  write_list(out, "events", events);
  out.member("last", log.last_sequence());
  out.member("gap", gap);
  out.member("more", more);
  out.end_object();
  answer_json(std::move(responder), std::move(out));
}

// Where a reader comes back to; browsers send it when they reconnect.
std::optional<uint64_t> last_event_id(const Request& request) {
  const std::string_view text = request.header("Last-Event-ID");
  uint64_t id = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), id);
  if (text.empty() || end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
  return id;
}

struct EventRoute {
  ControlOptions options;
  HostView host;
  std::shared_ptr<std::atomic<unsigned>> open_feeds = std::make_shared<std::atomic<unsigned>>(0);
};

void run_events(const EventRoute& route, const Request& request, Responder responder) {
  EventLog& log = route.host.events;
  const std::string format = request.parameter("format").value_or("stream");
  if (format != "json" && format != "stream")
    return responder.fail(Status(bad_parameter("format", "json or stream", format)));
  // A stream that says nothing else starts with what comes next; a poll with what is kept.
  const uint64_t absent = format == "json" ? 0 : log.last_sequence();
  const Result<uint64_t> after = number_of(request, "after", absent, std::numeric_limits<uint64_t>::max());
  if (!after.ok()) return responder.fail(after.status());
  if (format == "json") return answer_events(log, *after, std::move(responder));

  const unsigned limit = route.options.event_streams_max;
  if (*route.open_feeds >= limit)
    return responder.fail(Status(Error{Code::overloaded,
                                       "too many readers of events",
                                       "/v1/events",
                                       "at most " + std::to_string(limit),
                                       {},
                                       "poll with ?format=json"}));
  const uint64_t from = last_event_id(request).value_or(*after);
  EventFeed::start(log, responder.stream("text/event-stream"), from,
                   {route.options.event_stream_bytes_max, route.options.event_heartbeat}, route.open_feeds);
}

// ---- the table ----

using Access = Route::Access;

Route read(std::string pattern, std::string_view summary, std::function<void(const Request&, Responder)> handle) {
  return Route{.method = "GET", .pattern = std::move(pattern), .summary = summary, .handle = std::move(handle)};
}

Route change(std::string pattern, std::string_view summary, std::vector<QueryParameter> query,
             std::function<void(const Request&, Responder)> handle) {
  return Route{.method = "POST",
               .pattern = std::move(pattern),
               .access = Access::token,
               .summary = summary,
               .query = std::move(query),
               .handle = std::move(handle)};
}

struct VerbSummary {
  Verb verb;
  std::string_view summary;
};
constexpr std::array kVerbs{
    VerbSummary{Verb::load, "Loads a component now, also one whose last load failed."},
    VerbSummary{Verb::unload, "Unloads a component; a busy one answers 409 with its leases."},
    VerbSummary{Verb::trim, "Lets a component drop its caches; it stays callable."},
    VerbSummary{Verb::park, "Closes a component and keeps its code mapped."},
    VerbSummary{Verb::reload,
                "Closes a component and loads it again, with the plugin file and the model there are now."},
    VerbSummary{Verb::pin, "Keeps a component from being trimmed, parked or unloaded by idleness."},
    VerbSummary{Verb::unpin, "Takes a pin back."},
};

void add_component_routes(std::vector<Route>& routes, const HostView& host, Duration request_timeout) {
  routes.push_back(read("/v1/components", "Lists all components; loads none and resets no idle clock.",
                        [host](const Request&, Responder to) { answer_components(host, std::move(to)); }));
  routes.push_back(read("/v1/components/{name}", "One component.", [host](const Request& request, Responder to) {
    answer_component(host, request, std::move(to));
  }));
  // A wait that outlasts the request's own limit could never be answered.
  const auto limit_ms = std::chrono::duration_cast<std::chrono::milliseconds>(request_timeout).count();
  const auto wait_ms_max = static_cast<uint64_t>(std::max<int64_t>(0, limit_ms - 1000));
  for (const VerbSummary& each : kVerbs) {
    routes.push_back(change("/v1/components/{name}/" + std::string(to_string(each.verb)), each.summary,
                            {kWait, kDryRun},
                            [host, verb = each.verb, wait_ms_max](const Request& request, Responder to) {
                              run_verb(host, verb, wait_ms_max, request, std::move(to));
                            }));
  }
}

void add_plugin_routes(std::vector<Route>& routes, const HostView& host, Background& background) {
  routes.push_back(
      read("/v1/plugins", "Lists the plugin files found, and why some cannot be used.",
           [host, &background](const Request&, Responder to) { list_plugins(host, background, std::move(to)); }));
  routes.push_back(
      change("/v1/plugins/scan", "Reads the plugin folders anew.", {},
             [host, &background](const Request&, Responder to) { scan_plugins(host, background, std::move(to)); }));
}

void add_script_routes(std::vector<Route>& routes, const HostView& host, Background& background) {
  routes.push_back(read("/v1/pipelines", "Lists the pipelines of the serving generation.",
                        [host](const Request&, Responder to) { answer_pipelines(host, std::move(to)); }));
  routes.push_back(
      read("/v1/pipelines/{name}", "One pipeline: its types, stages and components.",
           [host](const Request& request, Responder to) { answer_pipeline(host, request, std::move(to)); }));
  routes.push_back(read("/v1/scripts/generations", "Lists the sets of scripts that are alive.",
                        [host](const Request&, Responder to) { answer_generations(host, std::move(to)); }));
  routes.push_back(change("/v1/scripts/reload", "Loads and checks all scripts; a set with faults changes nothing.",
                          {kDryRun}, [host, &background](const Request& request, Responder to) {
                            reload_scripts(host, background, request, std::move(to));
                          }));
  routes.push_back(change("/v1/scripts/rollback", "Serves the last scripts whose text differs, as a new generation.",
                          {kDryRun}, [host, &background](const Request& request, Responder to) {
                            rollback_scripts(host, background, request, std::move(to));
                          }));
}

void add_cache_routes(std::vector<Route>& routes, const HostView& host, Background& background) {
  routes.push_back(read("/v1/caches", "Lists the caches that the scripts declare; loads none.",
                        [host](const Request&, Responder to) { answer_caches(host, std::move(to)); }));
  routes.push_back(read("/v1/caches/{name}", "One cache.",
                        [host](const Request& request, Responder to) { answer_cache(host, request, std::move(to)); }));
  routes.push_back(change("/v1/caches/{name}/purge", "Forgets what a cache holds, all of it or the entries with a tag.",
                          {kTag}, [host, &background](const Request& request, Responder to) {
                            purge_cache(host, background, request, std::move(to));
                          }));
}

void add_event_routes(std::vector<Route>& routes, const ControlOptions& options, const HostView& host) {
  Route events = read("/v1/events", "What happened, as server-sent events; ?format=json polls.",
                      [route = std::make_shared<EventRoute>(EventRoute{options, host})](
                          const Request& request, Responder to) { run_events(*route, request, std::move(to)); });
  events.query = {kAfter, kFormat};
  events.answer = "text/event-stream";
  routes.push_back(std::move(events));
}

}  // namespace

std::vector<Route> control_routes(const ControlOptions& options, const HostView& host, Background& background,
                                  std::shared_ptr<const std::string> openapi) {
  std::vector<Route> routes;
  routes.push_back(read("/v1/status", "The host as a whole.",
                        [host](const Request&, Responder to) { answer_status(host, std::move(to)); }));
  add_component_routes(routes, host, options.limits.request_timeout);
  add_plugin_routes(routes, host, background);
  add_script_routes(routes, host, background);
  add_cache_routes(routes, host, background);
  for (Route& route : crash_routes(host, background)) routes.push_back(std::move(route));
  for (Route& route : memory_routes(host)) routes.push_back(std::move(route));
  add_event_routes(routes, options, host);
  routes.push_back(metrics_route(host, background));
  routes.push_back(read("/openapi.json", "This description.", [openapi](const Request&, Responder to) {
    Response response;
    response.body = *openapi;
    to.answer(std::move(response));
  }));
  for (Route& route : health_routes(host)) routes.push_back(std::move(route));
  return routes;
}

}  // namespace dormouse
