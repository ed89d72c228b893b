#include "http/audit.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace dormouse {
namespace {

constexpr QueryParameter kReason{"reason", "string", "Why; stands in the audit line."};
constexpr size_t kTextMax = 200;  // of what a client may write into a line
constexpr Duration kWindow = std::chrono::seconds(1);

// "/v1/components/{name}/unload" -> "unload".
std::string last_segment(std::string_view pattern) {
  return std::string(pattern.substr(pattern.rfind('/') + 1));
}

// "/v1/scripts/reload" -> "scripts": what a verb without a name is about.
std::string noun_before_verb(std::string_view pattern) {
  const std::string_view before = pattern.substr(0, pattern.rfind('/'));
  return std::string(before.substr(before.rfind('/') + 1));
}

// Reads that need the token show requests, and change nothing.
bool changes(const Route& route) {
  return route.method != "GET";
}

}  // namespace

void Audit::watch(std::vector<Route>& routes) {
  for (Route& route : routes) {
    if (route.access != Route::Access::token || !changes(route)) continue;
    const bool has_reason = std::any_of(route.query.begin(), route.query.end(),
                                        [](const QueryParameter& each) { return each.name == kReason.name; });
    if (!has_reason) route.query.push_back(kReason);
    Route described{.method = route.method, .pattern = route.pattern};
    route.handle = [self = shared_from_this(), described = std::move(described), handle = std::move(route.handle)](
                       const Request& request, Responder responder) {
      responder.when_answered([self, verb = verb_of(described, request, responder.peer())](std::string_view outcome) {
        self->write(verb, outcome);
      });
      handle(request, std::move(responder));
    };
  }
}

Audit::Verb Audit::verb_of(const Route& route, const Request& request, std::string peer) {
  const std::string& name = request.captures.front().value;  // "{name}", or "{id}" of an operation
  Verb verb{.verb = last_segment(route.pattern),
            .object = name.empty() ? noun_before_verb(route.pattern) : name.substr(0, kTextMax),
            .peer = std::move(peer),
            .reason = request.parameter("reason").value_or("").substr(0, kTextMax)};
  const std::string dry_run = request.parameter("dry_run").value_or("0");
  verb.dry_run = dry_run != "0" && dry_run != "false";
  return verb;
}

void Audit::acted(std::string_view verb, std::string_view object, std::string_view from, std::string_view outcome) {
  write({.verb = std::string(verb), .object = std::string(object), .peer = std::string(from)}, outcome);
}

void Audit::write(const Verb& verb, std::string_view outcome) {
  std::string counted;
  if (outcome != "done" && outcome != "goes_on") {
    const std::optional<uint64_t> others = admit_refused();
    if (!others) return;
    if (*others) counted = std::to_string(*others);
  }
  // One token so far: that of the state folder, which may do everything.
  std::vector<LogField> fields{
      {"verb", verb.verb}, {"role", "admin"}, {"token", "local"}, {"peer", verb.peer}, {"outcome", outcome}};
  if (verb.dry_run) fields.push_back({"dry_run", "true", true});
  if (!verb.reason.empty()) fields.push_back({"reason", verb.reason});
  if (!counted.empty()) fields.push_back({"refused_before", counted, true});
  write_log({LogLevel::info, "audit", verb.object, {}, fields});
}

void Audit::token_refused(const Request& request, const std::string& peer) {
  const std::optional<uint64_t> others = admit_refused();
  if (!others) return;
  EventFields fields{{"peer", peer},
                     {"method", std::string(request.method.substr(0, 16))},
                     {"path", std::string(request.path.substr(0, kTextMax))},
                     {"found", request.has_header("Authorization") ? "another token" : "none"}};
  if (*others) fields.emplace_back("refused_before", *others);
  events_.publish("access.refused", "control", std::move(fields));
}

std::optional<uint64_t> Audit::admit_refused() {
  const Time now = clock_.now();
  const std::lock_guard lock(mutex_);
  if (now - window_began_ >= kWindow) {
    window_began_ = now;
    refused_in_window_ = 0;
  }
  if (refused_in_window_ >= kRefusedPerSecondMax) {
    ++only_counted_;
    return std::nullopt;
  }
  ++refused_in_window_;
  return std::exchange(only_counted_, 0);
}

}  // namespace dormouse
