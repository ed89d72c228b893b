// A host with one component of type search.text, and its methods as functions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "support/live/live_registry.h"

namespace dormouse {

// A word that only this number has.
std::string word_of(int64_t number);

class TextHost {
 public:
  // `state_dir` empty: a folder of its own.
  explicit TextHost(const std::string& state_dir = "");

  // What a call ended in; `answer` keeps its value.
  Status call(const std::string& method, const Value& in);
  const Value& answer() const { return answer_; }

  Status add(const std::vector<std::string>& ids, const std::vector<std::string>& texts);
  // The ids found, best first.
  std::vector<std::string> search(const std::string& text, int64_t k = 10);
  int64_t count();
  void unload();

  LiveRegistry host;
  Component& component;

 private:
  std::map<std::string, uint32_t> methods_;
  Value answer_;
};

// A map of the fields written by `fill`.
template <class Fill>
Value value_with(const Fill& fill) {
  ValueWriter writer;
  writer.map_begin();
  fill(writer);
  writer.map_end();
  return *writer.finish();
}
void write_strings(ValueWriter& writer, const char* key, const std::vector<std::string>& strings);
void write_string(ValueWriter& writer, const char* key, const std::string& text);

}  // namespace dormouse
