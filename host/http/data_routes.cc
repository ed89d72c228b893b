#include "http/data_routes.h"

#include <cstdio>
#include <optional>

#include "base/log.h"
#include "base/object_names.h"
#include "base/suggest.h"
#include "http/admission.h"
#include "http/client_error.h"
#include "http/json.h"
#include "http/json_text.h"
#include "http/pipeline_request.h"

namespace dormouse {
namespace {

constexpr MetricInfo kRefused{
    "dormouse_requests_refused_total",
    "Requests that never entered a pipeline, by reason: overloaded, not_found (no such pipeline) or invalid."};

Counter& refused(const HostView& host, const char* reason) {
  return host.metrics.counter(kRefused, {{"reason", reason}});
}

struct DataState {
  DataState(const DataOptions& options, const HostView& host)
      : options(options),
        host(host),
        admission(options.concurrent_max),
        overloaded(refused(host, "overloaded")),
        not_found(refused(host, "not_found")),
        invalid(refused(host, "invalid")) {}

  const DataOptions options;
  const HostView host;
  const ClientErrors errors{top_folders()};
  Admission admission;
  Counter &overloaded, &not_found, &invalid;
};

// What is kept of a request while its pipeline runs.
struct Running {
  std::shared_ptr<DataState> state;
  Admission::Place place;  // of its admission
  Responder responder;
  uint64_t id;
  Time arrived;
  Duration unread;  // from then until it was read
  std::string pipeline;
  std::string script;  // its file
  std::string traceparent;
};

Problem unknown_pipeline(const DataState& state, const std::string& name) {
  std::vector<std::string> names;
  for (const PipelineInfo& info : state.host.engine.pipelines()) names.push_back(info.name);
  Error error{.code = Code::not_found,
              .message = "there is no pipeline of that name",
              .object = pipeline_object(name.substr(0, 64))};
  error.near = near_names(name, names);
  return Problem::of(Status(std::move(error)));
}

// What a client sent, as the value its pipeline takes.
std::optional<Value> read_input(const Request& request, const Type& type, Problem* problem) {
  const Result<BodyFormat> format = body_format(request.header("Content-Type"), request.header("Content-Encoding"));
  if (!format.ok()) {
    *problem = Problem::of(HttpProblem::unsupported_media_type, format.status().error());
    return std::nullopt;
  }
  Result<Value> value =
      *format == BodyFormat::json ? parse_json(request.body, type) : input_of_bytes(request.body, type);
  if (value.ok()) return std::move(*value);
  // The writer's limit on values is reached by what was sent, so it is the body that is too large.
  *problem = value.status().code() == Code::resource_exhausted
                 ? Problem::of(HttpProblem::body_too_large, value.status().error())
                 : Problem::of(value.status());
  return std::nullopt;
}

// What was left out of a degraded answer, and why: "passages/dense: collection 'passages': ...".
std::string left_out(const std::vector<StageTrace>& stages) {
  std::string text;
  for (const StageTrace& stage : stages) {
    if (stage.error.ok() || stage.outcome == Outcome::cancelled) continue;
    if (!text.empty()) text += "; ";
    text += stage.name + ": " + stage.error.to_string();
  }
  return text;
}

// One line for a request, by its outcome. The time is milliseconds from the end of the header on.
void log_end(const Running& run, const PipelineResponse& response, Duration total) {
  const LogLevel level = response.degraded ? LogLevel::warn : log_level_of_outcome(response.status.code());
  if (!logs(level)) return;
  const unsigned status = response.status.ok() ? 200 : problem_row(response.status.code()).status;
  char took[32];
  std::snprintf(took, sizeof took, "%.3f", static_cast<double>(total.count()) / 1e6);
  const std::string id = request_id_text(run.id), status_text = std::to_string(status), peer = run.responder.peer();
  const std::string error = response.status.ok() ? "" : response.status.to_string();
  const std::string missing = response.degraded ? left_out(response.stages) : "";
  std::vector<LogField> fields{{"request", id}, {"status", status_text, true}, {"ms", took, true}, {"peer", peer}};
  if (!run.traceparent.empty()) fields.push_back({"traceparent", run.traceparent});
  if (!error.empty()) fields.push_back({"code", to_string(response.status.code())});
  if (!error.empty()) fields.push_back({"error", error});
  if (!missing.empty()) fields.push_back({"left_out", missing});
  const char* kind = !response.status.ok() ? "request.failed"
                     : response.degraded   ? "request.degraded"
                                           : "request.ended";
  write_log({level, kind, run.pipeline, {}, fields});
}

// One that never entered a pipeline. What it was about is a client's text, and no object.
void log_refused(const Request& request, const Responder& responder, const Problem& problem) {
  const LogLevel level = problem.row->status == 503 ? LogLevel::warn : LogLevel::debug;
  if (!logs(level)) return;
  const std::string id = request_id_text(request.id), status = std::to_string(problem.row->status);
  const std::string peer = responder.peer(), path(request.path.substr(0, 200));
  const LogField fields[] = {{"request", id}, {"status", status, true},    {"peer", peer},
                             {"path", path},  {"code", problem.row->code}, {"error", problem.error.message}};
  write_log({level, "request.refused", "data", {}, fields});
}

// On the request's loop.
void finish(Running run, PipelineResponse response) {
  const Duration total = response.ended - run.arrived;
  log_end(run, response, total);
  Response answer = run.responder.blank_response();
  answer.headers += "Dormouse-Request-Id: ";
  append_request_id(answer.headers, run.id);
  answer.headers += "\r\nServer-Timing: ";
  append_server_timing(answer.headers, run.unread, response.stages, total);
  answer.headers += "\r\n";
  if (!response.status.ok()) {
    Problem problem = run.state->errors.problem_of(response, run.script);
    problem.headers = std::move(answer.headers);
    return run.responder.fail(problem);
  }
  if (response.degraded) answer.add_header("Dormouse-Degraded", degraded_stages(response.stages));
  append_json(answer.body, response.output.view());
  run.responder.answer(std::move(answer));
}

Problem overloaded(std::string message, std::string needed, std::string found) {
  return Problem::of(Status(Error{.code = Code::overloaded,
                                  .message = std::move(message),
                                  .object = "data listener",
                                  .needed = std::move(needed),
                                  .found = std::move(found)}));
}

std::string ms_text(Duration time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) + " ms";
}

Problem too_late(const DataState& state, const Request& request) {
  return overloaded("the host has more to do than it gets done: this request waited too long before it was read",
                    "at most " + ms_text(state.options.limits.loop_lag_max), ms_text(request.waited));
}

Problem too_many(const DataState& state, Admission::Refusal why, const std::string& pipeline) {
  const std::string at_most = "at most " + std::to_string(state.options.concurrent_max);
  return why == Admission::Refusal::full
             ? overloaded("too many requests are running", at_most, {})
             : overloaded("too many of the running requests are for pipeline '" + pipeline + "'",
                          at_most + ", with places left for other pipelines", {});
}

void run_pipeline(const std::shared_ptr<DataState>& state, const Request& request, Responder responder) {
  const auto refuse = [&](Counter& reason, Problem problem) {
    reason.add();
    log_refused(request, responder, problem);
    problem.headers += "Dormouse-Request-Id: " + request_id_text(request.id) + "\r\n";
    if (request.waited > Duration::zero()) {
      problem.headers += "Server-Timing: ";
      append_server_timing(problem.headers, request.waited, {}, request.waited);
      problem.headers += "\r\n";
    }
    responder.fail(problem);
  };
  // First, so that a host with too much to do does not parse what it will refuse.
  if (request.came_too_late) return refuse(state->overloaded, too_late(*state, request));
  const std::string& name = request.capture("name");
  const PipelinePtr pipeline = state->host.engine.find(name);
  if (!pipeline) return refuse(state->not_found, unknown_pipeline(*state, name));
  Admission::Place place = state->admission.enter(name);
  if (!place) return refuse(state->overloaded, too_many(*state, place.refusal(), name));

  const Result<std::optional<Duration>> timeout = parse_request_timeout(request.header("Request-Timeout"));
  if (!timeout.ok()) return refuse(state->invalid, Problem::of(timeout.status()));
  Problem problem{};
  std::optional<Value> input = read_input(request, pipeline->info().input, &problem);
  if (!input) return refuse(state->invalid, std::move(problem));

  // The client's clock runs from when its request arrived, read or not.
  const Time arrived = request.received - request.waited;
  PipelineRequest run{.input = std::move(*input),
                      .request_id = request.id,
                      .deadline = timeout->has_value() ? arrived + **timeout : Time::max(),
                      .priority = parse_priority(request.header("Priority"), state->options.priority_max),
                      .cancel = request.cancel};
  const std::string_view trace = request.header("traceparent");
  EventLoop& loop = responder.loop();
  Running running{state,
                  std::move(place),
                  std::move(responder),
                  request.id,
                  arrived,
                  request.waited,
                  name,
                  pipeline->info().file,
                  std::string(is_traceparent(trace) ? trace : std::string_view())};
  Engine& engine = state->host.engine;
  const uint64_t run_id =
      engine.run(pipeline, std::move(run), loop, [running = std::move(running)](PipelineResponse response) mutable {
        finish(std::move(running), std::move(response));
      });
  // Harmless when it was answered already: the engine ignores what has ended.
  request.when_given_up = [&engine, &loop, run_id] { engine.cancel(run_id, loop); };
}

}  // namespace

