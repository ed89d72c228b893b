// Reading the tables that scripts describe things with: key by key, known and reserved ones apart, each fault with its
// place. What is wrong becomes a fault; nothing here stops a script, but for memory and CPU time (Lua errors).
// One thread at a time: the thread that owns the Lua state.
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

// One table of a call, being read. The value of the current key is on top of the stack.
class TableReading {
 public:
  using Fault = ScriptErrors::Fault;
  enum class Place : uint8_t { value, key };

  lua_State* const L;
  std::vector<std::string> path;  // of the current key, from the outside in

  // Nothing is added once there are 20 faults: more say nothing new.
  void fault(std::string message, std::string hint = {}, Place place = Place::value, std::string word = {});
  void expected(const std::string& what);
  // The key that is read; an element of a list by the list's: tags[1].
  std::string key_name() const;
  // The value on top, in a few words.
  std::string found() const;

  // The value on top. What does not fit becomes a fault, and `to` stays as it is.
  void text(std::string& to);  // not empty
  void duration(std::optional<Duration>& to);
  void positive_duration(std::optional<Duration>& to);
  void count(std::optional<unsigned>& to, lua_Integer least, lua_Integer most);
  void byte_size(std::optional<uint64_t>& to);
  void flag(bool& to);
  void names(std::vector<std::string>& to, const std::string& what);
  // Keeps the function on top in the registry; the answer is its number there.
  int take_function();
  // What cannot be an expression becomes a fault and null.
  Expression expression();
  // Neither a ref nor a table with one; else no value.
  Value constant();
  // The list on top, element by element; each is on top while `read` runs.
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

// The same, with the description `to` that is filled.
template <class T>
class Reading : public TableReading {
 public:
  Reading(lua_State* state, T& description, ValueWriter& writer)
      : TableReading(state, description.faults, writer), to(description) {}

  T& to;

  // Reads the named keys of the table at `index`; `owner` is what has them: "a stage".
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
