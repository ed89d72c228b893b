#include "script/script_reading.h"

#include "base/units.h"
#include "script/guard.h"
#include "script/script_objects.h"
#include "script/script_ref.h"

namespace dormouse {
namespace {

constexpr size_t kFaultsMax = 20;               // of one call
constexpr size_t kExpressionPartsMax = 10'000;  // of one input, key or output

}  // namespace

void TableReading::fault(std::string message, std::string hint, Place place, std::string word) {
  if (faults_.size() == kFaultsMax) return;
  faults_.push_back({path, std::move(word), std::move(message), std::move(hint), place == Place::key});
}

void TableReading::expected(const std::string& what) {
  fault("'" + key_name() + "' expects " + what + ", found " + found());
}

std::string TableReading::key_name() const {
  const std::string& key = path.back();
  const bool is_element = path.size() > 1 && key.find_first_not_of("0123456789") == std::string::npos;
  return is_element ? path[path.size() - 2] + '[' + key + ']' : key;
}

std::string TableReading::found() const {
  const int type = lua_type(L, -1);
  if (type == LUA_TSTRING) return "'" + std::string(lua_tostring(L, -1)).substr(0, 40) + "'";
  if (type == LUA_TNUMBER)
    return "number " + std::string(lua_isinteger(L, -1) ? std::to_string(lua_tointeger(L, -1))
                                                        : std::to_string(lua_tonumber(L, -1)));
  if (ref_at(L, -1)) return "a ref";
  if (luaL_testudata(L, -1, kStageType)) return "a stage";
  return luaL_typename(L, -1);
}

void TableReading::begin_key(const std::string& name) {
  path.push_back(name);
  expression_parts_ = 0;
}

void TableReading::unknown_key(const std::string& name, const std::string& owner,
                               const std::vector<std::string>& known) {
  std::string hint = near_hint(name, known);
  if (hint.empty()) hint = "known are " + quoted_list(known);
  fault("unknown key '" + name + "' in " + owner, std::move(hint), Place::key);
}

void TableReading::text(std::string& to) {
  if (lua_type(L, -1) != LUA_TSTRING || lua_rawlen(L, -1) == 0) return expected("a name");
  to = lua_tostring(L, -1);
}

void TableReading::duration(std::optional<Duration>& to) {
  constexpr const char* kNeeded = "a duration such as \"25ms\", at most 365 days";
  if (lua_type(L, -1) != LUA_TSTRING) return expected(kNeeded);
  const Result<Duration> duration = parse_duration(lua_tostring(L, -1));
  if (!duration.ok()) return expected(kNeeded);
  to = *duration;
}

void TableReading::positive_duration(std::optional<Duration>& to) {
  duration(to);
  if (to && *to <= Duration::zero()) {
    to.reset();
    expected("a duration above zero");
  }
}

void TableReading::count(std::optional<unsigned>& to, lua_Integer least, lua_Integer most) {
  if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) < least || lua_tointeger(L, -1) > most)
    return expected("a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  to = static_cast<unsigned>(lua_tointeger(L, -1));
}

void TableReading::byte_size(std::optional<uint64_t>& to) {
  const Result<uint64_t> bytes = lua_type(L, -1) == LUA_TSTRING
                                     ? parse_bytes(lua_tostring(L, -1))
                                     : Result<uint64_t>(Status(Code::invalid_argument, "no text"));
  if (!bytes.ok()) return expected("a size such as \"64MiB\"");
  to = *bytes;
}

void TableReading::flag(bool& to) {
  if (!lua_isboolean(L, -1)) return expected("true or false");
  to = lua_toboolean(L, -1);
}

void TableReading::names(std::vector<std::string>& to, const std::string& what) {
  list(what, [&] {
    std::string name;
    text(name);
    if (!name.empty()) to.push_back(std::move(name));
  });
}

int TableReading::take_function() {
  lua_pushvalue(L, -1);
  return luaL_ref(L, LUA_REGISTRYINDEX);
}

Expression TableReading::expression() {
  luaL_checkstack(L, 4, "tables nested too deep");
  look_at_budget(L);
  Expression made;
  if (++expression_parts_ > kExpressionPartsMax) {
    if (expression_parts_ == kExpressionPartsMax + 1)
      fault("more than " + std::to_string(kExpressionPartsMax) + " values and tables");
    return made;
  }
  if (const Reference* reference = ref_at(L, -1)) {
    made.kind = Expression::Kind::reference;
    made.reference = *reference;
    if (made.reference.root.empty()) fault("'ref' alone says nothing: name a stage, or ref.request");
    return made;
  }
  if (!contains_ref(L, -1)) {
    Result<Value> value = read_value(L, -1, nullptr, writer_);
    if (value.ok()) {
      count_described_bytes(L, value->bytes().size());
      made.constant = std::move(*value);
    }
    if (!value.ok()) fault("'" + path.back() + "': " + value.status().to_string());
    return made;
  }
  if (path.size() > kPathStepsMax) {
    fault("tables nested too deep");
    return made;
  }
  const TableShape shape = shape_of(L, -1);
  if (shape == TableShape::list) {
    made.kind = Expression::Kind::list;
    list("a list", [&] { made.items.push_back(expression()); });
    return made;
  }
  if (shape == TableShape::mixed) {
    fault("'" + path.back() + "' has both names and numbers");
    return made;
  }
  made.kind = Expression::Kind::map;
  for_each_field(L, -1, [&](const std::string& name) {
    path.push_back(name);
    made.fields.push_back({name, expression()});
    path.pop_back();
    return true;
  });
  return made;
}

Value TableReading::constant() {
  if (luaL_testudata(L, -1, kStageType)) {
    fault("a stage as '" + path.back() + "' is not available yet");
    return Value();
  }
  if (contains_ref(L, -1)) {
    fault("'" + path.back() + "' holds a ref: it is a constant or a function(ctx, err)");
    return Value();
  }
  Result<Value> value = read_value(L, -1, nullptr, writer_);
  if (value.ok()) {
    count_described_bytes(L, value->bytes().size());
    return std::move(*value);
  }
  fault("'" + path.back() + "': " + value.status().to_string());
  return Value();
}

void TableReading::list(const std::string& what, const std::function<void()>& read) {
  if (!lua_istable(L, -1) || shape_of(L, -1) == TableShape::mixed || shape_of(L, -1) == TableShape::map)
    return expected(what);
  const auto count = static_cast<lua_Integer>(lua_rawlen(L, -1));
  for (lua_Integer i = 1; i <= count; ++i) {
    look_at_budget(L);
    lua_rawgeti(L, -1, i);
    path.push_back(std::to_string(i));
    read();
    path.pop_back();
    lua_pop(L, 1);
  }
}

}  // namespace dormouse
