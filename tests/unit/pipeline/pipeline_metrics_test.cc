#include "pipeline/pipeline_metrics.h"

#include <catch2/catch.hpp>

#include "unit/pipeline/script_host.h"

using namespace dormouse;
using namespace std::chrono_literals;

namespace {

struct OneStage : ScriptHostFixture {
  FakeComponent& a = components->add("a", "{text: string}", "{text: string}");

  void serve(const std::string& stage = "one", const std::string& more = "") {
    const LoadReport report = load("return dm.pipeline('p', { input = { text = 'string' },\ndm.stage('" + stage +
                                   "', { component = 'a', input = { text = ref.request.text }, " + more +
                                   "}),\noutput = { said = ref." + stage + ".text } })");
    if (!report.errors.empty()) throw std::runtime_error(errors_of(report));
  }
  PipelineResponse ask() { return run("p", text_map({{"text", "hello"}})); }
  uint64_t outcome(const std::string& stage, const std::string& outcome) {
    return counter("dormouse_stage_outcomes_total", {{"pipeline", "p"}, {"stage", stage}, {"outcome", outcome}});
  }
  uint64_t ended(const std::string& status) {
    return counter("dormouse_requests_total", {{"pipeline", "p"}, {"status", status}});
  }
  MetricSample sample(const std::string& name, const MetricLabels& labels) {
    for (const MetricFamily& family : metrics.snapshot())
      for (const MetricSample& each : family.samples)
        if (family.name == name && each.labels == labels) return each;
    return {};
  }
  const MetricLabels stage_one{{"pipeline", "p"}, {"stage", "one"}};
};

}  // namespace

TEST_CASE("a stage counts its outcomes and the time in its component") {
  OneStage t;
  t.a.inline_calls = false;
  t.a.takes = 3ms;
  t.serve();
  const auto answer = t.begin("p", text_map({{"text", "hello"}}));
  t.loop.advance(10ms);
  REQUIRE(answer->response);
  CHECK(t.outcome("one", "ok") == 1);
  CHECK(t.outcome("one", "error") == 0);
  const HistogramReading ran = t.sample("dormouse_stage_seconds", t.stage_one).histogram;
  CHECK(ran.count() == 1);
  CHECK(ran.sum == Approx(0.003));
  CHECK(ran.counts.at(8) == 1);  // 2.5 ms to 5 ms
  CHECK(t.sample("dormouse_stage_queue_seconds", t.stage_one).histogram.count() == 1);
  const HistogramReading took = t.sample("dormouse_request_seconds", {{"pipeline", "p"}}).histogram;
  CHECK(took.count() == 1);
  CHECK(took.sum == Approx(0.003));
}

TEST_CASE("an inline call waits for nobody so it has no time in a queue") {
  OneStage t;
  t.serve();
  t.ask();
  CHECK(t.counter("dormouse_stage_seconds", t.stage_one) == 1);
  CHECK(t.counter("dormouse_stage_queue_seconds", t.stage_one) == 0);
}

TEST_CASE("requests are counted by how they ended") {
  OneStage t;
  t.serve();
  CHECK(t.ended("ok") == 0);
  t.ask();
  t.a.answer = [](const Value&) -> Result<Value> { return Status(Code::unavailable, "out of order"); };
  t.ask();
  t.ask();
  CHECK(t.ended("ok") == 1);
  CHECK(t.ended("unavailable") == 2);
  CHECK(t.outcome("one", "error") == 2);
  t.serve("one", "fallback = { text = 'instead' }");
  t.ask();
  CHECK(t.ended("degraded") == 1);
  CHECK(t.ended("ok") == 1);
}

TEST_CASE("every code is a status of its own") {
  std::vector<std::string> names;
  for (size_t i = 0; i < kRequestStatuses; ++i) names.emplace_back(request_status_name(i));
  std::sort(names.begin(), names.end());
  CHECK(std::unique(names.begin(), names.end()) == names.end());
  for (const Code code : {Code::cancelled, Code::deadline_exceeded, Code::busy, Code::queue_full, Code::load_failed})
    CHECK(request_status_name(request_status(code, false)) == to_string(code));
  CHECK(request_status_name(request_status(Code::ok, false)) == "ok");
  CHECK(request_status_name(request_status(static_cast<Code>(99), false)) == "other");
}

TEST_CASE("a new generation goes on counting") {
  OneStage t;
  t.serve();
  t.ask();
  t.serve();
  t.ask();
  CHECK(t.outcome("one", "ok") == 2);
  CHECK(t.ended("ok") == 2);
  CHECK(t.counter("dormouse_script_generation") == 2);
  CHECK(t.counter("dormouse_script_reloads_total", {{"result", "ok"}}) == 2);
}

TEST_CASE("the series of a stage vanishes with the last generation that has it") {
  OneStage t;
  t.serve("one");
  t.ask();
  CHECK(t.outcome("one", "ok") == 1);
  t.serve("other");
  t.engine->wait_for_closing();
  CHECK(t.outcome("one", "ok") == 0);
  for (const MetricFamily& family : t.metrics.snapshot())
    for (const MetricSample& sample : family.samples)
      for (const auto& [name, value] : sample.labels) CHECK(value != "one");
}

TEST_CASE("refused scripts are counted and change no generation") {
  OneStage t;
  t.serve();
  REQUIRE_FALSE(t.load("return 7").errors.empty());
  CHECK(t.counter("dormouse_script_reloads_total", {{"result", "refused"}}) == 1);
  CHECK(t.counter("dormouse_script_generation") == 1);
}

TEST_CASE("a fault of a script is counted at the line of its stage") {
  OneStage t;
  const LoadReport report = t.load(
      "return dm.pipeline('p', { input = { text = 'string' },\n\n"
      "dm.stage('bad', { run = function() error('no') end, fallback = { text = '' } }),\n"
      "output = { said = ref.bad.text } })");
  REQUIRE(t.errors_of(report) == "");
  t.ask();
  t.ask();
  CHECK(t.counter("dormouse_script_errors_total",
                  {{"script", (t.folder / "pipelines/t.lua").string()}, {"line", "3"}}) == 2);
}
