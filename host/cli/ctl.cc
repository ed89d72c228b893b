// `dormouse ctl`: asks a running host over its control listener, and shows what it says. Its words, flags and help are
// those of the table of commands (http/commands.h).
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>

#include "base/units.h"
#include "cli/command.h"
#include "cli/configuration.h"
#include "cli/ctl_output.h"
#include "cli/ctl_request.h"
#include "cli/ctl_target.h"
#include "cli/output_format.h"
#include "cli/table.h"
#include "cli/value_text.h"
#include "http/problem.h"
#include "values/json.h"

namespace dormouse {
namespace {

constexpr Duration kEventSilence = std::chrono::seconds(60);  // heartbeats come every 15 s
constexpr Duration kReadyPause = std::chrono::milliseconds(200);

struct CtlContext {
  CommandContext& command;
  CtlTarget target;
  CtlArguments arguments;
  OutputFormat output;

  bool wants(std::string_view format) const { return output.is(format); }
};
using Shared = std::shared_ptr<CtlContext>;

// What no host said: on standard error, and as a document for programs.
ExitCode tell_failure(const CtlContext& ctl, const Status& status) {
  complain(status);
  if (ctl.wants("json")) std::printf("%s\n", to_json(Problem::of(status)).c_str());
  if (status.code() == Code::invalid_argument) return ExitCode::usage;
  return status.code() == Code::not_found ? ExitCode::config : ExitCode::unreachable;
}

ExitCode tell_refusal(const CtlContext& ctl, const ControlAnswer& answer) {
  if (ctl.wants("json")) std::printf("%s\n", answer.body.c_str());
  const Result<Value> problem = value_from_json(answer.body, "the host's answer", {.bytes_max = size_t{16} << 20});
  if (!problem) {
    std::fprintf(stderr, "dormouse: HTTP %u: %s\n", answer.status, problem.status().to_string().c_str());
    return ExitCode::failed;
  }
  std::fprintf(stderr, "dormouse: %s", show_problem(problem->view()).c_str());
  const bool has_faults = dm_count(dm_map_get(problem->view(), "errors")) > 0;
  return exit_code_of(text_at(problem->view(), "code"), has_faults);
}

// 200 or 202.
ExitCode tell_answer(const CtlContext& ctl, const Command& command, const ControlAnswer& answer) {
  const Result<Value> body = value_from_json(answer.body, "the host's answer", {.bytes_max = size_t{256} << 20});
  if (ctl.wants("json")) std::printf("%s\n", answer.body.c_str());
  if (!body) {
    std::fprintf(stderr, "dormouse: HTTP %u: %s\n", answer.status, body.status().to_string().c_str());
    return ExitCode::failed;
  }
  const dm_value value = body->view();
  std::fprintf(stderr, "%s", show_notices(command, value).c_str());
  if (answer.status == 202) {
    std::fprintf(stderr, "dormouse: %s\n", show_going_on(value).c_str());
    return ExitCode::goes_on;
  }
  if (ctl.wants("text")) std::printf("%s", show(command, value).c_str());
  if (ctl.wants("name")) std::printf("%s", show_names(command, value).c_str());
  return ExitCode::ok;
}

Result<ControlAnswer> send(const CtlContext& ctl, const CtlRequest& request) {
  const Result<ControlEndpoint> endpoint = find_endpoint(ctl.target, ctl.command.environment);
  if (!endpoint) return endpoint.status();
  return ControlClient(*endpoint).send(request.method, request.target, request.timeout);
}

ExitCode ask(const CtlContext& ctl, const CtlRequest& request) {
  const Result<ControlAnswer> answer = send(ctl, request);
  if (!answer) return tell_failure(ctl, answer.status());
  return answer->status < 300 ? tell_answer(ctl, *request.command, *answer) : tell_refusal(ctl, *answer);
}

ExitCode follow_events(const CtlContext& ctl, const CtlRequest& request) {
  const Result<ControlEndpoint> endpoint = find_endpoint(ctl.target, ctl.command.environment);
  if (!endpoint) return tell_failure(ctl, endpoint.status());
  const auto wanted = ctl.arguments.values.find("-n,--count");
  const std::string count = wanted == ctl.arguments.values.end() ? "" : wanted->second;
  const uint64_t count_max = count.empty() ? 0 : std::strtoull(count.c_str(), nullptr, 10);
  uint64_t seen = 0;
  const Result<ControlAnswer> end =
      ControlClient(*endpoint).stream(request.target, kEventSilence, [&](const ControlClient::ServerEvent& event) {
        const Result<Value> data = value_from_json(event.data, "event");
        const bool plain = ctl.wants("json") || !data;
        const std::string line = plain               ? event.data
                                 : ctl.wants("name") ? printable(text_at(data->view(), "sequence"))
                                                     : show_event(event.event, data->view());
        std::printf("%s\n", line.c_str());
        std::fflush(stdout);
        return count_max == 0 || ++seen < count_max;
      });
  if (!end) return tell_failure(ctl, end.status());
  return end->status == 200 ? ExitCode::ok : tell_refusal(ctl, *end);
}

// Asks until it is ready or the wait has passed; a host that does not answer yet may be about to start.
ExitCode await_ready(const CtlContext& ctl, const CtlRequest& request) {
  const Result<Duration> wait = duration_given(ctl.arguments, "--wait", Duration{});
  if (!wait) return tell_failure(ctl, wait.status());
  const auto began = std::chrono::steady_clock::now();
  while (true) {
    const Result<ControlAnswer> answer = send(ctl, request);
    const Duration waited = std::chrono::steady_clock::now() - began;
    const bool last = waited + kReadyPause > *wait;
    if (answer && answer->status >= 300) return tell_refusal(ctl, *answer);
    if (!answer && (last || answer.status().code() == Code::invalid_argument))
      return tell_failure(ctl, answer.status());
    if (answer) {
      const Result<Value> body = value_from_json(answer->body, "the host's answer");
      if (!body) return tell_failure(ctl, body.status());
      const bool ready = flag_at(body->view(), "ready");
      if ((ready || last) && ctl.wants("json")) std::printf("%s\n", answer->body.c_str());
      if (ready && ctl.wants("text")) std::printf("%s", show_ready(waited).c_str());
      if (ready) return ExitCode::ok;
      if (last) {
        std::fprintf(stderr, "dormouse: host: %s", show_not_ready(body->view()).c_str());
        return ExitCode::refused;
      }
    }
    std::this_thread::sleep_for(kReadyPause);
  }
}

// What one word stands for: alone, and with a name.
struct Meaning {
  const Command* alone = nullptr;
  const Command* named = nullptr;
};

void run(const Shared& ctl, const Meaning& meaning) {
  const Command* command = ctl->arguments.name.empty() || !meaning.named ? meaning.alone : meaning.named;
  if (!command) command = meaning.named;
  ExitCode& exit = ctl->command.exit;
  const Result<CtlRequest> request = request_of(*command, ctl->arguments, std::chrono::system_clock::now());
  if (!request) {
    complain(request.status());
    exit = ExitCode::usage;
  } else if (command->id == CommandId::events) {
    exit = follow_events(*ctl, *request);
  } else if (command->id == CommandId::status && ctl->arguments.yes["--ready"]) {
    exit = await_ready(*ctl, *request);
  } else {
    exit = ask(*ctl, *request);
  }
}

// ---- the command line, from the table ----

// "a|b" as {"a", "b"}.
std::vector<std::string> choices_of(const CommandParameter& parameter) {
  std::vector<std::string> choices;
  for (std::string_view rest = parameter.choices; !rest.empty();) {
    const size_t end = std::min(rest.find('|'), rest.size());
    choices.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return choices;
}

void add_parameters(const Syntax& syntax, const Command& command, const Shared& ctl) {
  for (const CommandParameter& parameter : command.parameters) {
    const std::string flag(parameter.flag), help(parameter.help);
    if (flag.empty()) continue;
    if (flag == "NAME") {
      syntax.option("NAME", ctl->arguments.name, help);
      continue;
    }
    const std::string name = flag.substr(flag.find(',') == std::string::npos ? 0 : flag.find(',') + 1);
    if (syntax.has_option(name)) continue;  // of the word's other meaning
    if (parameter.kind == CommandParameter::Kind::yes) {
      syntax.flag(flag, ctl->arguments.yes[flag], help);
      continue;
    }
    syntax.option(flag, ctl->arguments.values[flag], help,
                  {.number = parameter.kind == CommandParameter::Kind::number, .choices = choices_of(parameter)});
  }
}

// `syntax` runs what its word means, unless a word behind it does.
void give_meaning(const Syntax& syntax, const Meaning& meaning, const Shared& ctl) {
  for (const Command* command : {meaning.alone, meaning.named})
    if (command) add_parameters(syntax, *command, ctl);
  if (meaning.named) {
    syntax.option("NAME", ctl->arguments.name, "Name or id", {.required = !meaning.alone});
  }
  syntax.runs([syntax, meaning, ctl] {
    if (!syntax.command_given()) run(ctl, meaning);
  });
}

std::string help_of(const Meaning& meaning) {
  std::string help(meaning.alone ? meaning.alone->summary : meaning.named->summary);
  if (meaning.alone && meaning.named) help += " With a name: " + std::string(meaning.named->summary);
  return help;
}

const Command* find_command(std::string_view noun, std::string_view verb, bool with_name) {
  for (const Command& command : commands())
    if (command.on_ctl && command.noun == noun && command.verb == verb && command.has_name() == with_name)
      return &command;
  return nullptr;
}

// In the order of the table, once each.
std::vector<std::string_view> words(std::string_view Command::*part, bool (*wanted)(const Command&)) {
  std::vector<std::string_view> all;
  for (const Command& command : commands()) {
    if (!command.on_ctl || !wanted(command)) continue;
    if (std::find(all.begin(), all.end(), command.*part) == all.end()) all.push_back(command.*part);
  }
  return all;
}

// `ctl VERB`: of the host, and with a name of a component.
void add_plain_verbs(const Syntax& root, const Shared& ctl) {
  const auto plain = [](const Command& command) {
    return !command.verb.empty() && (command.noun.empty() || command.noun == "components");
  };
  for (const std::string_view verb : words(&Command::verb, plain)) {
    const Meaning meaning{find_command("", verb, false), find_command("components", verb, true)};
    give_meaning(root.command(std::string(verb), help_of(meaning)), meaning, ctl);
  }
}

// `ctl NOUNS [NAME]`, `ctl NOUNS VERB NAME`, `ctl NOUNS show NAME`.
void add_nouns(const Syntax& root, const Shared& ctl) {
  for (const std::string_view noun : words(&Command::noun, [](const Command& each) { return !each.noun.empty(); })) {
    const Meaning list{find_command(noun, "", false), find_command(noun, "", true)};
    const Syntax syntax = root.command(std::string(noun), help_of(list));
    if (const std::string one = singular(noun); one != noun) syntax.alias(one);
    syntax.takes_one_command();
    give_meaning(syntax, list, ctl);
    if (list.named) {
      const Meaning show{nullptr, list.named};
      give_meaning(syntax.command("show", "Shows one in full; needed if its name is also a verb"), show, ctl);
    }
    for (const Command& command : commands()) {
      if (!command.on_ctl || command.noun != noun || command.verb.empty()) continue;
      const Meaning verb = command.has_name() ? Meaning{nullptr, &command} : Meaning{&command, nullptr};
      give_meaning(syntax.command(std::string(command.verb), std::string(command.summary)), verb, ctl);
    }
  }
}

// Words of before, which say what to type now.
void add_aliases(const Syntax& root, const Shared& ctl) {
  struct Alias {
    const char *word, *noun, *verb;
  };
  for (const Alias& alias : {Alias{"purge", "caches", "purge"}, Alias{"scan", "plugins", "scan"}}) {
    const Command* named = find_command(alias.noun, alias.verb, true);
    const Command* alone = find_command(alias.noun, alias.verb, false);
    const Syntax syntax = root.command(alias.word, "");
    syntax.hide();
    give_meaning(syntax, {alone, named}, ctl);
    syntax.runs([alias, alone, named, ctl] {
      std::fprintf(stderr, "dormouse: 'ctl %s' is 'ctl %s %s' now\n", alias.word, alias.noun, alias.verb);
      run(ctl, {alone, named});
    });
  }
}

}  // namespace

void add_ctl(const Syntax& line, CommandContext& context) {
  const auto ctl = std::make_shared<CtlContext>(CtlContext{context, {}, {}, {}});
  const Syntax root = line.command("ctl", "Show and operate a running host");
  root.needs_command();
  root.option("-c,--config", ctl->target.config, kConfigHelp);
  root.option("--state-dir", ctl->target.state_dir, "State folder of the host to use, instead of a configuration");
  root.option(
      "--url", ctl->target.url,
      "Control address, such as http://127.0.0.1:8081; default: $DORMOUSE_URL. The token comes from $DORMOUSE_TOKEN");
  ctl->output.add_to(root, {"text", "json", "name"});
  root.option("--timeout", ctl->arguments.timeout,
              "How long to wait for one answer; default: 10s, plus the value of --wait");
  add_plain_verbs(root, ctl);
  add_nouns(root, ctl);
  add_aliases(root, ctl);
  root.options_follow();  // `ctl components --json` as well as `ctl --json components`
  root.footer(
      "\nctl finds its host by the first of these that is given, and tries no other: --url, --state-dir, --config,\n"
      "$DORMOUSE_URL, $DORMOUSE_CONFIG, ./dormouse.yaml, the default state folder. A noun may be singular. Every verb\n"
      "that changes something takes --dry-run, --wait (default 30s) and --reason. Exit codes: dormouse --help.");
}

}  // namespace dormouse
