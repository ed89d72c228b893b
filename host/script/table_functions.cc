#include "script/table_functions.h"

#include <algorithm>
#include <climits>

#include "script/guard.h"
#include "script/sandbox_limits.h"

namespace dormouse {
namespace {

constexpr lua_Integer kSizedAheadMax = 1 << 16;  // a length may be a claim: no more room is made before it is needed

lua_Integer length_of_table(lua_State* L, int index) {
  luaL_checktype(L, index, LUA_TTABLE);
  return luaL_len(L, index);
}

// to[at + i] = from[first + i] for i in [0, count), in the order that overwrites nothing before it was read.
void copy_range(lua_State* L, int from, lua_Integer first, lua_Integer count, int to, lua_Integer at) {
  const bool backwards = from == to && at > first && at < first + count;
  for (lua_Integer i = 0; i < count; ++i) {
    look_at_budget(L);
    const lua_Integer offset = backwards ? count - 1 - i : i;
    lua_geti(L, from, first + offset);
    lua_seti(L, to, at + offset);
  }
}

int table_insert(lua_State* L) {
  const auto end = static_cast<lua_Integer>(static_cast<lua_Unsigned>(length_of_table(L, 1)) + 1);
  lua_Integer at = end;
  if (lua_gettop(L) == 3) {
    at = luaL_checkinteger(L, 2);
    luaL_argcheck(L, static_cast<lua_Unsigned>(at) - 1 < static_cast<lua_Unsigned>(end), 2, "position out of bounds");
    copy_range(L, 1, at, end - at, 1, at + 1);
  } else if (lua_gettop(L) != 2) {
    return luaL_error(L, "wrong number of arguments to 'insert'");
  }
  lua_seti(L, 1, at);
  return 0;
}

int table_remove(lua_State* L) {
  const lua_Integer length = length_of_table(L, 1);
  const lua_Integer at = luaL_optinteger(L, 2, length);
  if (at != length)
    luaL_argcheck(L, static_cast<lua_Unsigned>(at) - 1 <= static_cast<lua_Unsigned>(length), 2,
                  "position out of bounds");
  lua_geti(L, 1, at);
  if (at < length) copy_range(L, 1, at + 1, length - at, 1, at);
  lua_pushnil(L);
  lua_seti(L, 1, std::max(at, length));
  return 1;
}

int table_move(lua_State* L) {
  const lua_Integer first = luaL_checkinteger(L, 2);
  const lua_Integer last = luaL_checkinteger(L, 3);
  const lua_Integer at = luaL_checkinteger(L, 4);
  const int to = lua_isnoneornil(L, 5) ? 1 : 5;
  luaL_checkany(L, 1);
  if (last >= first) {
    luaL_argcheck(L, first > 0 || last < LUA_MAXINTEGER + first, 3, "too many elements to move");
    const lua_Integer count = last - first + 1;
    luaL_argcheck(L, at <= LUA_MAXINTEGER - count + 1, 4, "destination wrap around");
    // Two names of one table may overlap as well.
    copy_range(L, 1, first, count, to == 5 && lua_rawequal(L, 1, 5) ? 1 : to, at);
  }
  lua_pushvalue(L, to);
  return 1;
}

int table_unpack(lua_State* L) {
  const lua_Integer first = luaL_optinteger(L, 2, 1);
  const lua_Integer last = luaL_opt(L, luaL_checkinteger, 3, luaL_len(L, 1));
  if (first > last) return 0;
  const lua_Unsigned count = static_cast<lua_Unsigned>(last) - static_cast<lua_Unsigned>(first) + 1;
  if (count == 0 || count >= INT_MAX || !lua_checkstack(L, static_cast<int>(count)))
    return luaL_error(L, "too many results to unpack");
  for (lua_Unsigned i = 0; i < count; ++i) {
    look_at_budget(L);
    lua_geti(L, 1, static_cast<lua_Integer>(static_cast<lua_Unsigned>(first) + i));
  }
  return static_cast<int>(count);
}

int table_pack(lua_State* L) {
  const int count = lua_gettop(L);
  lua_createtable(L, count, 1);
  lua_insert(L, 1);
  for (int i = count; i >= 1; --i) lua_rawseti(L, 1, i);
  lua_pushinteger(L, count);
  lua_setfield(L, 1, "n");
  return 1;
}

int table_concat(lua_State* L) {
  const lua_Integer length = length_of_table(L, 1);
  size_t separator_size = 0;
  const char* separator = luaL_optlstring(L, 2, "", &separator_size);
  const lua_Integer first = luaL_optinteger(L, 3, 1);
  const lua_Integer last = luaL_optinteger(L, 4, length);
  luaL_Buffer text;
  luaL_buffinit(L, &text);
  for (lua_Integer i = first; i <= last; ++i) {
    look_at_budget(L);
    if (i > first) luaL_addlstring(&text, separator, separator_size);
    lua_geti(L, 1, i);
    if (!lua_isstring(L, -1))
      return luaL_error(L, "invalid value (at index %I) in table for 'concat'", static_cast<LUAI_UACINT>(i));
    if (luaL_bufflen(&text) + lua_rawlen(L, -1) > kStringBytesMax)
      return luaL_error(L, "table.concat would make more than %d bytes", static_cast<int>(kStringBytesMax));
    luaL_addvalue(&text);
    if (i == LUA_MAXINTEGER) break;
  }
  luaL_pushresult(&text);
  return 1;
}

// ---- sort ----

// Merges sorted runs of a table from one scratch table into the other. Stack: 1 the caller's table, 2 its comparator or
// nil, 3 and 4 the scratch tables.
class Sort {
 public:
  Sort(lua_State* L, lua_Integer count) : L_(L), count_(count) {}

