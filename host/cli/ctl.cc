// `dormouse ctl`: asks a running host over its control listener, and shows what it says.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <functional>

#include "base/units.h"
#include "cli/command.h"
#include "cli/configuration.h"
#include "cli/control_client.h"
#include "cli/ctl_output.h"
#include "cli/value_text.h"
#include "components/json.h"
#include "config/state_dir.h"

namespace dormouse {
namespace {

constexpr Duration kAnswerTimeout = std::chrono::seconds(10);
constexpr Duration kVerbTimeout = std::chrono::seconds(150);  // a load may take its load_timeout, twice when it queues
constexpr Duration kEventSilence = std::chrono::seconds(60);  // heartbeats come every 15 s

struct CtlArguments {
  std::string config;
  std::string state_dir;
  std::string url;
  bool json = false;
  std::string name;
  std::string wait;
  bool dry_run = false;
  unsigned count = 0;
  std::string after;
  std::string tag;
  bool history = false;
  std::string since;
};

Result<std::string> ctl_state_dir(const CtlArguments& arguments, const Environment& environment,
                                  std::string* configured_address) {
  if (!arguments.state_dir.empty()) return arguments.state_dir;
  const std::string path = config_path(arguments.config, environment);
  const ConfigReport report = load_config(path, environment);
  // Faults elsewhere in it do not matter here, so that a host can be asked while its file is being edited.
  const bool unreadable = !report.errors.empty() && report.errors[0].line == 0 && report.errors[0].file == path;
  if (!arguments.config.empty() && unreadable) return Status(Code::not_found, report.errors[0].to_string());
  *configured_address = report.config.control.listen;
  return find_state_dir(report.config.host.state_dir, environment);
}

// Where the host is: --url, else what it wrote into its state folder, else what its configuration says.
Result<ControlEndpoint> find_endpoint(const CtlArguments& arguments, const Environment& environment) {
  const auto token_set = environment.find("DORMOUSE_TOKEN");
  std::string token = token_set == environment.end() ? "" : token_set->second;
  if (!arguments.url.empty()) {
    Result<ControlEndpoint> endpoint = parse_endpoint(arguments.url);
    if (endpoint) endpoint->token = token;
    return endpoint;
  }
  std::string address = ControlOptions{}.listen;
  Result<std::string> state_dir = ctl_state_dir(arguments, environment, &address);
  if (!state_dir) return state_dir.status();
  if (Result<std::string> published = read_control_address(*state_dir)) address = *published;
  if (token.empty())
    if (Result<std::string> kept = read_token(*state_dir)) token = *kept;
  Result<ControlEndpoint> endpoint = parse_endpoint(address);
  if (endpoint) endpoint->token = token;
  return endpoint;
}

std::string percent_encoded(const std::string& text) {
  std::string encoded;
  for (char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-') {
      encoded += c;
    } else {
      char escape[4];
      std::snprintf(escape, sizeof escape, "%%%02X", static_cast<unsigned char>(c));
      encoded += escape;
    }
  }
  return encoded;
}

ExitCode tell_unreachable(const Status& status) {
  complain(status);
  if (status.code() == Code::invalid_argument) return ExitCode::usage;  // --url
  return status.code() == Code::not_found ? ExitCode::config : ExitCode::unreachable;
}

// Of a refusal. A reload that found faults in the files ends as `check` does.
ExitCode exit_of(dm_value problem) {
  return dm_count(dm_map_get(problem, "errors")) > 0 ? ExitCode::config : ExitCode::failed;
}

// One question, one answer: shown as a table, or as it came with --json.
ExitCode ask(const CtlArguments& arguments, const Environment& environment, const CtlRequest& request) {
  const Result<ControlEndpoint> endpoint = find_endpoint(arguments, environment);
  if (!endpoint) return tell_unreachable(endpoint.status());
  const Result<ControlAnswer> answer = ControlClient(*endpoint).send(
      request.method, request.target, request.method == "GET" ? kAnswerTimeout : kVerbTimeout);
  if (!answer) return tell_unreachable(answer.status());
  const bool ok = answer->status < 300;
  if (arguments.json) std::printf("%s\n", answer->body.c_str());
  if (arguments.json && ok) return ExitCode::ok;
  const Result<Value> body = value_from_json(answer->body, "the host's answer", {.bytes_max = size_t{256} << 20});
  if (!body) {
    std::fprintf(stderr, "dormouse: HTTP %u: %s\n", answer->status, body.status().to_string().c_str());
    return ExitCode::failed;
  }
  if (!ok) {
    if (!arguments.json) std::fprintf(stderr, "%s", show_problem(body->view()).c_str());
    return exit_of(body->view());
  }
  std::printf("%s", request.show(body->view()).c_str());
  return ExitCode::ok;
}

ExitCode follow_events(const CtlArguments& arguments, const Environment& environment) {
  const Result<ControlEndpoint> endpoint = find_endpoint(arguments, environment);
  if (!endpoint) return tell_unreachable(endpoint.status());
  const std::string target = "/v1/events" + (arguments.after.empty() ? "" : "?after=" + arguments.after);
  unsigned seen = 0;
  const Result<ControlAnswer> end =
      ControlClient(*endpoint).stream(target, kEventSilence, [&](const ControlClient::ServerEvent& event) {
        const Result<Value> data = value_from_json(event.data, "event");
        const bool plain = arguments.json || !data;
        std::printf("%s\n", plain ? event.data.c_str() : show_event(event.event, data->view()).c_str());
        std::fflush(stdout);
        return arguments.count == 0 || ++seen < arguments.count;
      });
  if (!end) return tell_unreachable(end.status());
  if (end->status == 200) return ExitCode::ok;
  std::fprintf(stderr, "dormouse: HTTP %u: %s\n", end->status, end->body.c_str());
  return ExitCode::failed;
}

// "?wait=5000&dry_run=1"
Result<std::string> verb_query(const CtlArguments& arguments) {
  std::string query;
  if (!arguments.wait.empty()) {
    Result<Duration> wait = parse_duration(arguments.wait);
    if (!wait) {
      Error error = wait.status().error();
      error.object = "--wait";
      return error;
    }
    query += "?wait=" + std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(*wait).count());
  }
  if (arguments.dry_run) query += std::string(query.empty() ? "?" : "&") + "dry_run=1";
  return query;
}