void answer_healthz(Responder responder) {
  Response response;
  response.body = R"({"status":"ok"})";
  responder.answer(std::move(response));
}

void answer_readyz(const HostView& host, Responder responder) {
  const Status ready = host.readiness ? host.readiness() : Status();
  if (ready.ok()) {
    Response response;
    response.body = R"({"status":"ready"})";
    return responder.answer(std::move(response));
  }
  // Whatever keeps it from being ready, to those who ask it is "not now".
  Error error = ready.error();
  error.code = Code::unavailable;
  responder.fail(Status(std::move(error)));
}

std::vector<Route> health_routes(const HostView& host) {
  std::vector<Route> routes;
  routes.push_back(Route{.method = "GET",
                         .pattern = "/healthz",
                         .probe = true,
                         .summary = "Says that the process answers; asks nothing else.",
                         .handle = [](const Request&, Responder responder) { answer_healthz(std::move(responder)); }});
  routes.push_back(
      Route{.method = "GET",
            .pattern = "/readyz",
            .probe = true,
            .summary = "Says whether requests can be served: scripts loaded, preloads done, not stopping.",
            .handle = [host](const Request&, Responder responder) { answer_readyz(host, std::move(responder)); }});
  return routes;
}

std::vector<Route> data_routes(const DataOptions& options, const HostView& host) {
  auto state = std::make_shared<DataState>(options, host);
  std::vector<Route> routes;
  routes.push_back(Route{.method = "POST",
                         .pattern = "/v1/pipelines/{name}",
                         .body = Route::Body::required,
                         .summary = "Runs one request through a pipeline.",
                         .handle = [state](const Request& request, Responder responder) {
                           run_pipeline(state, request, std::move(responder));
                         }});
  for (Route& route : health_routes(host)) routes.push_back(std::move(route));
  return routes;
}

}  // namespace dormouse
