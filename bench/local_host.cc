#include "local_host.h"

#include <filesystem>
#include <stdexcept>

#include "support/live/tiny_language.h"

namespace dormouse::bench {

LocalHost::LocalHost() : host({DORMOUSE_PLUGINS}) {
  echo.component = &host.add("echo", "echo");
  const bool has_language = std::filesystem::exists(std::string(DORMOUSE_PLUGINS) + "/nlu-language.so");
  if (has_language) language.component = &host.add("nlu.language", "nlu-language");
  host.start();
  echo.method = host.method_index(*echo.component, "echo");
  echo.in = text_value("what attractions are in Cairo?");
  if (!has_language) return;
  train_tiny_language(host, *language.component);
  language.method = host.method_index(*language.component, "detect");
  language.in = text_value("wie komme ich heute zum Museum");
}

Value text_value(const std::string& text) {
  ValueWriter writer;
  writer.map_begin();
  writer.key("text");
  writer.string(text);
  writer.map_end();
  return *writer.finish();
}

void unload(LiveRegistry& host, Component& component) {
  const VerbAnswer answer = host.request(component, Verb::unload, {std::chrono::seconds(60), false});
  const State state = component.status().state;
  if (!answer.status.ok() || (state != State::unloaded && state != State::absent))
    throw std::runtime_error(component.name() + " stays: " + answer.status.to_string());
}

}  // namespace dormouse::bench
