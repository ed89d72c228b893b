#include "http/control_routes.h"

#include <cassert>

#include "http/cache_routes.h"
#include "http/commands.h"
#include "http/component_routes.h"
#include "http/crash_route.h"
#include "http/data_routes.h"
#include "http/events_route.h"
#include "http/memory_route.h"
#include "http/metrics_route.h"
#include "http/operation_routes.h"
#include "http/plugin_routes.h"
#include "http/script_routes.h"
#include "http/status_route.h"

namespace dormouse {
namespace {

using Handler = std::function<void(const Request&, Responder)>;

// What the rows of the table do with a request.
class Handlers {
 public:
  Handlers(const ControlOptions& options, const HostView& host, Background& changes, Background& reads,
           std::shared_ptr<const std::string> openapi, std::shared_ptr<Operations> operations,
           std::shared_ptr<const RecentRequests> recent)
      : options_(options),
        host_(host),
        changes_(changes),
        reads_(reads),
        plugins_(std::make_shared<PluginReads>(host.registry.plugins(), reads)),
        openapi_(std::move(openapi)),
        operations_(std::move(operations)),
        recent_(std::move(recent)) {}

  Handler of(const Command& command) const;

 private:
  Handler of_read(const Command& command) const;
  Handler of_change(const Command& command) const;
  // A wait that outlasts the request's own limit could never be answered.
  Duration wait_max() const {
    return std::max(options_.limits.request_timeout - std::chrono::seconds(1), Duration::zero());
  }

  const ControlOptions& options_;
  const HostView& host_;
  Background& changes_;
  Background& reads_;
  const std::shared_ptr<PluginReads> plugins_;
  const std::shared_ptr<const std::string> openapi_;
  const std::shared_ptr<Operations> operations_;
  const std::shared_ptr<const RecentRequests> recent_;
};

Handler Handlers::of(const Command& command) const {
  return command.changes() ? of_change(command) : of_read(command);
}

Handler Handlers::of_read(const Command& command) const {
  const HostView& host = host_;
  Background& reads = reads_;
  switch (command.id) {
    case CommandId::status:
      return [host, recent = recent_](const Request&, Responder to) { answer_status(host, *recent, std::move(to)); };
    case CommandId::components:
      return [host](const Request&, Responder to) { answer_components(host, std::move(to)); };
    case CommandId::component:
      return [host](const Request& request, Responder to) { answer_component(host, request, std::move(to)); };
    case CommandId::plugins:
      return
          [host, plugins = plugins_](const Request&, Responder to) { answer_plugins(host, *plugins, std::move(to)); };
    case CommandId::plugin:
      return [host, plugins = plugins_](const Request& request, Responder to) {
        answer_plugin(host, *plugins, request, std::move(to));
      };
    case CommandId::pipelines:
      return [host](const Request&, Responder to) { answer_pipelines(host, std::move(to)); };
    case CommandId::pipeline:
      return [host](const Request& request, Responder to) { answer_pipeline(host, request, std::move(to)); };
    case CommandId::generations:
      return [host](const Request&, Responder to) { answer_generations(host, std::move(to)); };
    case CommandId::caches:
      return [host](const Request&, Responder to) { answer_caches(host, std::move(to)); };
    case CommandId::cache:
      return [host](const Request& request, Responder to) { answer_cache(host, request, std::move(to)); };
    case CommandId::memory:
      return [host](const Request& request, Responder to) { answer_memory(host, request, std::move(to)); };
    case CommandId::crashes:
      return
          [host, &reads](const Request& request, Responder to) { answer_crashes(host, reads, request, std::move(to)); };
    case CommandId::crash:
      return
          [host, &reads](const Request& request, Responder to) { answer_crash(host, reads, request, std::move(to)); };
    case CommandId::events:
      return [route = std::make_shared<EventsRoute>(EventsRoute{host.events, options_})](
                 const Request& request, Responder to) { answer_events(*route, request, std::move(to)); };
    case CommandId::operations:
      return [operations = operations_](const Request& request, Responder to) {
        answer_operations(*operations, request, std::move(to));
      };
    case CommandId::operation:
      return [operations = operations_, wait_max = wait_max(), heartbeat = options_.event_heartbeat](
                 const Request& request, Responder to) {
        answer_operation(*operations, wait_max, heartbeat, request, std::move(to));
      };
    case CommandId::metrics:
      return metrics_handler(host, reads);
    case CommandId::openapi:
      return [openapi = openapi_](const Request&, Responder to) { to.answer_json(*openapi); };
    case CommandId::healthz:
      return [](const Request&, Responder to) { answer_healthz(std::move(to)); };
    case CommandId::readyz:
      return [host](const Request&, Responder to) { answer_readyz(host, std::move(to)); };
    default:
      assert(false && "a row that reads and has no handler");
      return {};
  }
}

Verb verb_named(std::string_view word) {
  for (const Verb verb : {Verb::load, Verb::unload, Verb::trim, Verb::park, Verb::reload, Verb::pin})
    if (to_string(verb) == word) return verb;
  return Verb::unpin;
}

Handler Handlers::of_change(const Command& command) const {
  const HostChanges changes{host_, changes_, operations_, wait_max()};
  switch (command.id) {
    case CommandId::component_verb:
      return [changes, verb = verb_named(command.verb)](const Request& request, Responder to) {
        change_component(changes, verb, request, std::move(to));
      };
    case CommandId::reload:
      return [changes](const Request& request, Responder to) { reload_scripts(changes, request, std::move(to)); };
    case CommandId::rollback:
      return [changes](const Request& request, Responder to) { roll_back_scripts(changes, request, std::move(to)); };
    case CommandId::scan:
      return [changes](const Request& request, Responder to) { scan_plugins(changes, request, std::move(to)); };
    case CommandId::purge:
      return [changes](const Request& request, Responder to) { purge_cache(changes, request, std::move(to)); };
    case CommandId::cancel_operation:
      return [changes](const Request& request, Responder to) { cancel_operation(changes, request, std::move(to)); };
    default:
      assert(false && "a row that changes something and has no handler");
      return {};
  }
}

std::string_view schema_type(CommandParameter::Kind kind) {
  switch (kind) {
    case CommandParameter::Kind::number:
    case CommandParameter::Kind::ago:
      return "integer";
    case CommandParameter::Kind::yes:
      return "boolean";
    default:
      return "string";
  }
}

Route route_of(const Command& command, Handler handler) {
  Route route{.method = command.method,
              .pattern = std::string(command.pattern),
              .access = command.role == Role::open ? Route::Access::open : Route::Access::token,
              .summary = command.summary,
              .answer = command.answer,
              .handle = std::move(handler)};
  for (const CommandParameter& parameter : command.parameters)
    if (!parameter.query.empty()) route.query.push_back({parameter.query, schema_type(parameter.kind), parameter.help});
  return route;
}

}  // namespace

Duration change_wait_max(const ControlOptions& options) {
  return std::max(options.limits.request_timeout - std::chrono::milliseconds(500), Duration::zero());
}

std::vector<Route> control_routes(const ControlOptions& options, const HostView& host, Background& changes,
                                  Background& reads, std::shared_ptr<Operations> operations,
                                  std::shared_ptr<const RecentRequests> recent,
                                  std::shared_ptr<const std::string> openapi) {
  const Handlers handlers(options, host, changes, reads, std::move(openapi), std::move(operations), std::move(recent));
  std::vector<Route> routes;
  for (const Command& command : commands()) routes.push_back(route_of(command, handlers.of(command)));
  return routes;
}

}  // namespace dormouse
