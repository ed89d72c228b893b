// One component with its life on a fake carrier: a clock and a loop that move when told, no thread, no file.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/events.h"
#include "base/metrics.h"
#include "components/component_life.h"
#include "components/component_verbs.h"
#include "fake_carrier.h"
#include "support/manual_clock.h"
#include "support/manual_loop.h"

namespace dormouse {

using Words = std::vector<std::string>;

inline Error broken(const std::string& message) {
  return {.code = Code::internal, .message = message};
}

class LifeHost {
 public:
  explicit LifeHost(ComponentSpec spec = named("part"))
      : component(std::make_shared<Component>(std::move(spec), clock, loop, policies)) {}

  static ComponentSpec named(const std::string& name) {
    ComponentSpec spec;
    spec.name = name;
    spec.plugin = "fake";
    return spec;
  }

  void set_policy(const PoolPolicy& policy) {
    policies.set({{"*", policy}});
    life.policy_changed();
  }
  void run() { loop.run_ready(); }
  void pass(Duration time) { loop.advance(time); }
  State state() const { return component->status().state; }

  // A demand; its answer is there when the loop ran far enough.
  std::shared_ptr<std::optional<Result<Lease>>> ask(const std::string& cause = "request") {
    auto answer = std::make_shared<std::optional<Result<Lease>>>();
    component->acquire(Demand{cause, false, [answer](Result<Lease> lease) { *answer = std::move(lease); }});
    run();
    return answer;
  }
  // Loads it, and holds it.
  Lease acquire() {
    auto answer = ask();
    return answer->has_value() && (*answer)->ok() ? std::move(***answer) : Lease();
  }
  std::shared_ptr<std::optional<VerbAnswer>> start(Verb verb, VerbOptions options = {}) {
    auto answer = std::make_shared<std::optional<VerbAnswer>>();
    verbs.request(verb, std::move(options), [answer](VerbAnswer a) { *answer = std::move(a); }, {});
    run();
    return answer;
  }
  // The answer of a verb that ends without further ado.
  VerbAnswer request(Verb verb, VerbOptions options = {}) {
    auto answer = start(verb, std::move(options));
    return answer->value_or(VerbAnswer{Status(Code::internal, "was not answered"), false, false, {}, {}});
  }
  // Kinds of all events so far, without "component.".
  std::vector<std::string> history() const {
    std::vector<std::string> kinds;
    for (const Event& event : events.since(0)) kinds.push_back(event.kind.substr(event.kind.find('.') + 1));
    return kinds;
  }
  bool did(const std::string& step) const {
    return std::find(carrier.steps.begin(), carrier.steps.end(), step) != carrier.steps.end();
  }

  ManualClock clock;
  ManualLoop loop{clock};
  EventLog events{1024};
  Metrics metrics;
  PoolPolicies policies;
  LoadQueue loads{4};
  MemoryWindows windows;
  FakeCarrier carrier{loop};
  std::vector<std::unique_ptr<Loaded>> kept;
  unsigned settled = 0;  // how often that was told
  const LifeServices services{
      clock,   loop,    events,
      metrics, carrier, policies,
      loads,   windows, [this](std::unique_ptr<Loaded> left) { kept.push_back(std::move(left)); }};
  const std::shared_ptr<Component> component;
  ComponentLife life{component, services, [this] { ++settled; }};
  ComponentVerbs verbs{life};
};

}  // namespace dormouse
