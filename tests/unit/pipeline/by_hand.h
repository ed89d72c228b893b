// Activations of the pipelines of one script, begun and gone on with by the test, without a scheduler. What came back
// waits until the test delivers it.
#pragma once

#include <stdexcept>

#include "pipeline/drive.h"
#include "pipeline/generation.h"
#include "pipeline/kinds/stage.h"
#include "unit/pipeline/fake_arrivals.h"
#include "unit/pipeline/script_host.h"

namespace dormouse {

struct ByHand : ScriptHostFixture {
  std::shared_ptr<FakeArrivals> arrivals = std::make_shared<FakeArrivals>();
  LoopTools tools{loop, 0, *arrivals};
  LoopFunctions functions{loop, *arrivals, *components, clock, ScriptLimits(), metrics};
  PipelineMetrics series{1};
  std::shared_ptr<Caches> caches = std::make_shared<Caches>(
      [](const std::string&, const std::string&) -> std::unique_ptr<CacheSpace> { return nullptr; }, 1, metrics);
  std::unique_ptr<Generation> generation;
  RequestRun request;
  ActivationPtr first;
  Value hello = text_map({{"text", "hello"}});

  ByHand() { request.deadline = Time::max(); }
  ~ByHand() {
    if (first) first->stop_all();
    first.reset();
  }

  void scripts(const std::string& text) {
    ScriptErrors errors;
    const auto source =
        std::make_shared<SourceText>("t.lua", "local dm = require 'dormouse'; local ref = dm.ref; " + text);
    generation = compile({{ScriptKind::pipelines, source}}, ScriptLimits(), *components, errors);
    if (generation) open_loops(*generation, 1, ScriptLimits(), errors);
    if (!errors.empty()) throw std::runtime_error(errors.take_errors().front().to_string());
    for (auto& [name, pipeline] : generation->pipelines) pipeline->find_series(series);
    generation->bind_caches(caches);
  }
  CompiledPipeline& pipeline(const std::string& name) { return *generation->pipelines.at(name); }
  ActivationPtr take(const std::string& name) { return pipeline(name).activations[0].take(pipeline(name).plan); }

  // The first activation; its nodes have not begun yet.
  Activation& begin_first(const std::string& name) {
    request.plan = &pipeline(name).plan;
    request.in.input = hello;
    first = take(name);
    first->begin(tools, functions, request);
    first->hold_components();
    return *first;
  }
  // In the place of what a kind of node will do: the next node that may begin goes in through its wrappers, and runs
  // another graph.
  Activation& begin_child(Activation& parent, const std::string& name, std::vector<Value> outside = {}) {
    const auto ready = request.activations.next_ready();
    if (!ready || ready->activation != &parent) throw std::runtime_error("no node of it may begin");
    parent.run(ready->node).depth = parent.plan().nodes[ready->node].wrappers;
    return begin_child_of(parent, ready->node, name, std::move(outside));
  }
  Activation& begin_child_of(Activation& parent, uint16_t node, const std::string& name,
                             std::vector<Value> outside = {}) {
    ActivationPtr child = take(name);
    Activation& begun = *child;
    const Status status = parent.begin_child(node, std::move(child), hello, outside);
    if (!status.ok()) throw std::runtime_error(status.to_string());
    return begun;
  }
  void go_on() { drive(tools, functions, request); }

  Activation* at(const Address& address) {
    Activation* activation = request.activations.find(address.activation);
    return activation && activation->has(address) ? activation : nullptr;
  }
  // Calls that have ended; how many of them were stale.
  size_t deliver() {
    loop.run_ready();
    size_t stale = 0;
    for (auto& [address, result] : std::exchange(arrivals->called, {})) {
      Activation* activation = at(address);
      if (activation)
        Stage(tools, functions, request, *activation, address.node).on_called(std::move(result));
      else
        ++stale;
      go_on();
    }
    return stale;
  }
  static std::string text_of_output(const Activation& activation) {
    const Result<Value> output = activation.output();
    return output.ok() ? text_of(*output) : output.status().to_string();
  }
  std::string traced() const {
    PipelineResponse response;
    response.stages = request.trace;
    return outcomes(response);
  }
};

// `outer` has two stages, the second reads the first; `inner` has one.
struct OuterAndInner : ByHand {
  FakeComponent& a = components->add("a", "{text: string}", "{text: string}");
  FakeComponent& b = components->add("b", "{text: string}", "{text: string}");

  explicit OuterAndInner(const std::string& of_the_first = "") {
    b.answer = [](const Value&) -> Result<Value> { return text_map({{"text", "from inside"}}); };
    scripts(
        "return { dm.pipeline('outer', { input = { text = 'string' },\n"
        "  dm.stage('first', { component = 'a', input = ref.request, " +
        of_the_first +
        " }),\n"
        "  dm.stage('second', { component = 'a', input = ref.first }),\n"
        "  output = ref.second }),\n"
        "dm.pipeline('inner', { input = { text = 'string' },\n"
        "  dm.stage('one', { component = 'b', input = ref.request }),\n"
        "  output = ref.one }) }");
  }
  // Calls of the inner stage wait for answer_one().
  void hang() {
    b.inline_calls = false;
    b.hangs = true;
  }
};

}  // namespace dormouse
