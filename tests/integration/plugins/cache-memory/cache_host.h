// A host with one component of type cache.memory, and its methods as functions.
#pragma once

#include <catch2/catch.hpp>
#include <functional>
#include <string>

#include "support/live/live_registry.h"

namespace dormouse {

using Fill = std::function<void(ValueWriter&)>;

// A map of the fields written by `fill`.
inline Value value_with(const Fill& fill) {
  ValueWriter writer;
  writer.map_begin();
  fill(writer);
  writer.map_end();
  return *writer.finish();
}
inline void write(ValueWriter& writer, const char* key, const std::string& text) {
  writer.key(key);
  writer.string(text);
}

class CacheHost {
 public:
  explicit CacheHost(const Fill& settings = [](ValueWriter&) {})
      : host({DORMOUSE_PLUGINS}), component(host.add("cache", "cache-memory", value_with(settings))) {
    host.start();
  }
  Result<Value> call(const char* method, const Fill& in) {
    return host.ask(component, host.method_index(component, method), value_with(in));
  }
  // The answer's field, or no value.
  Value get(const std::string& key, const std::string& space = "default") {
    const Result<Value> answer = call("get", [&](ValueWriter& in) {
      write(in, "key", key);
      write(in, "space", space);
    });
    INFO(answer.status().to_string());
    REQUIRE(answer.ok());
    return answer->field("value");
  }
  bool has(const std::string& key, const std::string& space = "default") { return static_cast<bool>(get(key, space)); }
  Result<Value> put(
      const std::string& key, const Fill& value, const Fill& more = [](ValueWriter&) {}) {
    return call("put", [&](ValueWriter& in) {
      write(in, "key", key);
      in.key("value");
      value(in);
      more(in);
    });
  }
  int64_t number(const Result<Value>& answer, const char* field) {
    REQUIRE(answer.ok());
    int64_t number = -1;
    dm_get_int(dm_map_get(answer->view(), field), &number);
    return number;
  }

  LiveRegistry host;
  Component& component;
};

inline Fill text(const std::string& value) {
  return [value](ValueWriter& out) { out.string(value); };
}

}  // namespace dormouse
