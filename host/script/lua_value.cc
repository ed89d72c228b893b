#include "script/lua_value.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <new>
#include <string>
#include <vector>

#include "graph/script_errors.h"
#include "script/guard.h"

namespace dormouse {
namespace {

constexpr char kTensorType[] = "dormouse.tensor";
constexpr char kListType[] = "dormouse.list";
constexpr int kDepthMax = DM_VALUE_DEPTH_MAX;
const char kNullKey = 0;  // its address is dm.null

// ---- tensors ----

Value& tensor_at(lua_State* L, int index) {
  return *static_cast<Value*>(luaL_checkudata(L, index, kTensorType));
}

dm_tensor_view view_of(const Value& value) {
  dm_tensor_view view{};
  dm_get_tensor(value.view(), &view);
  return view;
}

double half_to_double(uint16_t bits) {
  const double sign = bits & 0x8000 ? -1.0 : 1.0;
  const int exponent = (bits >> 10) & 0x1F;
  const int fraction = bits & 0x3FF;
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  if (exponent == 31) return fraction ? std::nan("") : sign * HUGE_VAL;
  return sign * std::ldexp(fraction + 1024, exponent - 25);
}

void push_element(lua_State* L, const dm_tensor_view& tensor, uint64_t i) {
  const auto* data = static_cast<const unsigned char*>(tensor.data);
  switch (tensor.dtype) {
    case DM_F32: {
      float element;
      std::memcpy(&element, data + 4 * i, 4);
      return lua_pushnumber(L, static_cast<double>(element));
    }
    case DM_F16: {
      uint16_t element;
      std::memcpy(&element, data + 2 * i, 2);
      return lua_pushnumber(L, half_to_double(element));
    }
    case DM_I8:
      return lua_pushinteger(L, static_cast<int8_t>(data[i]));
    default: {
      int64_t element;
      std::memcpy(&element, data + 8 * i, 8);
      return lua_pushinteger(L, element);
    }
  }
}

int tensor_index(lua_State* L) {
  const dm_tensor_view tensor = view_of(tensor_at(L, 1));
  if (lua_isinteger(L, 2)) {
    const lua_Integer i = lua_tointeger(L, 2);
    if (i < 1 || static_cast<uint64_t>(i) > tensor.elements) return 0;
    push_element(L, tensor, static_cast<uint64_t>(i) - 1);
    return 1;
  }
  const std::string key = luaL_checkstring(L, 2);
  if (key == "shape") {
    lua_createtable(L, tensor.rank, 0);
    for (int i = 0; i < tensor.rank; ++i) {
      lua_pushinteger(L, tensor.shape[i]);
      lua_rawseti(L, -2, i + 1);
    }
    return 1;
  }
  if (key == "dtype") {
    constexpr const char* kNames[] = {"?", "f32", "f16", "i8", "i64"};
    lua_pushstring(L, kNames[tensor.dtype <= DM_I64 ? tensor.dtype : 0]);
    return 1;
  }
  return luaL_error(L, "a tensor has elements 1..%d, 'shape' and 'dtype', not '%s'", static_cast<int>(tensor.elements),
                    key.c_str());
}

int tensor_length(lua_State* L) {
  lua_pushinteger(L, static_cast<lua_Integer>(view_of(tensor_at(L, 1)).elements));
  return 1;
}

int tensor_gc(lua_State* L) {
  tensor_at(L, 1).~Value();
  return 0;
}

int tensor_set(lua_State* L) {
  return luaL_error(L, "a tensor is read-only");
}

void push_tensor(lua_State* L, const Value& value) {
  new (lua_newuserdatauv(L, sizeof(Value), 0)) Value(value);
  luaL_setmetatable(L, kTensorType);
}

// ---- to Lua ----

// What the entry `key` of a map of type `type` is; null where that is not known.
const Type* type_of_entry(const Type* type, std::string_view key) {
  if (!type) return nullptr;
  if (type->kind() == Type::Kind::map) return &type->element();
  const Type::Field* field = type->kind() == Type::Kind::record ? type->find_field(key) : nullptr;
  return field ? &field->type : nullptr;
}

// `type`: null where nothing is known, or nothing is left out.
void push_node(lua_State* L, const Value& whole, dm_value node, const Type* type) {
  luaL_checkstack(L, 4, "a value nested too deep");
  switch (dm_kind(node)) {
    case DM_BOOL: {
      int flag = 0;
      dm_get_bool(node, &flag);
      return lua_pushboolean(L, flag);
    }
    case DM_INT: {
      int64_t number = 0;
      dm_get_int(node, &number);
      return lua_pushinteger(L, number);
    }
    case DM_FLOAT: {
      double number = 0;
      dm_get_float(node, &number);
      return lua_pushnumber(L, number);
    }
    case DM_STRING: {
      dm_string_view text{};
      dm_get_string(node, &text);
      lua_pushlstring(L, text.data, text.size);
      return;
    }
    case DM_BYTES: {
      dm_bytes_view bytes{};
      dm_get_bytes(node, &bytes);
      lua_pushlstring(L, reinterpret_cast<const char*>(bytes.data), bytes.size);
      return;
    }
    case DM_TENSOR:
      return push_tensor(L, whole.at(node));
    case DM_LIST: {
      const uint32_t count = dm_count(node);
      const Type* element = type && type->kind() == Type::Kind::list ? &type->element() : nullptr;
      lua_createtable(L, static_cast<int>(count), 0);
      luaL_setmetatable(L, kListType);
      for (uint32_t i = 0; i < count; ++i) {
        look_at_budget(L);
        push_node(L, whole, dm_list_at(node, i), element);
        lua_rawseti(L, -2, static_cast<lua_Integer>(i) + 1);
      }
      return;
    }
    case DM_MAP: {
      const uint32_t count = dm_count(node);
      lua_createtable(L, 0, static_cast<int>(count));
      for (uint32_t i = 0; i < count; ++i) {
        look_at_budget(L);
        dm_string_view key{};
        dm_value child{};
        dm_map_at(node, i, &key, &child);
        const Type* entry = type_of_entry(type, {key.data, key.size});
        if (entry && entry->is_optional() && dm_kind(child) == DM_NULL) continue;
        lua_pushlstring(L, key.data, key.size);
        push_node(L, whole, child, entry);
        lua_rawset(L, -3);
      }
      return;
    }
    default:
      return push_null(L);
  }
}

// ---- from Lua ----

class Reader {
 public:
  Reader(lua_State* L, ValueWriter& writer) : L_(L), writer_(writer) {}

