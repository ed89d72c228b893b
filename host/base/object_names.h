// What an error is about (Error::object), in the same words everywhere: tools and people search logs for them.
// Stages are named by stage_object() (graph/graph.h), which knows graphs. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace dormouse {

// "cache 'answers'": `noun` and a name in quotes.
inline std::string named_object(std::string_view noun, std::string_view name) {
  std::string text;
  text.reserve(noun.size() + name.size() + 3);
  return text.append(noun).append(" '").append(name).append("'");
}

inline std::string component_object(std::string_view name) {
  return named_object("component", name);
}

// "component 'nlu.intent', method 'classify'"
inline std::string method_object(std::string_view component, std::string_view method) {
  return component_object(component) + ", " + named_object("method", method);
}

inline std::string pipeline_object(std::string_view name) {
  return named_object("pipeline", name);
}

// A plugin by its id; its file is plugin_file_object().
inline std::string plugin_object(std::string_view id) {
  return named_object("plugin", id);
}

inline std::string plugin_file_object(std::string_view path) {
  return std::string("plugin file ").append(path);
}

}  // namespace dormouse
