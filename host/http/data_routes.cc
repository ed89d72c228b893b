#include "http/data_routes.h"

#include <spdlog/spdlog.h>

#include <atomic>
#include <optional>

#include "base/suggest.h"
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
        overloaded(refused(host, "overloaded")),
        not_found(refused(host, "not_found")),
        invalid(refused(host, "invalid")) {}

  const DataOptions options;
  const HostView host;
  std::atomic<unsigned> running{0};
  Counter &overloaded, &not_found, &invalid;
};

// Counts one request while it runs.
class Admission {
 public:
  // Nothing when as many as allowed are running.
  static std::optional<Admission> enter(const std::shared_ptr<DataState>& state) {
    if (state->running.fetch_add(1, std::memory_order_relaxed) >= state->options.concurrent_max) {
      state->running.fetch_sub(1, std::memory_order_relaxed);
      return std::nullopt;
    }
    return Admission(state);
  }
  Admission(Admission&&) noexcept = default;
  Admission& operator=(Admission&&) = delete;
  ~Admission() {
    if (state_) state_->running.fetch_sub(1, std::memory_order_relaxed);
  }

 private:
  explicit Admission(std::shared_ptr<DataState> state) : state_(std::move(state)) {}
  std::shared_ptr<DataState> state_;
};

// What is kept of a request while its pipeline runs.
struct Running {
  Admission admission;
  Responder responder;
  uint64_t id;
  Time received;
  std::string pipeline;
  std::string traceparent;
};

Problem unknown_pipeline(const DataState& state, const std::string& name) {
  std::vector<std::string> names;
  for (const PipelineInfo& info : state.host.engine.pipelines()) names.push_back(info.name);
  Error error{
      Code::not_found, "there is no pipeline of that name", "pipeline '" + name.substr(0, 64) + "'", {}, {}, {}};
  const std::vector<std::string> near = near_names(name, names);
  for (size_t i = 0; i < near.size(); ++i)
    error.remedy += (i == 0 ? "did you mean '" : i + 1 == near.size() ? "' or '" : "', '") + near[i];
  if (!near.empty()) error.remedy += "'?";
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

void log_end(const Running& run, const PipelineResponse& response) {
  if (response.status.ok() && !spdlog::should_log(spdlog::level::debug)) return;
  const auto level = response.status.ok() ? spdlog::level::debug : spdlog::level::info;
  spdlog::log(level, "request {} of pipeline '{}'{}{}: {}", request_id_text(run.id), run.pipeline,
              run.traceparent.empty() ? "" : " traceparent ", run.traceparent, response.status.to_string());
}

// On the request's loop.
void finish(Running run, PipelineResponse response) {
  log_end(run, response);
  const Duration total = response.ended - run.received;
  Response answer = run.responder.blank_response();
  answer.headers += "Dormouse-Request-Id: ";
  append_request_id(answer.headers, run.id);
  answer.headers += "\r\nServer-Timing: ";
  append_server_timing(answer.headers, response.stages, total);
  answer.headers += "\r\n";
  if (!response.status.ok()) {
    Problem problem = Problem::of(response.status);
    problem.headers = std::move(answer.headers);
    return run.responder.fail(problem);
  }
  if (response.degraded) answer.add_header("Dormouse-Degraded", degraded_stages(response.stages));
  append_json(answer.body, response.output.view());
  run.responder.answer(std::move(answer));
}

void run_pipeline(const std::shared_ptr<DataState>& state, const Request& request, Responder responder) {
  const auto refuse = [&](Counter& reason, Problem problem) {
    reason.add();
    problem.headers += "Dormouse-Request-Id: " + request_id_text(request.id) + "\r\n";
    responder.fail(problem);
  };
  // First, so that a host with too much to do does not parse what it will refuse.
  std::optional<Admission> admission = Admission::enter(state);
  if (!admission)
    return refuse(state->overloaded,
                  Problem::of(Status(Error{Code::overloaded,
                                           "too many requests are running",
                                           "data listener",
                                           "at most " + std::to_string(state->options.concurrent_max),
                                           {},
                                           {}})));
  const std::string& name = request.capture("name");
  const PipelinePtr pipeline = state->host.engine.find(name);
  if (!pipeline) return refuse(state->not_found, unknown_pipeline(*state, name));

  const Result<std::optional<Duration>> timeout = parse_request_timeout(request.header("Request-Timeout"));
  if (!timeout.ok()) return refuse(state->invalid, Problem::of(timeout.status()));
  Problem problem{};
  std::optional<Value> input = read_input(request, pipeline->info().input, &problem);
  if (!input) return refuse(state->invalid, std::move(problem));

  PipelineRequest run{.input = std::move(*input),
                      .request_id = request.id,
                      .deadline = timeout->has_value() ? request.received + **timeout : Time::max(),
                      .priority = parse_priority(request.header("Priority"), state->options.priority_max),
                      .cancel = request.cancel};
  const std::string_view trace = request.header("traceparent");
  EventLoop& loop = responder.loop();
  Running running{std::move(*admission),
                  std::move(responder),
                  request.id,
                  request.received,
                  name,
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
                         .summary = "Says that the process answers; asks nothing else.",
                         .handle = [](const Request&, Responder responder) { answer_healthz(std::move(responder)); }});
  routes.push_back(
      Route{.method = "GET",
            .pattern = "/readyz",
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