  bool read(int index, const Type* wanted) {
    index = lua_absindex(L_, index);
    switch (lua_type(L_, index)) {
      case LUA_TNIL:
        return writer_.null();
      case LUA_TBOOLEAN:
        return writer_.boolean(lua_toboolean(L_, index));
      case LUA_TNUMBER:
        return read_number(index, wanted);
      case LUA_TSTRING:
        return read_string(index, wanted);
      case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(L_, index) == &kNullKey) return writer_.null();
        break;
      case LUA_TUSERDATA:
        if (const auto* tensor = static_cast<const Value*>(luaL_testudata(L_, index, kTensorType)))
          return writer_.copy(tensor->view());
        break;
      case LUA_TTABLE:
        return read_table(index, wanted);
      default:
        break;
    }
    return fail(std::string("a ") + luaL_typename(L_, index) + " cannot be a value");
  }

  bool failed() const { return !problem_.empty(); }
  Status problem() const { return Error{.code = Code::invalid_argument, .message = problem_, .object = path_}; }

 private:
  bool fail(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
    return false;
  }

  static bool wants(const Type* wanted, Type::Kind kind) { return wanted && wanted->kind() == kind; }

  bool read_number(int index, const Type* wanted) {
    if (lua_isinteger(L_, index)) return writer_.integer(lua_tointeger(L_, index));
    int integral = 0;
    if (wants(wanted, Type::Kind::integer)) {
      const lua_Integer integer = lua_tointegerx(L_, index, &integral);
      if (integral) return writer_.integer(integer);
    }
    return writer_.number(lua_tonumber(L_, index));
  }

