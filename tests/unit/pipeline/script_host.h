// An engine on fakes, with scripts given as text: what the tests of this folder run.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "pipeline/engine.h"
#include "support/manual_clock.h"
#include "support/manual_loop.h"
#include "unit/pipeline/fake_components.h"

namespace dormouse {

struct ScriptHostFixture {
  ManualClock clock;
  ManualLoop loop{clock};
  std::shared_ptr<FakeComponents> components = std::make_shared<FakeComponents>(loop);
  EventLog events{100};
  Metrics metrics;
  std::filesystem::path folder;
  std::optional<Engine> engine;
  EngineOptions options;

  ScriptHostFixture() {
    std::string name = (std::filesystem::temp_directory_path() / "dormouse-scripts-XXXXXX").string();
    folder = mkdtemp(name.data());
    options.pipelines = {(folder / "pipelines").string()};
    options.policies = {(folder / "policies").string()};
    std::filesystem::create_directories(folder / "pipelines");
    std::filesystem::create_directories(folder / "policies");
  }
  ~ScriptHostFixture() {
    engine.reset();
    loop.run_ready();
    components->forget_all();
    std::filesystem::remove_all(folder);
  }

  void write(const std::string& path, const std::string& text) { std::ofstream(folder / path) << text; }
  Engine& start() {
    if (!engine) engine.emplace(options, components, std::vector<EventLoop*>{&loop}, clock, events, metrics);
    return *engine;
  }
  // Loads one script called t.lua, with `local dm = ...` in front of it on the same line.
  LoadReport load(const std::string& text) {
    write("pipelines/t.lua", "local dm = require 'dormouse'; local ref = dm.ref; " + text);
    return start().load(false);
  }
  // All errors of a refused load, as people see them, with the folder left out.
  std::string errors_of(const LoadReport& report) {
    std::string all;
    for (const ScriptError& error : report.errors) all += error.to_string() + "\n";
    const std::string prefix = (folder / "pipelines").string() + "/";
    for (size_t at; (at = all.find(prefix)) != std::string::npos;) all.erase(at, prefix.size());
    return all;
  }

  struct Answer {
    std::optional<PipelineResponse> response;
  };
  // Starts a request; its answer arrives when the loop has run far enough.
  std::shared_ptr<Answer> begin(const std::string& pipeline, Value input, PipelineRequest request = {}) {
    auto answer = std::make_shared<Answer>();
    request.input = std::move(input);
    last_ticket = engine->run(engine->find(pipeline), std::move(request), loop,
                              [answer](PipelineResponse response) { answer->response = std::move(response); });
    return answer;
  }
  // A request that is expected to end without the clock moving.
  PipelineResponse run(const std::string& pipeline, Value input) {
    const auto answer = begin(pipeline, std::move(input));
    loop.run_ready();
    if (!answer->response) throw std::runtime_error("the request has not ended");
    return std::move(*answer->response);
  }
  uint64_t counter(const std::string& name, const Metrics::Labels& labels = {}) {
    return static_cast<uint64_t>(metrics.value(name, labels));
  }
  uint64_t last_ticket = 0;
};

inline std::string text_of(const Value& value) {
  return to_debug_string(value.view(), 1000);
}
// "language: ok, intent: fallback"
inline std::string outcomes(const PipelineResponse& response) {
  std::string text;
  for (const StageTrace& stage : response.stages)
    text += (text.empty() ? "" : ", ") + stage.name + ": " + std::string(to_string(stage.outcome));
  return text;
}

}  // namespace dormouse
