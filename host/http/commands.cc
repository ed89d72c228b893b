#include "http/commands.h"

#include <array>

namespace dormouse {
namespace {

using Kind = CommandParameter::Kind;
using Parameters = std::vector<CommandParameter>;

constexpr CommandParameter kDryRun{"dry_run", "--dry-run", Kind::yes,
                                   "Say what would happen, and change nothing: open, load and write nothing."};
constexpr CommandParameter kReason{"reason", "--reason", Kind::text,
                                   "The reason, which the event and the audit line then show."};
constexpr CommandParameter kWait{
    "wait", "--wait", Kind::duration,
    "How long the whole verb may take, such as 5s. After that, work that cannot be undone continues as an operation. "
    "0: refuse a busy component at once."};
constexpr CommandParameter kOnly{"only", "--only", Kind::text,
                                 "Reload only this part; scripts are the only part there is.", "scripts"};
constexpr CommandParameter kLimit{"limit", "--limit", Kind::number, "At most this many, 1 to 1000; default: 100."};
constexpr CommandParameter kAfter{"after", "--after", Kind::text, "List only those after the one with this ID."};
constexpr CommandParameter kTag{"tag", "--tag", Kind::text,
                                "Remove only the entries with this tag; without it, all entries."};

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
      {"history", "--history", Kind::yes, "Show earlier samples too, and the sizes of stages' results."},
      {"since", "--since", Kind::ago, "How far to look back, such as 10m; default: all samples that the host keeps."}};
  const Parameters events{{"after", "--after", Kind::number,
                           "Begin after the event with this number; 0: with the oldest event that the host keeps."},
                          {"kind", "--kind", Kind::text,
                           "Show only events of this kind; component.* selects all kinds that begin with component."},
                          {"object", "--object", Kind::text, "Show only events of this object."},
                          {"format", "", Kind::text, "json: the events up to now, instead of a stream.", "json|stream"},
                          {"", "-n,--count", Kind::number, "End after this many events."}};
  const Parameters operation{{"wait", "--wait", Kind::duration,
                              "How long to wait for the end of the operation, such as 30s; 0: answer at once."}};

  std::vector<Command> all;
  Command status = read(CommandId::status, "", "/v1/status", "Shows the host in a few lines, and what needs attention.",
                        {{"", "--ready", Kind::yes, "Ask only whether the host is ready: exit 0 if it is, else 6."},
                         {"", "--wait", Kind::duration, "With --ready: how long to wait until the host is ready."}});
  status.verb = "status";
  all.push_back(std::move(status));
  all.push_back(change(CommandId::reload, "", "reload", "/v1/host/reload",
                       "Checks the scripts and serves them from now on; scripts with faults change nothing.",
                       changing({kOnly})));
  all.push_back(change(CommandId::rollback, "", "rollback", "/v1/host/rollback",
                       "Serves the latest earlier scripts that differ from the serving ones, as a new generation."));
  all.push_back(route_only(change(CommandId::reload, "", "reload", "/v1/scripts/reload", "As /v1/host/reload.")));
  all.push_back(
      route_only(change(CommandId::rollback, "", "rollback", "/v1/scripts/rollback", "As /v1/host/rollback.")));

  all.push_back(read(CommandId::components, "components", "/v1/components",
                     "Lists all components; loads no component and resets no idle clock."));
  all.push_back(read(CommandId::component, "components", "/v1/components/{name}", "Shows one component in full."));
  const auto verb = [&](std::string_view word, std::string_view pattern, std::string_view summary) {
    all.push_back(change(CommandId::component_verb, "components", word, pattern, summary));
  };
  verb("load", "/v1/components/{name}/load", "Loads a component now, even if its last load failed.");
  verb("unload", "/v1/components/{name}/unload", "Closes and unmaps a component.");
  verb("trim", "/v1/components/{name}/trim", "Makes a component drop its caches; the component stays callable.");
  verb("park", "/v1/components/{name}/park", "Closes a component and keeps its code mapped.");
  verb("reload", "/v1/components/{name}/reload",
       "Replaces a component by its current plugin file and model; the old incarnation serves until the new one is "
       "ready.");
  verb("pin", "/v1/components/{name}/pin",
       "Keeps a loaded component in memory, however long it is idle, until unpin or the stop of the host; loads "
       "nothing.");
  verb("unpin", "/v1/components/{name}/unpin", "Allows the policies to unload a component again.");

  all.push_back(
      read(CommandId::plugins, "plugins", "/v1/plugins", "Lists the plugin files found, and why some cannot be used."));
  all.push_back(read(CommandId::plugin, "plugins", "/v1/plugins/{id}", "Shows one plugin file in full, by its id."));
  all.push_back(change(CommandId::scan, "plugins", "scan", "/v1/plugins/scan", "Reads the plugin folders again."));

  all.push_back(read(CommandId::pipelines, "pipelines", "/v1/pipelines", "Lists the pipelines that the host serves."));
  all.push_back(read(CommandId::pipeline, "pipelines", "/v1/pipelines/{name}",
                     "Shows one pipeline: its types, stages and components."));
  all.push_back(route_only(read(CommandId::generations, "scripts", "/v1/scripts/generations",
                                "Lists the sets of scripts that serve or still have requests.")));

  all.push_back(read(CommandId::caches, "caches", "/v1/caches",
                     "Lists the caches that the scripts declare; loads no component."));
  all.push_back(read(CommandId::cache, "caches", "/v1/caches/{name}", "Shows one cache in full."));
  all.push_back(change(CommandId::purge, "caches", "purge", "/v1/caches/{name}/purge",
                       "Removes all entries of a cache, or only those with a tag.", changing({kTag})));

  all.push_back(read(CommandId::memory, "memory", "/v1/memory",
                     "Shows the memory of the process and of each component.", memory));
  all.push_back(route_only(read(CommandId::memory, "memory", "/api/admin/memory-stats", "As /v1/memory.", memory)));
  all.push_back(showing_requests(read(CommandId::crashes, "crashes", "/v1/crashes",
                                      "Lists crashes, newest first: component, method, request, signal and place.",
                                      {kLimit, kAfter})));
  all.push_back(showing_requests(
      read(CommandId::crash, "crashes", "/v1/crashes/{id}", "Shows one crash in full, with its stack frames.")));
  all.push_back(answering("text/event-stream", read(CommandId::events, "events", "/v1/events",
                                                    "Streams events as they happen (server-sent events, each named "
                                                    "by its kind); ?format=json polls.",
                                                    events)));

  all.push_back(read(CommandId::operations, "operations", "/v1/operations",
                     "Lists operations, newest first: verbs that did not finish within their wait; the last 128.",
                     {kLimit, kAfter}));
  all.push_back(read(CommandId::operation, "operations", "/v1/operations/{id}",
                     "Shows one operation and its result; Accept: text/event-stream follows its progress.", operation));
  all.push_back(change(CommandId::cancel_operation, "operations", "cancel", "/v1/operations/{id}/cancel",
                       "Cancels an operation that waits for its turn, or a load.", changing()));

  all.push_back(route_only(
      answering("text/plain", read(CommandId::metrics, "", "/metrics",
                                   "Counts and measurements for Prometheus; loads the component that renders them."))));
  all.push_back(route_only(read(CommandId::openapi, "", "/openapi.json", "This description.")));
  all.push_back(route_only(read(CommandId::healthz, "", "/healthz", "Liveness: always 200.")));
  all.push_back(route_only(read(CommandId::readyz, "", "/readyz", "Readiness: 200, or 503 with the reason.")));
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
