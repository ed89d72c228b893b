#include "script/script_stages.h"

#include "base/suggest.h"
#include "script/script_objects.h"
#include "script/script_reading.h"
#include "script/script_ref.h"
#include "values/type.h"

namespace dormouse {
namespace {

constexpr size_t kStagesMax = 1000;  // of one pipeline or group; nodes are numbered with 16 bits

// ---- dm.stage ----

using StageReading = Reading<StageDescription>;

void read_input(StageReading& reading) {
  if (lua_isfunction(reading.L, -1)) {
    reading.to.functions[kInputSlot] = reading.take_function();
  } else if (lua_istable(reading.L, -1) || ref_at(reading.L, -1)) {
    reading.to.input = reading.expression();
  } else {
    reading.expected("a table, a ref or a function(ctx)");
  }
}

void read_run(StageReading& reading) {
  if (!lua_isfunction(reading.L, -1)) return reading.expected("a function(ctx)");
  reading.to.functions[kRunSlot] = reading.take_function();
}

void read_fallback(StageReading& reading) {
  if (lua_isfunction(reading.L, -1)) {
    reading.to.functions[kFallbackSlot] = reading.take_function();
    return;
  }
  Value value = reading.constant();
  if (value) reading.to.fallback = std::move(value);
}

void read_cache_key(StageReading& reading) {
  if (!lua_istable(reading.L, -1) && !ref_at(reading.L, -1))
    return reading.expected("a ref, or a table of refs and constants");
  reading.to.cache->key = reading.expression();
}

void read_cache_tags(StageReading& reading) {
  reading.list("a list of strings and refs", [&] { reading.to.cache->tags.push_back(reading.expression()); });
}

void read_versions_of(StageReading& reading) {
  reading.names(reading.to.cache->versions_of, "a list of components");
}

constexpr std::array<Key<StageDescription>, 6> kCacheUseKeys = {{
    {"use", [](StageReading& r) { r.text(r.to.cache->name); }},
    {"key", read_cache_key},
    {"tags", read_cache_tags},
    {"versions_of", read_versions_of},
    {"ttl", [](StageReading& r) { r.positive_duration(r.to.cache->ttl); }},
    {"negative_ttl", [](StageReading& r) { r.positive_duration(r.to.cache->negative_ttl); }},
}};

// "answers", or { use = "answers", key = { ref.request.text }, tags = { "kb" }, ttl = "10m" }
void read_cache_use(StageReading& reading) {
  reading.to.cache.emplace();
  if (lua_type(reading.L, -1) == LUA_TSTRING) return reading.text(reading.to.cache->name);
  if (!lua_istable(reading.L, -1)) return reading.expected("the name of a dm.cache, or a table { use = name, ... }");
  reading.keys(-1, kCacheUseKeys, "cache");
  if (reading.to.cache->name.empty()) reading.fault("cache = { ... } needs use = the name of a dm.cache");
}

constexpr std::array<Key<StageDescription>, 17> kStageKeys = {{
    {"component", [](StageReading& r) { r.text(r.to.component); }},
    {"method", [](StageReading& r) { r.text(r.to.method); }},
    {"input", read_input},
    {"run", read_run},
    {"fallback", read_fallback},
    {"timeout", [](StageReading& r) { r.positive_duration(r.to.timeout); }},
    {"optional", [](StageReading& r) { r.flag(r.to.optional); }},
    {"when", nullptr},
    {"retry", nullptr},
    {"hedge", nullptr},
    {"circuit_breaker", nullptr},
    {"cache", read_cache_use},
    {"per_try_timeout", nullptr},
    {"on_cold", nullptr},
    {"priority", nullptr},
    {"release", nullptr},
    {"flag", nullptr},
}};

StagePtr begin_stage(lua_State* L, ScriptSession& into, const char* function) {
  auto stage = std::make_shared<StageDescription>();
  stage->name = name_argument(L, function);
  stage->call = calling_script(L, into, stage->name, stage->name);
  for (const char* taken : {"request", "call", "meta", "default"})
    if (stage->name == taken) stage->faults.push_back({{}, {}, "'" + stage->name + "' cannot name a stage", {}});
  into.into.stages.push_back(stage);
  return stage;
}

// ---- stages inside of dm.parallel and dm.pipeline ----

void read_members(TableReading& reading, int table, std::vector<StagePtr>& to, bool groups_allowed) {
  lua_State* L = reading.L;
  const auto count = static_cast<lua_Integer>(lua_rawlen(L, table));
  if (count > static_cast<lua_Integer>(kStagesMax))
    return reading.fault("more than " + std::to_string(kStagesMax) + " stages");
  for (lua_Integer i = 1; i <= count; ++i) {
    lua_rawgeti(L, table, i);
    const auto* stage = static_cast<const StagePtr*>(luaL_testudata(L, -1, kStageType));
    if (!stage) {
      reading.fault("entry " + std::to_string(i) + " is " + reading.found() + ", not a stage");
    } else if ((*stage)->group && !groups_allowed) {
      reading.fault("'" + (*stage)->name + "' is a parallel inside a parallel, which is not available yet", {},
                    TableReading::Place::value, (*stage)->name);
    } else if ((*stage)->listed) {
      reading.fault("stage '" + (*stage)->name + "' is listed a second time", {}, TableReading::Place::value,
                    (*stage)->name);
    } else {
      (*stage)->listed = true;
      to.push_back(*stage);
    }
    lua_pop(L, 1);
  }
}

void read_join(StageReading& reading) {
  const char* text = lua_type(reading.L, -1) == LUA_TSTRING ? lua_tostring(reading.L, -1) : "";
  const std::string_view join = text;
  if (join == "all")
    reading.to.join = Join::all;
  else if (join == "any")
    reading.to.join = Join::any;
  else if (join == "quorum")
    reading.to.join = Join::quorum;
  else
    reading.expected("\"all\", \"any\" or \"quorum\"");
}

void read_on_error(StageReading& reading) {
  const char* text = lua_type(reading.L, -1) == LUA_TSTRING ? lua_tostring(reading.L, -1) : "";
  const std::string_view on_error = text;
  if (on_error == "partial")
    reading.to.on_error = OnError::partial;
  else if (on_error == "fail_fast")
    reading.to.on_error = OnError::fail_fast;
  else
    reading.expected("\"partial\" or \"fail_fast\"");
}

void read_quorum(StageReading& reading) {
  std::optional<unsigned> count;
  reading.count(count, 1, static_cast<lua_Integer>(kStagesMax));
  reading.to.quorum = count.value_or(0);
}

constexpr std::array<Key<StageDescription>, 7> kParallelKeys = {{
    {"join", read_join},
    {"quorum", read_quorum},
    {"on_error", read_on_error},
    {"timeout", nullptr},
    {"when", nullptr},
    {"fallback", nullptr},
    {"optional", nullptr},
}};

// ---- dm.pipeline ----

using PipelineReading = Reading<PipelineDescription>;

// { text = "string", user = { name = "string?" } }
Type read_record(PipelineReading& reading);

Type read_type(PipelineReading& reading) {
  if (lua_istable(reading.L, -1)) return read_record(reading);
  if (lua_type(reading.L, -1) != LUA_TSTRING) {
    reading.expected("a type such as \"string\" or \"list<int>?\"");
    return Type();
  }
  Result<Type> type = Type::parse(lua_tostring(reading.L, -1));
  if (type.ok()) return *type;
  const Error& error = type.status().error();
  reading.fault("'" + reading.path.back() + "': " + error.object + ", " + error.message +
                (error.near.empty() ? "" : " (" + near_sentence(error.near) + ")"));
  return Type();
}

Type read_record(PipelineReading& reading) {
  std::vector<Type::Field> fields;
  luaL_checkstack(reading.L, 4, "tables nested too deep");
  if (reading.path.size() > kPathStepsMax) {
    reading.fault("tables nested too deep");
    return Type();
  }
  const bool named = for_each_field(reading.L, -1, [&](const std::string& name) {
    reading.path.push_back(name);
    if (!is_name(name)) reading.fault("'" + name + "' is no name: letters, digits and _");
    fields.push_back({name, read_type(reading), {}});
    reading.path.pop_back();
    return true;
  });
  if (!named) reading.expected("a table of names and types");
  return Type::record(std::move(fields));
}

void read_pipeline_input(PipelineReading& reading) {
  if (!lua_istable(reading.L, -1)) return reading.expected("a table of names and types");
  reading.to.input = read_record(reading);
}

void read_output(PipelineReading& reading) {
  if (!lua_istable(reading.L, -1) && !ref_at(reading.L, -1)) return reading.expected("a table or a ref");
  reading.to.output = reading.expression();
}

constexpr std::array<Key<PipelineDescription>, 9> kPipelineKeys = {{
    {"deadline", [](PipelineReading& r) { r.positive_duration(r.to.deadline); }},
    {"input", read_pipeline_input},
    {"output", read_output},
    {"shadow", nullptr},
    {"ab", nullptr},
    {"cache", nullptr},
    {"on_cold", nullptr},
    {"priority", nullptr},
    {"when", nullptr},
}};

}  // namespace

int dm_stage(lua_State* L) {
  ScriptSession& into = describing_session(L, "stage");
  const StagePtr stage = begin_stage(L, into, "stage");
  StageReading reading(L, *stage, into.writer);
  reading.keys(2, kStageKeys, "a stage");
  if (lua_rawlen(L, 2) > 0) reading.fault("a stage has no positional entries; dm.parallel takes stages");
  push_object(L, kStageType, stage);
  return 1;
}

int dm_parallel(lua_State* L) {
  ScriptSession& into = describing_session(L, "parallel");
  const StagePtr group = begin_stage(L, into, "parallel");
  group->group = true;
  StageReading reading(L, *group, into.writer);
  reading.keys(2, kParallelKeys, "a parallel");
  read_members(reading, 2, group->members, false);
  if (group->members.empty()) reading.fault("parallel '" + group->name + "' has no stages");
  if (group->join == Join::quorum && (group->quorum == 0 || group->quorum > group->members.size()))
    reading.fault("join = \"quorum\" needs quorum = 1 to " + std::to_string(group->members.size()));
  if (group->join != Join::quorum && group->quorum != 0) reading.fault("'quorum' goes with join = \"quorum\"");
  push_object(L, kStageType, group);
  return 1;
}

int dm_pipeline(lua_State* L) {
  ScriptSession& into = describing_session(L, "pipeline");
  if (into.kind != ScriptKind::pipelines)
    return luaL_error(L, "dm.pipeline belongs into a pipeline script, not into a policy");
  auto pipeline = std::make_shared<PipelineDescription>();
  pipeline->name = name_argument(L, "pipeline");
  pipeline->call = calling_script(L, into, pipeline->name, "");
  PipelineReading reading(L, *pipeline, into.writer);
  reading.keys(2, kPipelineKeys, "a pipeline");
  read_members(reading, 2, pipeline->stages, true);
  if (!pipeline->output && pipeline->faults.empty())
    reading.fault("pipeline '" + pipeline->name + "' has no output", "add output = { ... }");
  push_object(L, kPipelineType, pipeline);
  return 1;
}

}  // namespace dormouse
