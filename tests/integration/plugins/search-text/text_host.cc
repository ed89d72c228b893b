#include "integration/plugins/search-text/text_host.h"

#include <stdexcept>

namespace dormouse {
namespace {

RegistryOptions options_in(const std::string& state_dir) {
  RegistryOptions options;
  options.state_dir = state_dir;
  return options;
}

void must(const Status& status) {
  if (!status.ok()) throw std::runtime_error(status.to_string());
}

}  // namespace

std::string word_of(int64_t number) {
  return "nr" + std::to_string(number) + "x";
}

void write_string(ValueWriter& writer, const char* key, const std::string& text) {
  writer.key(key);
  writer.string(text);
}

void write_strings(ValueWriter& writer, const char* key, const std::vector<std::string>& strings) {
  writer.key(key);
  writer.list_begin();
  for (const std::string& string : strings) writer.string(string);
  writer.list_end();
}

TextHost::TextHost(const std::string& state_dir)
    : host({DORMOUSE_PLUGINS}, options_in(state_dir)), component(host.add("texts", "search-text")) {
  host.start();
  for (const char* method : {"search", "get", "add", "remove", "stats", "save", "drop"})
    methods_[method] = host.method_index(component, method);
}

Status TextHost::call(const std::string& method, const Value& in) {
  Result<Value> answer = host.ask(component, methods_.at(method), in);
  if (!answer.ok()) return answer.status();
  answer_ = std::move(*answer);
  return {};
}

Status TextHost::add(const std::vector<std::string>& ids, const std::vector<std::string>& texts) {
  return call("add", value_with([&](ValueWriter& writer) {
                write_strings(writer, "ids", ids);
                write_strings(writer, "texts", texts);
              }));
}

std::vector<std::string> TextHost::search(const std::string& text, int64_t k) {
  must(call("search", value_with([&](ValueWriter& writer) {
              write_string(writer, "text", text);
              writer.key("k");
              writer.integer(k);
            })));
  std::vector<std::string> ids;
  const dm_value list = dm_map_get(answer_.view(), "hits");
  for (uint32_t i = 0; i < dm_count(list); ++i) {
    dm_string_view id{};
    dm_get_string(dm_map_get(dm_list_at(list, i), "id"), &id);
    ids.emplace_back(id.data, id.size);
  }
  return ids;
}

int64_t TextHost::count() {
  must(call("stats", value_with([](ValueWriter&) {})));
  int64_t count = 0;
  dm_get_int(dm_map_get(dm_list_at(dm_map_get(answer_.view(), "collections"), 0), "count"), &count);
  return count;
}

void TextHost::unload() {
  const VerbAnswer answer = host.request(component, Verb::unload, {std::chrono::seconds(60), false});
  must(answer.status);
  if (answer.component.state != State::unloaded) throw std::runtime_error("it stays: " + answer.explanation);
}

}  // namespace dormouse
