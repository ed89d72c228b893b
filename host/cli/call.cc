// `dormouse call`: one request through a pipeline, in a host without listeners that lives as long as the request.
#include <cstdio>
#include <future>
#include <iostream>
#include <iterator>

#include "base/suggest.h"
#include "cli/command.h"
#include "cli/configuration.h"
#include "cli/crashes.h"
#include "cli/log.h"
#include "cli/parts.h"
#include "cli/table.h"
#include "config/state_dir.h"
#include "http/json.h"
#include "http/json_text.h"
#include "http/problem.h"

namespace dormouse {
namespace {

struct CallArguments {
  std::string config;
  std::string pipeline;
  std::string input;
  bool json = false;
  bool stages = false;
};

// What the command prints instead of an answer.
ExitCode tell_failure(const Status& status, bool json) {
  if (json) {
    std::printf("%s\n", to_json(Problem::of(status)).c_str());
  } else {
    complain(status);
  }
  return ExitCode::failed;
}

double ms(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

std::string cache_text(const StageTrace& stage) {
  if (stage.cache == CacheResult::none) return "-";
  std::string text(to_string(stage.cache));
  return stage.cache_store.empty() ? text : text + " in " + stage.cache_store;
}

void print_stages(const std::vector<StageTrace>& stages) {
  Table table({"STAGE", "OUTCOME", "CACHE", "COLD", "QUEUED", "RAN", "ERROR"});
  for (const StageTrace& stage : stages) {
    table.add({stage.name, std::string(to_string(stage.outcome)), cache_text(stage), show_ms(ms(stage.cold)),
               show_ms(ms(stage.queued)), show_ms(ms(stage.ran)), stage.error.ok() ? "" : stage.error.to_string()});
  }
  std::fprintf(stderr, "%s", table.to_string().c_str());
}

PipelineResponse run_one(HostParts& parts, const PipelinePtr& pipeline, Value input) {
  std::promise<PipelineResponse> answer;
  Reactor& reactor = *parts.data_reactors().front();
  PipelineRequest request;
  request.input = std::move(input);
  request.request_id = 1;
  reactor.post([&] {
    parts.engine().run(pipeline, std::move(request), reactor,
                       [&answer](PipelineResponse response) { answer.set_value(std::move(response)); });
  });
  return answer.get_future().get();
}

Status unknown_pipeline(const Engine& engine, const std::string& name) {
  std::vector<std::string> known;
  for (const PipelineInfo& info : engine.pipelines()) known.push_back(info.name);
  return Status(Error{.code = Code::not_found,
                      .message = "there is no pipeline of this name",
                      .object = name,
                      .near = near_names(name, known)});
}

ExitCode call(CallArguments arguments, const Environment& environment) {
  const std::optional<Config> config = load_or_complain(arguments.config, environment);
  if (!config) return ExitCode::config;
  start_logging({.level = "warn", .lines_per_second = 0});
  const auto cannot_start = [](const Status& status) {
    complain(status);
    return ExitCode::cannot_start;
  };
  const Result<std::string> state_path = find_state_dir(config->host.state_dir, environment);
  if (!state_path) return cannot_start(state_path.status());
  const Result<StateDir> state = StateDir::open(*state_path);
  if (!state) return cannot_start(state.status());
  const Result<CrashStore> crashes = open_crashes(*state_path);
  if (!crashes) return cannot_start(crashes.status());
  const Result<std::unique_ptr<CrashReporter>> reporter = report_crashes(&*crashes);
  if (!reporter) return cannot_start(reporter.status());
  Result<std::unique_ptr<HostParts>> parts = HostParts::create(*config, *state_path, 1);
  if (!parts) return cannot_start(parts.status());
  Engine& engine = (*parts)->engine();
  if (!load_scripts_or_complain(engine)) return ExitCode::config;

  const PipelinePtr pipeline = engine.find(arguments.pipeline);
  if (!pipeline) return tell_failure(unknown_pipeline(engine, arguments.pipeline), arguments.json);
  if (arguments.input == "-") arguments.input.assign(std::istreambuf_iterator<char>(std::cin), {});
  Result<Value> input = parse_json(arguments.input, pipeline->info().input);
  if (!input) return tell_failure(input.status(), arguments.json);

  const PipelineResponse response = run_one(**parts, pipeline, std::move(*input));
  if (arguments.stages) print_stages(response.stages);
  if (!response.status.ok()) return tell_failure(response.status, arguments.json);
  std::string text;
  append_json(text, response.output.view());
  std::printf("%s\n", text.c_str());
  return ExitCode::ok;
}

}  // namespace

void add_call(const Syntax& line, CommandContext& context) {
  auto arguments = std::make_shared<CallArguments>();
  const Syntax command =
      line.command("call", "Run one request without a server, in this process, and print its answer");
  command.option("pipeline", arguments->pipeline, "Name of the pipeline", {.required = true});
  command.option("input", arguments->input, "Its input as JSON; - reads it from standard input", {.required = true});
  command.option("-c,--config", arguments->config, kConfigHelp);
  command.flag("--json", arguments->json, "Print a failure as JSON on standard output, too (application/problem+json)");
  command.flag("--stages", arguments->stages, "Print the outcome and time of each stage on standard error");
  command.runs([arguments, &context] { context.exit = call(*arguments, context.environment); });
}

}  // namespace dormouse
