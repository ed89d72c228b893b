#include "pipeline/script_api.h"

#include <algorithm>
#include <array>
#include <functional>
#include <new>
#include <unordered_set>

#include "base/units.h"
#include "pipeline/guard.h"
#include "pipeline/lua_value.h"
#include "pipeline/sandbox.h"
#include "pipeline/stage_function.h"

namespace dormouse {
namespace {

using Fault = ScriptErrors::Fault;
using StagePtr = std::shared_ptr<StageDescription>;
using DescribedPipeline = std::shared_ptr<PipelineDescription>;

constexpr char kRefType[] = "dormouse.ref";
constexpr char kStageType[] = "dormouse.stage";
constexpr char kPipelineType[] = "dormouse.pipeline";
constexpr char kApiKey[] = "dormouse.api";
constexpr size_t kPathStepsMax = 32;
constexpr size_t kStagesMax = 1000;  // of one pipeline or group; nodes are numbered with 16 bits
// Of one script:
constexpr size_t kDescribedMax = 5000;                           // stages, pipelines, pools and caches
constexpr size_t kDescribedBytesMax = size_t{32} << 20;          // refs and constants
constexpr size_t kExpressionPartsMax = 10'000;                   // of one input, key or output
constexpr size_t kFaultsMax = 20;                                // of one call; more say nothing new
constexpr size_t kWordBytesMax = 256;                            // of a name in a ref
constexpr size_t kReferenceBytes = sizeof(Reference) + 32 * 16;  // what a ref takes, short names included

// ---- C++ objects inside userdata ----

template <class T>
T* push_object(lua_State* L, const char* type, T object) {
  T* made = new (lua_newuserdatauv(L, sizeof(T), 0)) T(std::move(object));
  luaL_setmetatable(L, type);
  return made;
}

template <class T>
int destroy_object(lua_State* L) {
  static_cast<T*>(lua_touserdata(L, 1))->~T();
  return 0;
}

// Of what describes something, `function` of the API: "stage".
ScriptSession& session(lua_State* L, const char* function) {
  ScriptSession* loading = script_host(L).loading;
  if (!loading)
    luaL_error(L, "dm.%s describes something while the script loads; it cannot be called from a function", function);
  if (++loading->described > kDescribedMax)
    luaL_error(L, "a script describes at most %d stages, pipelines, pools and caches", static_cast<int>(kDescribedMax));
  return *loading;
}

void count_described_bytes(lua_State* L, size_t bytes) {
  ScriptSession* loading = script_host(L).loading;
  if (!loading)
    luaL_error(L, "a ref describes something while the script loads; in a function read ctx, as in ctx.request");
  loading->described_bytes += bytes;
  if (loading->described_bytes > kDescribedBytesMax)
    luaL_error(L, "the refs and constants of a script take at most %d bytes", static_cast<int>(kDescribedBytesMax));
}

int calling_line(lua_State* L) {
  lua_Debug frame;
  if (!lua_getstack(L, 1, &frame) || !lua_getinfo(L, "l", &frame)) return 0;
  return std::max(frame.currentline, 0);
}

// ---- references ----

Reference& reference_at(lua_State* L, int index) {
  return *static_cast<Reference*>(luaL_checkudata(L, index, kRefType));
}

// ref.x:default(v)
int ref_default(lua_State* L) {
  Reference copy = reference_at(L, 1);
  if (lua_isnoneornil(L, 2))
    return luaL_error(L, "%s:default() needs a value; dm.null is one", copy.to_string().c_str());
  ValueWriter writer;
  Result<Value> value = read_value(L, 2, nullptr, writer);
  if (!value.ok())
    return luaL_error(L, "%s:default(): %s", copy.to_string().c_str(), value.status().to_string().c_str());
  count_described_bytes(L, kReferenceBytes + value->bytes().size());
  copy.fallback = std::move(*value);
  push_object(L, kRefType, std::move(copy));
  return 1;
}

int ref_index(lua_State* L) {
  const Reference& from = reference_at(L, 1);
  if (lua_type(L, 2) == LUA_TSTRING && !from.root.empty() && std::string_view(lua_tostring(L, 2)) == "default") {
    lua_pushcfunction(L, ref_default);
    return 1;
  }
  count_described_bytes(L, kReferenceBytes);
  Reference to = from;
  if (to.fallback) return luaL_error(L, "%s:default(...) ends a ref: read its fields before", to.to_string().c_str());
  if (lua_isinteger(L, 2)) {
    const lua_Integer i = lua_tointeger(L, 2);
    if (to.root.empty() || i < 1 || i > UINT32_MAX) return luaL_error(L, "a ref is indexed from 1, below a stage");
    to.path.push_back({"", static_cast<uint32_t>(i - 1)});
  } else if (lua_type(L, 2) == LUA_TSTRING) {
    luaL_argcheck(L, lua_rawlen(L, 2) <= kWordBytesMax, 2, "a name in a ref is too long");
    if (to.root.empty())
      to.root = lua_tostring(L, 2);
    else
      to.path.push_back({lua_tostring(L, 2), 0});
  } else {
    return luaL_error(L, "a ref is indexed by names and numbers, not by a %s", luaL_typename(L, 2));
  }
  if (to.path.size() > kPathStepsMax)
    return luaL_error(L, "a ref has at most %d steps", static_cast<int>(kPathStepsMax));
  push_object(L, kRefType, std::move(to));
  return 1;
}

// Also for == of two refs and tostring. What Lua does not tell a ref about, `ref.x == 1` and `if ref.x`, cannot be
// caught: scripts/README.md says so.
int ref_misused(lua_State* L) {
  const auto* reference = static_cast<const Reference*>(luaL_testudata(L, 1, kRefType));
  if (!reference) reference = static_cast<const Reference*>(luaL_testudata(L, 2, kRefType));
  return luaL_error(L,
                    "'%s' is not a value yet: a ref stands for one that exists when a request runs; compute with it in "
                    "a stage, run = function(ctx) ... end",
                    reference ? reference->to_string().c_str() : "ref");
}

// ---- reading tables: keys, known and reserved ----

// One table of a call, being read.
template <class T>
struct Reading {
  lua_State* L;  // the value of the current key is on top
  T& to;
  std::vector<Fault>& faults;
  std::vector<std::string> path;  // of the current key
  ValueWriter& writer;
  size_t expression_parts = 0;  // of the current key