  bool read_string(int index, const Type* wanted) {
    size_t size = 0;
    const char* text = lua_tolstring(L_, index, &size);
    if (wants(wanted, Type::Kind::bytes)) return writer_.bytes(text, size);
    const bool utf8 = dm_utf8_valid(reinterpret_cast<const unsigned char*>(text), size);
    if (!utf8 && wants(wanted, Type::Kind::string)) return fail("a string that is not UTF-8");
    return utf8 ? writer_.string({text, size}) : writer_.bytes(text, size);
  }

  bool read_table(int index, const Type* wanted) {
    const void* self = lua_topointer(L_, index);
    if (std::find(open_.begin(), open_.end(), self) != open_.end()) return fail("a table that contains itself");
    if (open_.size() >= kDepthMax) return fail("tables nested deeper than " + std::to_string(kDepthMax));
    luaL_checkstack(L_, 6, "tables nested too deep");
    open_.push_back(self);
    const bool read = read_open_table(index, wanted);
    open_.pop_back();
    return read;
  }

  bool read_open_table(int index, const Type* wanted) {
    switch (shape_of(L_, index)) {
      case TableShape::empty:
        if (wants(wanted, Type::Kind::list) || is_marked_list(L_, index))
          return writer_.list_begin() && writer_.list_end();
        return writer_.map_begin() && writer_.map_end();
      case TableShape::list:
        return read_list(index, wanted);
      case TableShape::map:
        return read_map(index, wanted);
      case TableShape::mixed:
        break;
    }
    return fail("a table with both names and numbers, or with gaps");
  }

  bool read_list(int index, const Type* wanted) {
    const Type* element = wants(wanted, Type::Kind::list) ? &wanted->element() : nullptr;
    if (!writer_.list_begin()) return false;
    const auto count = static_cast<lua_Integer>(lua_rawlen(L_, index));
    for (lua_Integer i = 1; i <= count; ++i) {
      look_at_budget(L_);
      lua_rawgeti(L_, index, i);
      const bool read_it = read(-1, element);
      lua_pop(L_, 1);
      if (!read_it) return below(std::to_string(i));
    }
    return writer_.list_end();
  }

  bool read_map(int index, const Type* wanted) {
    if (!writer_.map_begin()) return false;
    std::vector<std::string_view> names = names_of(index);
    const bool record = wants(wanted, Type::Kind::record);
    if (record) {
      const auto& fields = wanted->fields();
      for (const Type::Field& field : fields) {
        const auto found = std::find(names.begin(), names.end(), field.name);
        if (found == names.end()) continue;
        if (!read_field(index, *found, &field.type)) return false;
        names.erase(found);
      }
    }
    const Type* element = wants(wanted, Type::Kind::map) ? &wanted->element() : nullptr;
    for (const std::string_view name : names)
      if (!read_field(index, name, element)) return false;
    return writer_.map_end();
  }

