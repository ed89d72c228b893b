#include "http/component_routes.h"

#include "http/component_document.h"
#include "http/document_parts.h"
#include "http/query.h"

namespace dormouse {
namespace {

// Null after an answer that there is none of that name.
std::shared_ptr<Component> find_component(const HostView& host, const Request& request, Responder& responder) {
  const std::string& name = request.capture("name");
  std::shared_ptr<Component> component = host.registry.find(name);
  if (!component) responder.fail(unknown_name("component", name, host.registry.names()));
  return component;
}

ChangeAnswer answer_of(const VerbAnswer& answer) {
  JsonText component;
  write(component, answer.component);
  ChangeAnswer made;
  made.members = ",\"component\":" + component.text();
  if (!answer.status.ok()) {
    made.problem = Problem::of(answer.status);
    made.problem->members = std::move(made.members);
    return made;
  }
  made.members = ",\"generation\":" + std::to_string(answer.component.generation) + made.members;
  made.changed = answer.changed;
  made.explanation = answer.explanation;
  return made;
}

// Whether the verb would read the plugin file, so that a dry run has to look at it.
bool would_load(Verb verb, State state) {
  return verb == Verb::reload || (verb == Verb::load && !is_callable(state));
}

void request_verb(Registry& registry, Component& component, Verb verb, const VerbOptions& options,
                  const Operations::Ticket& ticket) {
  const auto finish = [ticket](const VerbAnswer& answer) { ticket.finish(answer_of(answer)); };
  registry.request(
      component, verb, options,
      [ticket, finish](const VerbAnswer& answer) { answer.goes_on ? ticket.go_on() : finish(answer); }, finish);
}

// A dry run that reads the plugin file, which may block on the disk: in the background, and then as any dry run.
void try_load(const HostChanges& changes, std::shared_ptr<Component> component, Verb verb, Change change,
              Responder responder) {
  const VerbOptions options{change.wait, change.dry_run, change.actor};
  const auto claim = std::make_shared<WorkClaim>();
  const Operations::Ticket ticket =
      changes.operations->begin(std::move(change), std::move(responder), {.claim = claim});
  const Status taken =
      changes.background.submit([&registry = changes.host.registry, component, verb, options, ticket, claim] {
        if (!claim->begin()) return;
        VerbAnswer answer;
        answer.status = registry.examine(component->spec());
        answer.component = component->status();
        if (!answer.status.ok()) return ticket.finish(answer_of(answer));
        request_verb(registry, *component, verb, options, ticket);
      });
  if (!taken.ok()) ticket.finish(ChangeAnswer::failed(taken));
}

}  // namespace

void answer_components(const HostView& host, Responder responder) {
  JsonText out;
  out.begin_object();
  write_list(out, "components", host.registry.statuses());
  out.key("next").null();
  out.end_object();
  responder.answer_json(out.take());
}

void answer_component(const HostView& host, const Request& request, Responder responder) {
  const std::shared_ptr<Component> component = find_component(host, request, responder);
  if (!component) return;
  JsonText out;
  write(out, component->status());
  responder.answer_json(out.take());
}

void change_component(const HostChanges& changes, Verb verb, const Request& request, Responder responder) {
  const std::string& name = request.capture("name");
  const std::shared_ptr<Component> component = changes.host.registry.find(name);
  if (!component) return responder.fail(unknown_name("component", name, changes.host.registry.names()));
  Result<Change> change = read_change(changes, request, std::string(to_string(verb)), name);
  if (!change.ok()) return responder.fail(change.status());
  const VerbOptions options{change->wait, change->dry_run, change->actor};
  if (options.dry_run && would_load(verb, component->status().state))
    return try_load(changes, component, verb, std::move(*change), std::move(responder));
  // The component bounds the verb itself and says what goes on; the wait here is only the last resort.
  if (change->wait > Duration{}) change->wait += std::chrono::seconds(1);
  Work work{.at = [component] { return std::string(to_string(component->status().state)); }};
  // What closes cannot be opened again; only a load can be taken back.
  if (verb == Verb::load)
    work.take_back = [&registry = changes.host.registry, component](bool dry_run, Work::TakenBack taken_back) {
      registry.give_up_load(*component, dry_run, std::move(taken_back));
    };
  const Operations::Ticket ticket =
      changes.operations->begin(std::move(*change), std::move(responder), std::move(work));
  request_verb(changes.host.registry, *component, verb, options, ticket);
}

}  // namespace dormouse