  enum class Place : uint8_t { value, key };
  void fault(std::string message, std::string hint = {}, Place place = Place::value, std::string word = {}) {
    if (faults.size() == kFaultsMax) return;
    faults.push_back({path, std::move(word), std::move(message), std::move(hint), place == Place::key});
  }
  void expected(const std::string& what) { fault("'" + key_name() + "' expects " + what + ", found " + found()); }
  // The key that is read; an element of a list by the list's: tags[1].
  std::string key_name() const {
    const std::string& key = path.back();
    const bool is_element = path.size() > 1 && key.find_first_not_of("0123456789") == std::string::npos;
    return is_element ? path[path.size() - 2] + '[' + key + ']' : key;
  }
  std::string found() const {
    const int type = lua_type(L, -1);
    if (type == LUA_TSTRING) return "'" + std::string(lua_tostring(L, -1)).substr(0, 40) + "'";
    if (type == LUA_TNUMBER)
      return "number " + std::string(lua_isinteger(L, -1) ? std::to_string(lua_tointeger(L, -1))
                                                          : std::to_string(lua_tonumber(L, -1)));
    if (luaL_testudata(L, -1, kRefType)) return "a ref";
    if (luaL_testudata(L, -1, kStageType)) return "a stage";
    return luaL_typename(L, -1);
  }
};

template <class T>
struct Key {
  const char* name;
  void (*read)(Reading<T>&);  // null: reserved, not available yet
};

template <class T, size_t N>
void read_key(Reading<T>& reading, const std::array<Key<T>, N>& keys, const std::string& name,
              const std::string& owner) {
  reading.path.push_back(name);
  reading.expression_parts = 0;
  const auto known = std::find_if(keys.begin(), keys.end(), [&](const Key<T>& key) { return name == key.name; });
  if (known == keys.end()) {
    std::vector<std::string> names;
    for (const Key<T>& key : keys)
      if (key.read) names.emplace_back(key.name);
    std::string hint = near_hint(name, names);
    if (hint.empty()) hint = "known are " + quoted_list(names);
    reading.fault("unknown key '" + name + "' in " + owner, std::move(hint), Reading<T>::Place::key);
  } else if (!known->read) {
    reading.fault("'" + name + "' is not available yet", {}, Reading<T>::Place::key);
  } else {
    known->read(reading);
  }
  reading.path.pop_back();
}

// Reads the named keys of the table at `index`.
template <class T, size_t N>
void read_keys(Reading<T>& reading, int index, const std::array<Key<T>, N>& keys, const std::string& owner) {
  for_each_field(reading.L, index, [&](const std::string& name) {
    read_key(reading, keys, name, owner);
    return true;
  });
}

template <class T>
void read_text(Reading<T>& reading, std::string& to) {
  if (lua_type(reading.L, -1) != LUA_TSTRING || lua_rawlen(reading.L, -1) == 0) return reading.expected("a name");
  to = lua_tostring(reading.L, -1);
}

template <class T>
void read_duration(Reading<T>& reading, std::optional<Duration>& to) {
  if (lua_type(reading.L, -1) != LUA_TSTRING) return reading.expected("a duration such as \"25ms\"");
  Result<Duration> duration = parse_duration(lua_tostring(reading.L, -1));
  if (!duration.ok()) return reading.expected("a duration such as \"25ms\"");
  to = *duration;
}

template <class T>
void read_positive_duration(Reading<T>& reading, std::optional<Duration>& to) {
  read_duration(reading, to);
  if (to && *to <= Duration::zero()) {
    to.reset();
    reading.expected("a duration above zero");
  }
}

template <class T>
void read_count(Reading<T>& reading, std::optional<unsigned>& to, lua_Integer least, lua_Integer most) {
  if (!lua_isinteger(reading.L, -1) || lua_tointeger(reading.L, -1) < least || lua_tointeger(reading.L, -1) > most)
    return reading.expected("a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  to = static_cast<unsigned>(lua_tointeger(reading.L, -1));
}

template <class T>
void read_flag(Reading<T>& reading, bool& to) {
  if (!lua_isboolean(reading.L, -1)) return reading.expected("true or false");
  to = lua_toboolean(reading.L, -1);
}

template <class T>
int take_function(Reading<T>& reading) {
  lua_pushvalue(reading.L, -1);
  return luaL_ref(reading.L, LUA_REGISTRYINDEX);
}

// ---- expressions ----

// Whether a ref is somewhere inside of a value. Each table is looked at once, however many others share it.
class ReferenceSearch {
 public:
  explicit ReferenceSearch(lua_State* L) : L_(L) {}

  bool finds(int index, unsigned depth = 0) {
    if (luaL_testudata(L_, index, kRefType)) return true;
    if (!lua_istable(L_, index) || depth > kPathStepsMax || !seen_.insert(lua_topointer(L_, index)).second)
      return false;
    luaL_checkstack(L_, 3, "tables nested too deep");
    index = lua_absindex(L_, index);
    lua_pushnil(L_);
    while (lua_next(L_, index)) {
      look_at_budget(L_);
      const bool found = finds(-1, depth + 1);
      lua_pop(L_, found ? 2 : 1);
      if (found) return true;
    }
    return false;
  }

 private:
  lua_State* L_;
  std::unordered_set<const void*> seen_;
};

bool contains_reference(lua_State* L, int index) {
  return ReferenceSearch(L).finds(index);
}

// The value on top as an expression; what cannot be one becomes a fault and null.
template <class T>
Expression read_expression(Reading<T>& reading) {
  lua_State* L = reading.L;
  luaL_checkstack(L, 4, "tables nested too deep");
  look_at_budget(L);
  Expression made;
  if (++reading.expression_parts > kExpressionPartsMax) {
    if (reading.expression_parts == kExpressionPartsMax + 1)
      reading.fault("more than " + std::to_string(kExpressionPartsMax) + " values and tables");
    return made;
  }
  if (const auto* reference = static_cast<const Reference*>(luaL_testudata(L, -1, kRefType))) {
    made.kind = Expression::Kind::reference;
    made.reference = *reference;
    if (made.reference.root.empty()) reading.fault("'ref' alone says nothing: name a stage, or ref.request");
    return made;
  }
  if (!contains_reference(L, -1)) {
    Result<Value> value = read_value(L, -1, nullptr, reading.writer);
    if (value.ok()) {
      count_described_bytes(L, value->bytes().size());
      made.constant = std::move(*value);
    }
    if (!value.ok()) reading.fault("'" + reading.path.back() + "': " + value.status().to_string());
    return made;
  }
  if (reading.path.size() > kPathStepsMax) {
    reading.fault("tables nested too deep");
    return made;
  }
  const TableShape shape = shape_of(L, -1);
  if (shape == TableShape::list) {
    made.kind = Expression::Kind::list;
    const auto count = static_cast<lua_Integer>(lua_rawlen(L, -1));
    for (lua_Integer i = 1; i <= count; ++i) {
      lua_rawgeti(L, -1, i);
      reading.path.push_back(std::to_string(i));
      made.items.push_back(read_expression(reading));
      reading.path.pop_back();
      lua_pop(L, 1);
    }
    return made;
  }
  if (shape == TableShape::mixed) {
    reading.fault("'" + reading.path.back() + "' has both names and numbers");
    return made;
  }
  made.kind = Expression::Kind::map;
  for_each_field(L, -1, [&](const std::string& name) {
    reading.path.push_back(name);
    made.fields.push_back({name, read_expression(reading)});
    reading.path.pop_back();
    return true;
  });
  return made;
}

template <class T>
Value read_constant(Reading<T>& reading) {
  if (luaL_testudata(reading.L, -1, kStageType)) {
    reading.fault("a stage as '" + reading.path.back() + "' is not available yet");
    return Value();
  }
  if (contains_reference(reading.L, -1)) {
    reading.fault("'" + reading.path.back() + "' holds a ref: it is a constant or a function(ctx, err)");
    return Value();
  }
  Result<Value> value = read_value(reading.L, -1, nullptr, reading.writer);
  if (value.ok()) {
    count_described_bytes(reading.L, value->bytes().size());
    return std::move(*value);
  }
  reading.fault("'" + reading.path.back() + "': " + value.status().to_string());
  return Value();
}

// ---- dm.stage ----

using StageReading = Reading<StageDescription>;

void read_input(StageReading& reading) {
  if (lua_isfunction(reading.L, -1)) {
    reading.to.functions[kInputSlot] = take_function(reading);
  } else if (lua_istable(reading.L, -1) || luaL_testudata(reading.L, -1, kRefType)) {
    reading.to.input = read_expression(reading);
  } else {
    reading.expected("a table, a ref or a function(ctx)");
  }
}

void read_run(StageReading& reading) {
  if (!lua_isfunction(reading.L, -1)) return reading.expected("a function(ctx)");
  reading.to.functions[kRunSlot] = take_function(reading);
}

void read_fallback(StageReading& reading) {
  if (lua_isfunction(reading.L, -1)) {
    reading.to.functions[kFallbackSlot] = take_function(reading);
    return;
  }
  Value value = read_constant(reading);
  if (value) reading.to.fallback = std::move(value);
}

bool is_name(std::string_view name) {
  if (name.empty() || name.size() > 64 || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// The list on top, element by element; each is on top while `read` runs.
template <class T, class Read>
void read_list(Reading<T>& reading, const std::string& expected, Read read) {
  lua_State* L = reading.L;
  if (!lua_istable(L, -1) || shape_of(L, -1) == TableShape::mixed || shape_of(L, -1) == TableShape::map)
    return reading.expected(expected);
  const auto count = static_cast<lua_Integer>(lua_rawlen(L, -1));
  for (lua_Integer i = 1; i <= count; ++i) {
    look_at_budget(L);
    lua_rawgeti(L, -1, i);
    reading.path.push_back(std::to_string(i));
    read();
    reading.path.pop_back();
    lua_pop(L, 1);
  }
}

void read_cache_key(StageReading& reading) {
  if (!lua_istable(reading.L, -1) && !luaL_testudata(reading.L, -1, kRefType))
    return reading.expected("a ref, or a table of refs and constants");
  reading.to.cache->key = read_expression(reading);
}

void read_cache_tags(StageReading& reading) {
  read_list(reading, "a list of strings and refs", [&] { reading.to.cache->tags.push_back(read_expression(reading)); });
}

void read_versions_of(StageReading& reading) {
  read_list(reading, "a list of components", [&] {
    std::string name;
    read_text(reading, name);
    if (!name.empty()) reading.to.cache->versions_of.push_back(std::move(name));
  });
}

constexpr std::array<Key<StageDescription>, 6> kCacheUseKeys = {{
    {"use", [](StageReading& r) { read_text(r, r.to.cache->name); }},
    {"key", read_cache_key},
    {"tags", read_cache_tags},
    {"versions_of", read_versions_of},
    {"ttl", [](StageReading& r) { read_positive_duration(r, r.to.cache->ttl); }},
    {"negative_ttl", [](StageReading& r) { read_positive_duration(r, r.to.cache->negative_ttl); }},
}};

// "answers", or { use = "answers", key = { ref.request.text }, tags = { "kb" }, ttl = "10m" }
void read_cache_use(StageReading& reading) {
  reading.to.cache.emplace();
  if (lua_type(reading.L, -1) == LUA_TSTRING) return read_text(reading, reading.to.cache->name);
  if (!lua_istable(reading.L, -1)) return reading.expected("the name of a dm.cache, or a table { use = name, ... }");
  read_keys(reading, -1, kCacheUseKeys, "cache");
  if (reading.to.cache->name.empty()) reading.fault("cache = { ... } needs use = the name of a dm.cache");
}

constexpr std::array<Key<StageDescription>, 17> kStageKeys = {{
    {"component", [](StageReading& r) { read_text(r, r.to.component); }},
    {"method", [](StageReading& r) { read_text(r, r.to.method); }},
    {"input", read_input},
    {"run", read_run},
    {"fallback", read_fallback},
    {"timeout", [](StageReading& r) { read_positive_duration(r, r.to.timeout); }},
    {"optional", [](StageReading& r) { read_flag(r, r.to.optional); }},
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

// Checks the two arguments that dm.stage, dm.parallel and dm.pipeline share; returns the name.
std::string name_argument(lua_State* L, const char* function) {
  if (lua_type(L, 1) != LUA_TSTRING || !lua_istable(L, 2))
    luaL_error(L, "dm.%s(name, { ... }) takes a name and a table", function);
  std::string name = lua_tostring(L, 1);
  if (!is_name(name))
    luaL_error(L, "dm.%s: '%s' is no name: letters, digits and _", function, name.substr(0, 64).c_str());
  return name;
}

StagePtr begin_stage(lua_State* L, ScriptSession& into, const char* function) {
  auto stage = std::make_shared<StageDescription>();
  stage->name = name_argument(L, function);
  stage->call = ScriptCall{&into.source, calling_line(L), stage->name, stage->name};
  for (const char* taken : {"request", "call", "meta", "default"})
    if (stage->name == taken) stage->faults.push_back({{}, {}, "'" + stage->name + "' cannot name a stage", {}});
  into.into.stages.push_back(stage);
  return stage;
}

int dm_stage(lua_State* L) {
  ScriptSession& into = session(L, "stage");
  const StagePtr stage = begin_stage(L, into, "stage");
  StageReading reading{L, *stage, stage->faults, {}, into.writer};
  read_keys(reading, 2, kStageKeys, "a stage");
  if (lua_rawlen(L, 2) > 0) reading.fault("a stage has no positional entries; dm.parallel takes stages");
  push_object(L, kStageType, stage);
  return 1;
}

// ---- stages inside of dm.parallel and dm.pipeline ----

template <class T>
void read_members(Reading<T>& reading, int table, std::vector<StagePtr>& to, bool groups_allowed) {
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
                    Reading<T>::Place::value, (*stage)->name);
    } else if ((*stage)->listed) {
      reading.fault("stage '" + (*stage)->name + "' is listed a second time", {}, Reading<T>::Place::value,
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
  read_count(reading, count, 1, static_cast<lua_Integer>(kStagesMax));
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

int dm_parallel(lua_State* L) {
  ScriptSession& into = session(L, "parallel");
  const StagePtr group = begin_stage(L, into, "parallel");
  group->group = true;
  StageReading reading{L, *group, group->faults, {}, into.writer};
  read_keys(reading, 2, kParallelKeys, "a parallel");
  read_members(reading, 2, group->members, false);
  if (group->members.empty()) reading.fault("parallel '" + group->name + "' has no stages");
  if (group->join == Join::quorum && (group->quorum == 0 || group->quorum > group->members.size()))
    reading.fault("join = \"quorum\" needs quorum = 1 to " + std::to_string(group->members.size()));
  if (group->join != Join::quorum && group->quorum != 0) reading.fault("'quorum' goes with join = \"quorum\"");
  push_object(L, kStageType, group);
  return 1;
}

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
  reading.fault("'" + reading.path.back() + "': " + error.object + ", " + error.message);
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
  if (!lua_istable(reading.L, -1) && !luaL_testudata(reading.L, -1, kRefType))
    return reading.expected("a table or a ref");
  reading.to.output = read_expression(reading);
}

constexpr std::array<Key<PipelineDescription>, 9> kPipelineKeys = {{
    {"deadline", [](PipelineReading& r) { read_positive_duration(r, r.to.deadline); }},
    {"input", read_pipeline_input},
    {"output", read_output},
    {"shadow", nullptr},
    {"ab", nullptr},
    {"cache", nullptr},
    {"on_cold", nullptr},
    {"priority", nullptr},
    {"when", nullptr},
}};

int dm_pipeline(lua_State* L) {
  ScriptSession& into = session(L, "pipeline");
  if (into.kind != ScriptKind::pipelines)
    return luaL_error(L, "dm.pipeline belongs into a pipeline script, not into a policy");
  auto pipeline = std::make_shared<PipelineDescription>();
  pipeline->name = name_argument(L, "pipeline");
  pipeline->call = ScriptCall{&into.source, calling_line(L), pipeline->name, ""};
  PipelineReading reading{L, *pipeline, pipeline->faults, {}, into.writer};
  read_keys(reading, 2, kPipelineKeys, "a pipeline");
  read_members(reading, 2, pipeline->stages, true);
  if (!pipeline->output && pipeline->faults.empty())
    reading.fault("pipeline '" + pipeline->name + "' has no output", "add output = { ... }");
  push_object(L, kPipelineType, pipeline);
  return 1;
}

// ---- dm.pool ----

using PoolReading = Reading<PoolDescription>;

constexpr std::array<Key<PoolDescription>, 3> kIdleKeys = {{
    {"trim", [](PoolReading& r) { read_duration(r, r.to.idle_trim); }},
    {"park", [](PoolReading& r) { read_duration(r, r.to.idle_park); }},
    {"unload", [](PoolReading& r) { read_duration(r, r.to.idle_unload); }},
}};

void read_idle(PoolReading& reading) {
  if (!lua_istable(reading.L, -1)) return reading.expected("a table { trim, park, unload }");
  read_keys(reading, -1, kIdleKeys, "idle");
}

constexpr std::array<Key<PoolDescription>, 11> kPoolKeys = {{
    {"min_idle", [](PoolReading& r) { read_count(r, r.to.min_idle, 0, 1024); }},
    {"max_instances", [](PoolReading& r) { read_count(r, r.to.max_instances, 1, 1024); }},
    {"max_pending", [](PoolReading& r) { read_count(r, r.to.max_pending, 1, 1'000'000); }},
    {"max_wait", [](PoolReading& r) { read_positive_duration(r, r.to.max_wait); }},
    {"idle", read_idle},
    {"min_residency", [](PoolReading& r) { read_duration(r, r.to.min_residency); }},
    {"load_timeout", [](PoolReading& r) { read_positive_duration(r, r.to.load_timeout); }},
    {"drain_timeout", [](PoolReading& r) { read_duration(r, r.to.drain_timeout); }},
    {"max_batch", [](PoolReading& r) { read_count(r, r.to.max_batch, 1, 4096); }},
    {"max_delay", [](PoolReading& r) { read_duration(r, r.to.max_delay); }},
    {"memory", nullptr},
}};

int dm_pool(lua_State* L) {
  ScriptSession& into = session(L, "pool");
  if (into.kind != ScriptKind::policies)
    return luaL_error(L, "dm.pool belongs into a policy script, not into a pipeline");
  if (lua_type(L, 1) != LUA_TSTRING || !lua_istable(L, 2))
    return luaL_error(L, "dm.pool(name, { ... }) takes a component's name or \"*\", and a table");
  PoolDescription pool;
  pool.name = lua_tostring(L, 1);
  pool.call = ScriptCall{&into.source, calling_line(L), pool.name, ""};
  PoolReading reading{L, pool, pool.faults, {}, into.writer};
  read_keys(reading, 2, kPoolKeys, "a pool");
  if (lua_rawlen(L, 2) > 0) reading.fault("a pool has no positional entries");
  into.into.pools.push_back(std::move(pool));
  return 0;
}

// ---- dm.cache ----

using CacheReading = Reading<CacheDescription>;

void read_byte_size(CacheReading& reading, std::optional<uint64_t>& to) {
  const Result<uint64_t> bytes = lua_type(reading.L, -1) == LUA_TSTRING
                                     ? parse_bytes(lua_tostring(reading.L, -1))
                                     : Result<uint64_t>(Status(Code::invalid_argument, "no text"));
  if (!bytes.ok()) return reading.expected("a size such as \"64MiB\"");
  to = *bytes;
}

void read_names(CacheReading& reading, std::vector<std::string>& to, const std::string& expected) {
  read_list(reading, expected, [&] {
    std::string name;
    read_text(reading, name);
    if (!name.empty()) to.push_back(std::move(name));
  });
}

void read_jitter(CacheReading& reading) {
  const double jitter = lua_type(reading.L, -1) == LUA_TNUMBER ? lua_tonumber(reading.L, -1) : -1;
  if (!(jitter >= 0 && jitter <= 1)) return reading.expected("a number from 0 to 1");
  reading.to.ttl_jitter = jitter;
}

void read_single_flight(CacheReading& reading) {
  bool on = true;
  read_flag(reading, on);
  reading.to.single_flight = on;
}

void read_version_by(CacheReading& reading) {
  std::vector<std::string> names;
  read_names(reading, names, "a list of \"plugin\" and \"script\"");
  reading.to.version_by_plugin = reading.to.version_by_script = false;
  for (const std::string& name : names) {
    if (name == "plugin")
      reading.to.version_by_plugin = true;
    else if (name == "script")
      reading.to.version_by_script = true;
    else
      reading.fault("'version_by' knows \"plugin\" and \"script\", not '" + name + "'");
  }
}

constexpr std::array<Key<CacheDescription>, 2> kAdmissionKeys = {{
    {"min_cost", [](CacheReading& r) { read_duration(r, r.to.min_cost); }},
    {"max_entry", [](CacheReading& r) { read_byte_size(r, r.to.max_entry); }},
}};

void read_admission(CacheReading& reading) {
  if (!lua_istable(reading.L, -1)) return reading.expected("a table { min_cost, max_entry }");
  read_keys(reading, -1, kAdmissionKeys, "admission");
}

void read_eviction(CacheReading& reading) {
  std::string eviction;
  read_text(reading, eviction);
  if (!eviction.empty()) reading.to.eviction = std::move(eviction);
}

constexpr std::array<Key<CacheDescription>, 15> kCacheKeys = {{
    {"tiers", [](CacheReading& r) { read_names(r, r.to.tiers, "a list of components"); }},
    {"max_bytes", [](CacheReading& r) { read_byte_size(r, r.to.max_bytes); }},
    {"eviction", read_eviction},
    {"admission", read_admission},
    {"ttl", [](CacheReading& r) { read_positive_duration(r, r.to.ttl); }},
    {"ttl_jitter", read_jitter},
    {"negative_ttl", [](CacheReading& r) { read_positive_duration(r, r.to.negative_ttl); }},
    {"single_flight", read_single_flight},
    {"tags", [](CacheReading& r) { read_names(r, r.to.tags, "a list of strings"); }},
    {"version_by", read_version_by},
    {"stale_while_revalidate", nullptr},
    {"stale_if_error", nullptr},
    {"early_refresh", nullptr},
    {"semantic", nullptr},
    {"what_if", nullptr},
}};

int dm_cache_policy(lua_State* L) {
  ScriptSession& into = session(L, "cache");
  if (into.kind != ScriptKind::policies)
    return luaL_error(L, "dm.cache belongs into a policy script; a stage says cache = \"name\"");
  CacheDescription cache;
  cache.name = name_argument(L, "cache");
  cache.call = ScriptCall{&into.source, calling_line(L), cache.name, ""};
  CacheReading reading{L, cache, cache.faults, {}, into.writer};
  read_keys(reading, 2, kCacheKeys, "a cache");
  if (lua_rawlen(L, 2) > 0) reading.fault("a cache has no positional entries");
  into.into.caches.push_back(std::move(cache));
  return 0;
}

// ---- the table ----

// Upvalue: the name.
int not_available(lua_State* L) {
  return luaL_error(L, "dm.%s is not available yet", lua_tostring(L, lua_upvalueindex(1)));
}

constexpr luaL_Reg kFunctions[] = {{"stage", dm_stage}, {"parallel", dm_parallel},  {"pipeline", dm_pipeline},
                                   {"pool", dm_pool},   {"cache", dm_cache_policy}, {"list", make_list},
                                   {nullptr, nullptr}};
constexpr const char* kReserved[] = {"branch",      "map",      "ensemble", "flag", "circuit_breaker",
                                     "pool_budget", "executor", "test",     "ab",   "shadow"};

int api_index(lua_State* L) {
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
  const std::string name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2);
  std::vector<std::string> known;
  for (const luaL_Reg* function = kFunctions; function->name; ++function) known.emplace_back(function->name);
  known.insert(known.end(), {"ref", "null"});
  const std::string hint = near_hint(name, known);
  return luaL_error(L, "dormouse has no '%s'%s%s", name.c_str(), hint.empty() ? "" : ": ", hint.c_str());
}

int refuse_api_change(lua_State* L) {
  return luaL_error(L, "the dormouse API is read-only");
}

int require_api(lua_State* L) {
  const std::string name = luaL_checkstring(L, 1);
  if (name != "dormouse")
    return luaL_error(L, "module '%s' is not available: scripts can require \"dormouse\" only", name.c_str());
  lua_getfield(L, LUA_REGISTRYINDEX, kApiKey);
  return 1;
}

void register_types(lua_State* L) {
  luaL_newmetatable(L, kRefType);
  for (const char* misuse : {"__concat", "__add",  "__sub", "__mul",      "__div",   "__mod",  "__pow",     "__idiv",
                             "__unm",    "__band", "__bor", "__bxor",     "__bnot",  "__shl",  "__shr",     "__lt",
                             "__le",     "__eq",   "__len", "__tostring", "__pairs", "__call", "__newindex"}) {
    lua_pushcfunction(L, ref_misused);
    lua_setfield(L, -2, misuse);
  }
  lua_pushcfunction(L, ref_index);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, destroy_object<Reference>);
  lua_setfield(L, -2, "__gc");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
  const std::pair<const char*, lua_CFunction> kObjects[] = {{kStageType, destroy_object<StagePtr>},
                                                            {kPipelineType, destroy_object<DescribedPipeline>}};
  for (const auto& [type, destroy] : kObjects) {
    luaL_newmetatable(L, type);
    lua_pushcfunction(L, destroy);
    lua_setfield(L, -2, "__gc");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
  }
}

// ---- running a script ----

// Lua's "name:12: message" without its place, which is told apart.
std::string without_place(const std::string& message, int& line) {
  const size_t colon = message.find("]:");
  size_t start = colon == std::string::npos ? message.find(':') : colon + 1;
  if (start == std::string::npos) return message;
  size_t end = start + 1;
  int number = 0;
  while (end < message.size() && message[end] >= '0' && message[end] <= '9' && number < 100'000'000)
    number = number * 10 + (message[end++] - '0');
  if (end == start + 1 || end >= message.size() || message[end] != ':') return message;
  line = number;
  return message.substr(std::min(end + 2, message.size()));
}

int line_of_failure(lua_State* co) {
  lua_Debug frame;
  for (int level = 0; lua_getstack(co, level, &frame); ++level)
    if (lua_getinfo(co, "l", &frame) && frame.currentline > 0) return frame.currentline;
  return 0;
}

// Takes the pipelines that the chunk returned: one, or a list of them. They are on the coroutine's stack.
void take_pipelines(lua_State* co, int values, const SourceText& source, ScriptDescription& into,
                    ScriptErrors& errors) {
  if (values == 0 || lua_isnil(co, -values)) {
    errors.add(source, 0, "the script returns nothing; end it with 'return dm.pipeline(...)'");
    return;
  }
  const auto take = [&](int index) {
    const auto* pipeline = static_cast<const DescribedPipeline*>(luaL_testudata(co, index, kPipelineType));
    if (pipeline) into.pipelines.push_back(*pipeline);
    return pipeline != nullptr;
  };
  lua_pushvalue(co, -values);
  bool good = true;
  if (lua_istable(co, -1)) {
    const auto count = static_cast<lua_Integer>(lua_rawlen(co, -1));
    for (lua_Integer i = 1; i <= count && good; ++i) {
      lua_rawgeti(co, -1, i);
      good = take(-1);
      lua_pop(co, 1);
    }
    good = good && count > 0;
  } else {
    good = take(-1);
  }
  if (!good) errors.add(source, 0, "the script returns something else than a pipeline or a list of pipelines");
}

}  // namespace

void register_script_api(lua_State* L) {
  register_value_types(L);
  register_types(L);
  register_function_types(L);

  lua_newtable(L);
  luaL_setfuncs(L, kFunctions, 0);
  for (const char* name : kReserved) {
    lua_pushstring(L, name);
    lua_pushcclosure(L, not_available, 1);
    lua_setfield(L, -2, name);
  }
  push_object(L, kRefType, Reference());
  lua_setfield(L, -2, "ref");
  push_null(L);
  lua_setfield(L, -2, "null");

  lua_newtable(L);  // the read-only view
  lua_newtable(L);
  lua_pushvalue(L, -3);
  lua_pushcclosure(L, api_index, 1);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, refuse_api_change);
  lua_setfield(L, -2, "__newindex");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
  lua_setfield(L, LUA_REGISTRYINDEX, kApiKey);
  lua_pop(L, 1);

  lua_getfield(L, LUA_REGISTRYINDEX, "dormouse.globals");
  lua_pushcfunction(L, require_api);
  lua_setfield(L, -2, "require");
  lua_pop(L, 1);
}

Result<std::unique_ptr<LuaState>> make_script_state(const ScriptLimits& limits, ScriptHost& host) {
  Result<std::unique_ptr<LuaState>> state = LuaState::create(limits.memory_bytes_max, &host);
  if (!state.ok()) return state.status();
  const Status registered = protect((*state)->main(), [](lua_State* L) { register_script_api(L); });
  if (!registered.ok()) return registered;
  return state;
}

bool run_script(LuaState& state, ScriptHost& host, const SourceText& source, ScriptKind kind,
                const ScriptLimits& limits, ScriptDescription& into, ScriptErrors& errors) {
  Result<LuaState::Coroutine> coroutine = state.take_coroutine();
  if (!coroutine.ok()) return errors.add(source, 0, coroutine.status().to_string()), false;
  lua_State* co = coroutine->thread;
  const auto refuse = [&](std::string message) {
    int line = line_of_failure(co);
    int told = 0;
    message = without_place(message, told);
    errors.add(source, told > 0 ? told : line, std::move(message));
    state.give_back(*coroutine, limits.entry_cpu_max);
    return false;
  };
  const auto stop = [&](const LuaState::Run& run) {
    int line = 0;
    without_place(run.stopped_at + ": ", line);
    errors.add(source, line,
               run.how == LuaState::Ended::out_of_stack
                   ? "C stack overflow: coroutines nest too deep"
                   : "loading takes more than " + format_duration(limits.load_cpu_max) + " of CPU time");
    state.drop(*coroutine);
    return false;
  };
  LuaState::Run run = state.load(*coroutine, source.text(), "@" + source.name(), limits.load_cpu_max);
  if (run.how == LuaState::Ended::returned) {
    ScriptSession session{source, kind, into};
    host.loading = &session;
    run = state.resume(*coroutine, 0, limits.load_cpu_max);
    host.loading = nullptr;
  }
  switch (run.how) {
    case LuaState::Ended::returned:
      if (kind == ScriptKind::pipelines) take_pipelines(co, run.values, source, into, errors);
      break;
    case LuaState::Ended::out_of_time:
    case LuaState::Ended::out_of_stack:
      return stop(run);
    case LuaState::Ended::out_of_memory:
      return refuse("out of memory: " + state.memory_limit());
    case LuaState::Ended::yielded:
      return refuse("a script cannot wait while it loads: yield only inside of coroutines of its own");
    case LuaState::Ended::failed:
      return refuse(error_text(co, -1));
  }
  state.give_back(*coroutine, limits.entry_cpu_max);
  return true;
}

}  // namespace dormouse
