#include "pipeline/generation.h"

#include "base/fnv.h"
#include "cache/key.h"
#include "graph/check.h"
#include "script/script_run.h"

namespace dormouse {

void CompiledPipeline::find_series(PipelineMetrics& metrics) {
  const Graph& graph = plan.graph;
  requests = metrics.requests(graph.name);
  for (size_t i = 0; i < graph.nodes.size(); ++i)
    if (!graph.nodes[i].as_group()) plan.nodes[i].series = metrics.stage(graph.name, graph.nodes[i].path);
}

uint64_t Generation::in_flight() const {
  uint64_t sum = 0;
  for (const auto& loop : loops) sum += loop->in_flight.load(std::memory_order_relaxed);
  return sum;
}

void Generation::bind_caches(const std::shared_ptr<Caches>& all) {
  for (auto& [name, pipeline] : pipelines) pipeline->plan.plan_wrappers(all);
}

namespace {

// What the pipeline scripts say, in one number: equal texts, also after a rollback, read what they wrote.
uint64_t hash_of_pipelines(const std::vector<ScriptFile>& files) {
  Fnv hash;
  for (const ScriptFile& file : files) {
    if (file.kind != ScriptKind::pipelines) continue;
    hash.add(file.source->text());
    hash.end_text();
  }
  return hash.value();
}

void begin_keys_with(uint64_t scripts, Graph& graph) {
  for (Node& node : graph.nodes) {
    if (!node.cache) continue;
    const uint64_t version = node.cache->policy.version_by_script ? scripts : 0;
    node.cache->key_prefix = key_prefix(version, node.cache->who_asks);
  }
}

std::unique_ptr<CompiledPipeline> compiled(CheckedPipeline checked, Generation& generation) {
  auto made = std::make_unique<CompiledPipeline>();
  made->details = std::move(checked.info);
  made->plan.graph = std::move(checked.graph);
  made->plan.file = made->details.file;
  made->plan.callees = std::move(checked.callees);
  made->plan.nodes.resize(made->plan.graph.nodes.size());
  made->generation = &generation;
  return made;
}

std::string function_key(const std::string& pipeline, const std::string& stage, size_t slot) {
  std::string key = pipeline;
  key += '/';
  key += stage;
  key += '#';
  key += std::to_string(slot);
  return key;
}

// The stage of a function, where it stands.
ScriptCall place_of(const Generation& generation, const FunctionName& name) {
  ScriptCall place;
  place.source = generation.files.front().source.get();
  place.stage = name.pipeline + "/" + name.stage;
  const CompiledPipeline& pipeline = *generation.pipelines.at(name.pipeline);
  for (const ScriptFile& file : generation.files)
    if (file.kind == ScriptKind::pipelines && file.source->name() == pipeline.details.file)
      place.source = file.source.get();
  for (const Node& node : pipeline.plan.graph.nodes)
    if (node.path == name.stage) {
      place.line = node.line;
      place.subject = node.name;
    }
  return place;
}

// Finds each function of the generation again in what this state described.
void find_functions(const Generation& generation, const ScriptDescription& description, std::vector<int>& functions,
                    ScriptErrors& errors) {
  std::unordered_map<std::string, int> by_name;
  const auto note = [&](const std::string& pipeline, const std::string& path, const StageDescription& stage) {
    for (size_t slot = 0; slot < kFunctionSlots; ++slot)
      if (stage.functions[slot] != kNoFunction) by_name[function_key(pipeline, path, slot)] = stage.functions[slot];
  };
  for (const auto& pipeline : description.pipelines)
    for (const auto& stage : pipeline->stages) {
      note(pipeline->name, stage->name, *stage);
      for (const auto& member : stage->members) note(pipeline->name, stage->name + "/" + member->name, *member);
    }
  for (const FunctionName& name : generation.functions) {
    const auto found = by_name.find(function_key(name.pipeline, name.stage, name.slot));
    if (found == by_name.end())
      return errors.add(place_of(generation, name),
                        {.message = "the script describes something else each time it runs: the second time, this "
                                    "function was missing",
                         .hint = "do not let math.random or table order decide what is described"});
    functions.push_back(found->second);
  }
}

// Null when there are errors.
std::unique_ptr<LoopScripts> open_scripts(const Generation& generation, const ScriptLimits& limits,
                                          ScriptErrors& errors) {
  auto scripts = std::make_unique<LoopScripts>();
  Result<std::unique_ptr<LuaState>> state = make_script_state(limits, scripts->host);
  if (!state.ok()) return errors.add(SourceText("scripts", ""), 0, state.status().to_string()), nullptr;
  scripts->state = std::move(*state);
  ScriptDescription description;
  for (const ScriptFile& file : generation.files)
    if (file.kind == ScriptKind::pipelines)
      run_script(*scripts->state, scripts->host, *file.source, file.kind, limits, description, errors);
  if (errors.empty()) find_functions(generation, description, scripts->functions, errors);
  return errors.empty() ? std::move(scripts) : nullptr;
}

}  // namespace

std::unique_ptr<Generation> compile(std::vector<ScriptFile> files, const ScriptLimits& limits, Callees& callees,
                                    ScriptErrors& errors) {
  auto generation = std::make_unique<Generation>();
  generation->files = std::move(files);
  ScriptHost host;
  Result<std::unique_ptr<LuaState>> state = make_script_state(limits, host);
  const SourceText nowhere("scripts", "");
  if (!state.ok()) return errors.add(nowhere, 0, state.status().to_string()), nullptr;
  ScriptDescription description;
  for (const ScriptFile& file : generation->files) {
    if (run_script(**state, host, *file.source, file.kind, limits, description, errors)) continue;
    // What a script described before it stopped is half a description: nothing more is said about it.
    std::erase_if(description.stages, [&](const auto& stage) { return stage->call.source == file.source.get(); });
  }
  // Also after an error in one file: all faults of the others are told in the same run.
  Checked checked = check(description, callees, errors);
  if (!errors.empty()) return nullptr;
  generation->functions = std::move(checked.functions);
  generation->pools = std::move(checked.pools);
  generation->caches = std::move(checked.caches);
  const uint64_t scripts = hash_of_pipelines(generation->files);
  for (CheckedPipeline& pipeline : checked.pipelines) {
    begin_keys_with(scripts, pipeline.graph);
    const std::string name = pipeline.graph.name;
    generation->pipelines.emplace(name, compiled(std::move(pipeline), *generation));
  }
  return generation;
}

void open_loops(Generation& generation, size_t count, const ScriptLimits& limits, ScriptErrors& errors) {
  for (auto& [name, pipeline] : generation.pipelines) pipeline->activations = std::make_unique<ActivationList[]>(count);
  for (size_t i = 0; i < count && errors.empty(); ++i) {
    auto loop = std::make_unique<Generation::PerLoop>();
    if (!generation.functions.empty()) loop->scripts = open_scripts(generation, limits, errors);
    generation.loops.push_back(std::move(loop));
  }
}

}  // namespace dormouse
