#include "http/commands.h"

#include <array>

namespace dormouse {
namespace {

using Kind = CommandParameter::Kind;
using Parameters = std::vector<CommandParameter>;

constexpr CommandParameter kDryRun{"dry_run", "--dry-run", Kind::yes,
                                   "Only say what would happen: opens, loads and writes nothing."};
constexpr CommandParameter kReason{"reason", "--reason", Kind::text, "Why, for the event and the audit line."};
constexpr CommandParameter kWait{
    "wait", "--wait", Kind::duration,
    "How long the whole verb may take, such as 5s; what cannot be taken back then goes on as an operation. 0: a busy "
    "component is refused at once."};
constexpr CommandParameter kOnly{"only", "--only", Kind::text,
                                 "Only this part; the scripts are all there is to reload.", "scripts"};
constexpr CommandParameter kLimit{"limit", "--limit", Kind::number, "At most this many, 1 to 1000; default: 100."};
constexpr CommandParameter kAfter{"after", "--after", Kind::text, "Begin behind the one of this ID."};
constexpr CommandParameter kTag{"tag", "--tag", Kind::text, "Only entries with this tag; all of them when absent."};

Parameters changing(Parameters more = {}) {
  for (const CommandParameter& each : {kWait, kDryRun, kReason}) more.push_back(each);
  return more;
}

Command read(CommandId id, std::string_view noun, std::string_view pattern, std::string_view summary,
             Parameters parameters = {}) {
  return {.id = id,
          .noun = noun,
          .verb = {},
          .method = "GET",
          .pattern = pattern,
          .role = Role::open,
          .summary = summary,
          .parameters = std::move(parameters)};
}

Command change(CommandId id, std::string_view noun, std::string_view verb, std::string_view pattern,
               std::string_view summary, Parameters parameters = changing()) {
  return {.id = id,
          .noun = noun,
          .verb = verb,
          .method = "POST",
          .pattern = pattern,
          .role = Role::operate,
          .summary = summary,
          .parameters = std::move(parameters)};
}

// What it shows may be content of requests.
Command showing_requests(Command command) {
  command.role = Role::read;
  return command;
}

// The same under an older path, or for programs alone.
Command route_only(Command command) {
  command.on_ctl = false;
  return command;
}

Command answering(std::string_view content_type, Command command) {
  command.answer = content_type;
  return command;
}

std::vector<Command> make_commands() {
  const Parameters memory{
      {"component", "NAME", Kind::text, "Only this component."},
      {"history", "--history", Kind::yes, "Also what was held before, and what stages answered."},
      {"since", "--since", Kind::ago, "How far to look back, such as 10m; default: all that is kept."}};
  const Parameters events{
      {"after", "--after", Kind::number, "Begin behind this number; 0: with the oldest that is kept."},
      {"kind", "--kind", Kind::text, "Only events of this kind; component.* asks for all of a noun."},
      {"object", "--object", Kind::text, "Only events of this object."},
      {"format", "", Kind::text, "json: what is there now, instead of a stream.", "json|stream"},
      {"", "-n,--count", Kind::number, "End after this many."}};
  const Parameters operation{
      {"wait", "--wait", Kind::duration, "How long to wait for its end, such as 30s; 0: answer at once."}};

  std::vector<Command> all;
  Command status =
      read(CommandId::status, "", "/v1/status", "The host in a few lines, and what is not as it should be.",
           {{"", "--ready", Kind::yes, "Only whether it is ready: exit 0, or 6."},
            {"", "--wait", Kind::duration, "With --ready: how long to wait for it."}});
  status.verb = "status";
  all.push_back(std::move(status));
  all.push_back(change(CommandId::reload, "", "reload", "/v1/host/reload",
                       "Checks the scripts and serves them from now on; a set with faults changes nothing.",
                       changing({kOnly})));
  all.push_back(change(CommandId::rollback, "", "rollback", "/v1/host/rollback",
                       "Serves the last scripts whose text differs, as a new generation."));
  all.push_back(route_only(change(CommandId::reload, "", "reload", "/v1/scripts/reload", "As /v1/host/reload.")));
  all.push_back(
      route_only(change(CommandId::rollback, "", "rollback", "/v1/scripts/rollback", "As /v1/host/rollback.")));

  all.push_back(read(CommandId::components, "components", "/v1/components",
                     "Lists all components; loads none and resets no idle clock."));
  all.push_back(read(CommandId::component, "components", "/v1/components/{name}", "One component in full."));
  const auto verb = [&](std::string_view word, std::string_view pattern, std::string_view summary) {
    all.push_back(change(CommandId::component_verb, "components", word, pattern, summary));
  };
  verb("load", "/v1/components/{name}/load", "Loads a component now, also one whose last load failed.");
  verb("unload", "/v1/components/{name}/unload", "Closes and unmaps a component.");
  verb("trim", "/v1/components/{name}/trim", "Lets a component drop its caches; it stays callable.");
  verb("park", "/v1/components/{name}/park", "Closes a component and keeps its code mapped.");
  verb("reload", "/v1/components/{name}/reload",
       "Takes the plugin file and the model that are there now: the new one opens beside the one that serves.");
  verb("pin", "/v1/components/{name}/pin",
       "Keeps a component in memory however long it idles; does not load it, and ends with the host.");
  verb("unpin", "/v1/components/{name}/unpin", "Lets a component be unloaded again when the policies say so.");

  all.push_back(
      read(CommandId::plugins, "plugins", "/v1/plugins", "Lists the plugin files found, and why some cannot be used."));
  all.push_back(read(CommandId::plugin, "plugins", "/v1/plugins/{id}", "One plugin file in full, by its id."));
  all.push_back(change(CommandId::scan, "plugins", "scan", "/v1/plugins/scan", "Reads the plugin folders anew."));

  all.push_back(
      read(CommandId::pipelines, "pipelines", "/v1/pipelines", "Lists the pipelines of the serving generation."));
  all.push_back(read(CommandId::pipeline, "pipelines", "/v1/pipelines/{name}",
                     "One pipeline: its types, stages and components."));
  all.push_back(route_only(
      read(CommandId::generations, "scripts", "/v1/scripts/generations", "Lists the sets of scripts that are alive.")));

  all.push_back(
      read(CommandId::caches, "caches", "/v1/caches", "Lists the caches that the scripts declare; loads none."));
  all.push_back(read(CommandId::cache, "caches", "/v1/caches/{name}", "One cache in full."));
  all.push_back(change(CommandId::purge, "caches", "purge", "/v1/caches/{name}/purge",
                       "Forgets what a cache holds, all of it or the entries with a tag.", changing({kTag})));

  all.push_back(
      read(CommandId::memory, "memory", "/v1/memory", "Memory of the process and of each component.", memory));
  all.push_back(route_only(read(CommandId::memory, "memory", "/api/admin/memory-stats", "As /v1/memory.", memory)));
  all.push_back(showing_requests(read(CommandId::crashes, "crashes", "/v1/crashes",
                                      "Lists what crashed, newest first: component, method, request, signal and place.",
                                      {kLimit, kAfter})));
  all.push_back(
      showing_requests(read(CommandId::crash, "crashes", "/v1/crashes/{id}", "One crash in full, with its frames.")));
  all.push_back(answering("text/event-stream", read(CommandId::events, "events", "/v1/events",
                                                    "What happens, as it happens: server-sent events, each named by "
                                                    "its kind; ?format=json polls.",
                                                    events)));

  all.push_back(read(CommandId::operations, "operations", "/v1/operations",
                     "Lists what was not finished within its wait, newest first: the last 128.", {kLimit, kAfter}));
  all.push_back(read(CommandId::operation, "operations", "/v1/operations/{id}",
                     "One operation, and what it came to; with Accept: text/event-stream as it goes on.", operation));
  all.push_back(change(CommandId::cancel_operation, "operations", "cancel", "/v1/operations/{id}/cancel",
                       "Gives up an operation: one that waits for its turn, or a load.", changing()));

  all.push_back(route_only(answering(
      "text/plain", read(CommandId::metrics, "", "/metrics",
                         "What was counted and measured, for Prometheus; loads the component that shows it."))));
  all.push_back(route_only(read(CommandId::openapi, "", "/openapi.json", "This description.")));
  all.push_back(route_only(read(CommandId::healthz, "", "/healthz", "Alive: always 200.")));
  all.push_back(route_only(read(CommandId::readyz, "", "/readyz", "Ready to serve: 200, or 503 with the reason.")));
  return all;
}

}  // namespace

std::string_view to_string(Role role) {
  constexpr std::array<std::string_view, 4> kNames{"open", "read", "operate", "admin"};
  return kNames[static_cast<size_t>(role)];
}

const std::vector<Command>& commands() {
  static const std::vector<Command> all = make_commands();
  return all;
}

std::string singular(std::string_view noun) {
  if (noun.ends_with("s")) noun.remove_suffix(noun.ends_with("shes") ? 2 : 1);
  return std::string(noun);
}

}  // namespace dormouse