  void run() {
    read();
    for (lua_Integer width = 1; width < count_; width *= 2) {
      for (lua_Integer low = 1; low <= count_; low += 2 * width)
        merge(low, std::min(low + width, count_ + 1), std::min(low + 2 * width, count_ + 1));
      std::swap(from_, to_);
    }
    copy_range(L_, from_, 1, count_, 1, 1);
  }

 private:
  void read() {
    lua_createtable(L_, static_cast<int>(std::min(count_, kSizedAheadMax)), 0);
    lua_createtable(L_, static_cast<int>(std::min(count_, kSizedAheadMax)), 0);
    for (lua_Integer i = 1; i <= count_; ++i) {
      look_at_budget(L_);
      lua_geti(L_, 1, i);
      lua_rawseti(L_, from_, i);
    }
  }

  bool less(int a, int b) {
    look_at_budget(L_);
    if (lua_isnil(L_, 2)) return lua_compare(L_, a, b, LUA_OPLT);
    lua_pushvalue(L_, 2);
    lua_pushvalue(L_, a - 1);
    lua_pushvalue(L_, b - 2);
    lua_call(L_, 2, 1);
    const bool result = lua_toboolean(L_, -1);
    lua_pop(L_, 1);
    return result;
  }

  // [low, middle) and [middle, high) into [low, high).
  void merge(lua_Integer low, lua_Integer middle, lua_Integer high) {
    lua_Integer at = low;
    if (middle < high) {
      lua_Integer left = low, right = middle;
      lua_rawgeti(L_, from_, middle - 1);
      lua_rawgeti(L_, from_, middle);
      const bool in_order = !less(-1, -2);
      lua_pop(L_, 2);
      if (!in_order) {
        lua_rawgeti(L_, from_, left);
        lua_rawgeti(L_, from_, right);
        for (;;) {
          if (less(-1, -2)) {
            lua_rawseti(L_, to_, at++);
            if (++right == high) break;
            lua_rawgeti(L_, from_, right);
          } else {
            lua_pushvalue(L_, -2);
            lua_rawseti(L_, to_, at++);
            if (++left == middle) break;
            lua_rawgeti(L_, from_, left);
            lua_replace(L_, -3);
          }
        }
        lua_settop(L_, kTop);
        low = left == middle ? right : left;
        high = left == middle ? high : middle;
      }
    }
    for (; low < high; ++low) {
      lua_rawgeti(L_, from_, low);
      lua_rawseti(L_, to_, at++);
    }
  }

  static constexpr int kTop = 4;
  lua_State* L_;
  const lua_Integer count_;
  int from_ = 3, to_ = 4;
};

int table_sort(lua_State* L) {
  const lua_Integer count = length_of_table(L, 1);
  if (count < 2) return 0;
  luaL_argcheck(L, count < INT_MAX, 1, "array too big");
  if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  luaL_checkstack(L, 10, nullptr);
  Sort(L, count).run();
  return 0;
}

constexpr luaL_Reg kTable[] = {{"concat", table_concat}, {"insert", table_insert}, {"move", table_move},
                               {"pack", table_pack},     {"remove", table_remove}, {"sort", table_sort},
                               {"unpack", table_unpack}, {nullptr, nullptr}};

}  // namespace

void open_table_functions(lua_State* L) {
  luaL_newlib(L, kTable);
}

}  // namespace dormouse