// "/v1/memory?history=1&component=nlu.intent&since=1767225600000"
Result<CtlRequest> memory_request(const CtlArguments& arguments) {
  std::string target = std::string("/v1/memory?history=") + (arguments.history ? "1" : "0");
  if (!arguments.name.empty()) target += "&component=" + percent_encoded(arguments.name);
  if (!arguments.since.empty()) {
    const Result<Duration> ago = parse_duration(arguments.since);
    if (!ago) {
      Error error = ago.status().error();
      error.object = "--since";
      return error;
    }
    const auto since = std::chrono::system_clock::now().time_since_epoch() - *ago;
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
    target += "&since=" + std::to_string(std::max<int64_t>(ms, 0));
  }
  return CtlRequest{"GET", target, show_memory};
}

using Shared = std::shared_ptr<CtlArguments>;

// A subcommand that sends one request, made from the arguments when it runs.
CLI::App* add_question(CLI::App* ctl, const std::string& name, const std::string& help, Shared arguments,
                       CommandContext& context, std::function<Result<CtlRequest>(const CtlArguments&)> make) {
  CLI::App* command = ctl->add_subcommand(name, help);
  command->callback([arguments, make = std::move(make), &context] {
    const Result<CtlRequest> request = make(*arguments);
    if (!request) {
      complain(request.status());
      context.exit = ExitCode::usage;
      return;
    }
    context.exit = ask(*arguments, context.environment, *request);
  });
  return command;
}

void add_reads(CLI::App* ctl, Shared arguments, CommandContext& context) {
  const auto get = [](std::string target, std::string (*show)(dm_value)) {
    return [target, show](const CtlArguments&) -> Result<CtlRequest> { return CtlRequest{"GET", target, show}; };
  };
  add_question(ctl, "status", "The host in a few lines", arguments, context, get("/v1/status", show_status));
  add_question(ctl, "components", "All components, or one in full", arguments, context,
               [](const CtlArguments& a) -> Result<CtlRequest> {
                 if (a.name.empty()) return CtlRequest{"GET", "/v1/components", show_components};
                 return CtlRequest{"GET", "/v1/components/" + percent_encoded(a.name), show_component};
               })
      ->add_option("name", arguments->name, "One of them");
  add_question(ctl, "crashes", "What crashed, newest first, or one in full", arguments, context,
               [](const CtlArguments& a) -> Result<CtlRequest> {
                 if (a.name.empty()) return CtlRequest{"GET", "/v1/crashes", show_crashes};
                 return CtlRequest{"GET", "/v1/crashes/" + percent_encoded(a.name), show_crash};
               })
      ->add_option("id", arguments->name, "One of them");
  add_question(ctl, "plugins", "The plugin files in the configured folders", arguments, context,
               get("/v1/plugins", show_plugins));
  add_question(ctl, "pipelines", "The pipelines being served", arguments, context,
               get("/v1/pipelines", show_pipelines));
  CLI::App* memory =
      add_question(ctl, "memory", "Memory of the process and of each component", arguments, context, memory_request);
  memory->add_option("name", arguments->name, "Only this component");
  memory->add_flag("--history", arguments->history, "Also what was held before, and what stages answered");
  memory->add_option("--since", arguments->since, "How far to look back, such as 10m; default: as far as is kept");
}