  // The strings belong to keys of the table, so they live as long as it is not changed.
  std::vector<std::string_view> names_of(int index) {
    std::vector<std::string_view> names;
    lua_pushnil(L_);
    while (lua_next(L_, index)) {
      look_at_budget(L_);
      size_t size = 0;
      const char* name = lua_tolstring(L_, -2, &size);
      names.emplace_back(name, size);
      lua_pop(L_, 1);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  bool read_field(int index, std::string_view name, const Type* wanted) {
    look_at_budget(L_);
    lua_pushlstring(L_, name.data(), name.size());
    lua_rawget(L_, index);
    const bool read_it = writer_.key(name) && read(-1, wanted);
    lua_pop(L_, 1);
    return read_it || below(std::string(name));
  }

  bool below(const std::string& step) {
    if (failed()) path_.insert(0, "/" + step);
    return false;
  }

  lua_State* L_;
  ValueWriter& writer_;
  std::vector<const void*> open_;  // the tables around the one being read
  std::string problem_;
  std::string path_;
};

}  // namespace

void register_value_types(lua_State* L) {
  static constexpr luaL_Reg kTensor[] = {{"__index", tensor_index},
                                         {"__len", tensor_length},
                                         {"__gc", tensor_gc},
                                         {"__newindex", tensor_set},
                                         {nullptr, nullptr}};
  luaL_newmetatable(L, kTensorType);
  luaL_setfuncs(L, kTensor, 0);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
  luaL_newmetatable(L, kListType);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}

void push_null(lua_State* L) {
  lua_pushlightuserdata(L, const_cast<char*>(&kNullKey));
}

int make_list(lua_State* L) {
  if (lua_isnoneornil(L, 1)) {
    lua_newtable(L);
  } else {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
  }
  const TableShape shape = shape_of(L, -1);
  if (shape == TableShape::map || shape == TableShape::mixed)
    return luaL_error(L, "dm.list takes the elements 1..n and no names");
  luaL_setmetatable(L, kListType);
  return 1;
}

bool is_marked_list(lua_State* L, int index) {
  if (!lua_getmetatable(L, index)) return false;
  luaL_getmetatable(L, kListType);
  const bool same = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return same;
}

void push_value(lua_State* L, const Value& value) {
  if (!value)
    lua_pushnil(L);
  else
    push_node(L, value, value.view(), nullptr);
}

void push_typed_value(lua_State* L, const Value& value, const Type& type) {
  if (!value || dm_kind(value.view()) == DM_NULL)
    lua_pushnil(L);
  else
    push_node(L, value, value.view(), type.kind() == Type::Kind::any ? nullptr : &type);
}

TableShape shape_of(lua_State* L, int index) {
  index = lua_absindex(L, index);
  const auto length = static_cast<lua_Integer>(lua_rawlen(L, index));
  lua_Integer numbers = 0;
  bool names = false, others = false;
  lua_pushnil(L);
  while (lua_next(L, index)) {
    look_at_budget(L);
    lua_pop(L, 1);
    if (lua_type(L, -1) == LUA_TSTRING)
      names = true;
    else if (lua_isinteger(L, -1) && lua_tointeger(L, -1) >= 1 && lua_tointeger(L, -1) <= length)
      ++numbers;
    else
      others = true;
  }
  if (others || (names && numbers > 0) || numbers != length) return TableShape::mixed;
  if (names) return TableShape::map;
  return numbers > 0 ? TableShape::list : TableShape::empty;
}

bool for_each_field(lua_State* L, int index, const std::function<bool(const std::string& name)>& field) {
  index = lua_absindex(L, index);
  std::vector<std::string> names;
  bool only_names = true;
  lua_pushnil(L);
  while (lua_next(L, index)) {
    look_at_budget(L);
    lua_pop(L, 1);
    if (lua_type(L, -1) == LUA_TSTRING)
      names.emplace_back(lua_tostring(L, -1));
    else
      only_names = false;
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    look_at_budget(L);
    lua_pushlstring(L, name.data(), name.size());
    lua_rawget(L, index);
    const bool go_on = field(name);
    lua_pop(L, 1);
    if (!go_on) return false;
  }
  return only_names;
}

Result<Value> read_value(lua_State* L, int index, const Type* wanted, ValueWriter& writer) {
  writer.reset();
  Reader reader(L, writer);
  reader.read(index, wanted);
  if (reader.failed()) {
    writer.reset();
    return reader.problem();
  }
  return writer.finish();
}

}  // namespace dormouse
