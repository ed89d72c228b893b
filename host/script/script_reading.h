// Reads the tables that scripts pass to functions like dm.stage, key by key. A wrong, unknown or reserved key becomes a
// fault with its place. Nothing here stops a script, except Lua errors for memory and CPU time.
// Owner: the API function that reads. Thread: the one that owns the Lua state.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "graph/expression.h"
#include "graph/script_errors.h"
#include "script/lua.h"
#include "script/lua_value.h"
#include "values/value.h"

namespace dormouse {

// The reading of one table. The value of the current key is on top of the Lua stack; below it is called "the value".
class TableReading {
 public:
  using Fault = ScriptErrors::Fault;
  enum class Place : uint8_t { value, key };

  lua_State* const L;
  std::vector<std::string> path;  // the keys that lead to the current key, from the outside in

  // Adds a fault. Ignored after 20 faults.
  void fault(std::string message, std::string hint = {}, Place place = Place::value, std::string word = {});
  void expected(const std::string& what);
  // The name of the current key; for an element of a list, with its number: tags[1].
  std::string key_name() const;
  // The value, described in a few words.
  std::string found() const;

  // Each reads the value into `to`. A value that does not fit becomes a fault, and `to` stays as it is.
  void text(std::string& to);  // not empty
  void duration(std::optional<Duration>& to);
  void positive_duration(std::optional<Duration>& to);
  void count(std::optional<unsigned>& to, lua_Integer least, lua_Integer most);
  void byte_size(std::optional<uint64_t>& to);
  void flag(bool& to);
  void names(std::vector<std::string>& to, const std::string& what);
  // Keeps the value, a function, in Lua's registry; returns its number there.
  int take_function();
  // Reads the value as an expression. A value that cannot be one becomes a fault, and the result is null.
  Expression expression();
  // Reads the value as a constant. A ref, or a table with a ref inside, becomes a fault, and the result is no value.
  Value constant();
  // Reads the value as a list. Each element is on top of the stack while `read` runs.
  void list(const std::string& what, const std::function<void()>& read);

 protected:
  TableReading(lua_State* state, std::vector<Fault>& faults, ValueWriter& writer)
      : L(state), faults_(faults), writer_(writer) {}
  void begin_key(const std::string& name);
  void unknown_key(const std::string& name, const std::string& owner, const std::vector<std::string>& known);

 private:
  std::vector<Fault>& faults_;
  ValueWriter& writer_;
  size_t expression_parts_ = 0;  // of the current key
};

template <class T>
class Reading;

template <class T>
struct Key {
  const char* name;
  void (*read)(Reading<T>&);  // null: reserved, not available yet
};

// The reading of a table into the description `to`.
template <class T>
class Reading : public TableReading {
 public:
  Reading(lua_State* state, T& description, ValueWriter& writer)
      : TableReading(state, description.faults, writer), to(description) {}

  T& to;

  // Reads the keys of the table at `index`. `owner` names the owner of the table in faults: "a stage".
  template <size_t N>
  void keys(int index, const std::array<Key<T>, N>& known, const std::string& owner) {
    for_each_field(L, index, [&](const std::string& name) {
      begin_key(name);
      read(known, name, owner);
      path.pop_back();
      return true;
    });
  }

 private:
  template <size_t N>
  void read(const std::array<Key<T>, N>& keys, const std::string& name, const std::string& owner) {
    const auto known = std::find_if(keys.begin(), keys.end(), [&](const Key<T>& key) { return name == key.name; });
    if (known != keys.end() && known->read) return known->read(*this);
    if (known != keys.end()) return fault("'" + name + "' is not available yet", {}, Place::key);
    std::vector<std::string> names;
    for (const Key<T>& key : keys)
      if (key.read) names.emplace_back(key.name);
    unknown_key(name, owner, names);
  }
};

}  // namespace dormouse