void add_caches(CLI::App* ctl, Shared arguments, CommandContext& context) {
  add_question(ctl, "caches", "All caches, or one in full", arguments, context,
               [](const CtlArguments& a) -> Result<CtlRequest> {
                 if (a.name.empty()) return CtlRequest{"GET", "/v1/caches", show_caches};
                 return CtlRequest{"GET", "/v1/caches/" + percent_encoded(a.name), show_cache};
               })
      ->add_option("name", arguments->name, "One of them");
  CLI::App* purge = add_question(
      ctl, "purge", "Forget what a cache holds", arguments, context, [](const CtlArguments& a) -> Result<CtlRequest> {
        const std::string tag = a.tag.empty() ? "" : "?tag=" + percent_encoded(a.tag);
        return CtlRequest{"POST", "/v1/caches/" + percent_encoded(a.name) + "/purge" + tag, show_purge};
      });
  purge->add_option("name", arguments->name, "Name of the cache")->required();
  purge->add_option("--tag", arguments->tag, "Only the entries with this tag");
}

CtlRequest scripts_request(const std::string& verb, const CtlArguments& a) {
  return {"POST", "/v1/scripts/" + verb + (a.dry_run ? "?dry_run=1" : ""), show_scripts};
}

Result<CtlRequest> component_request(const std::string& verb, const CtlArguments& a) {
  Result<std::string> query = verb_query(a);
  if (!query) return query.status();
  return CtlRequest{"POST", "/v1/components/" + percent_encoded(a.name) + "/" + verb + *query, show_verb};
}

void add_verbs(CLI::App* ctl, Shared arguments, CommandContext& context) {
  const std::pair<const char*, const char*> verbs[] = {
      {"load", "Load a component now"},
      {"unload", "Close and unmap a component; a busy one answers with its leases and nothing changes"},
      {"trim", "Let a component drop its caches"},
      {"park", "Close a component and keep its code mapped"},
      {"pin", "Keep a component in memory however long it idles; does not load it, and ends with the host"},
      {"unpin", "Let a component be unloaded again when the policies say so"},
  };
  for (const auto& [verb, help] : verbs) {
    CLI::App* command =
        add_question(ctl, verb, help, arguments, context,
                     [verb = std::string(verb)](const CtlArguments& a) { return component_request(verb, a); });
    command->add_option("name", arguments->name, "Name of the component")->required();
    const bool pins = std::string_view(verb).ends_with("pin");
    if (!pins) command->add_option("--wait", arguments->wait, "How long to wait for running calls to end, such as 5s");
    command->add_flag("--dry-run", arguments->dry_run, "Only say what would happen");
  }
  add_question(ctl, "scan", "Read the plugin folders anew", arguments, context,
               [](const CtlArguments&) -> Result<CtlRequest> {
                 return CtlRequest{"POST", "/v1/plugins/scan", show_plugins};
               });
}

void add_script_verbs(CLI::App* ctl, Shared arguments, CommandContext& context) {
  CLI::App* reload = add_question(
      ctl, "reload", "Check the scripts and serve them from now on; or close a component and load it again", arguments,
      context, [](const CtlArguments& a) -> Result<CtlRequest> {
        return a.name.empty() ? scripts_request("reload", a) : component_request("reload", a);
      });
  reload->add_option("name", arguments->name,
                     "A component, to take a new model or plugin file; the scripts when absent");
  reload->add_option("--wait", arguments->wait,
                     "How long to wait for the component's running calls to end, such as 5s");
  reload->add_flag("--dry-run", arguments->dry_run, "Only say what would happen");
  add_question(ctl, "rollback", "Serve the last scripts whose text differs, as a new generation", arguments, context,
               [](const CtlArguments& a) -> Result<CtlRequest> { return scripts_request("rollback", a); })
      ->add_flag("--dry-run", arguments->dry_run, "Only say what would happen");
}

}  // namespace

void add_ctl(CLI::App& app, CommandContext& context) {
  auto arguments = std::make_shared<CtlArguments>();
  CLI::App* ctl = app.add_subcommand("ctl", "Ask and operate a running host");
  ctl->require_subcommand(1);
  ctl->fallthrough();  // `ctl components --json` as well as `ctl --json components`
  ctl->add_option("-c,--config", arguments->config, kConfigHelp);
  ctl->add_option("--state-dir", arguments->state_dir, "State folder of the host, instead of a configuration");
  ctl->add_option("--url", arguments->url,
                  "Control address, such as http://127.0.0.1:8081; token from $DORMOUSE_TOKEN");
  ctl->add_flag("--json", arguments->json, "Print what the host answered");
  add_reads(ctl, arguments, context);
  add_verbs(ctl, arguments, context);
  add_script_verbs(ctl, arguments, context);
  add_caches(ctl, arguments, context);
  CLI::App* events = ctl->add_subcommand("events", "What happens, as it happens; until Ctrl-C");
  events->add_option("-n,--count", arguments->count, "End after this many");
  events->add_option("--after", arguments->after, "Begin behind this number; 0: with the oldest that is kept")
      ->check(CLI::NonNegativeNumber);
  events->callback([arguments, &context] { context.exit = follow_events(*arguments, context.environment); });
  for (CLI::App* command : ctl->get_subcommands({})) command->fallthrough();
}

}  // namespace dormouse
