// Collects the faults of a set of scripts, each with its place. One load at a time fills one; not synchronised.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/source_text.h"

namespace dormouse {

// A fault in a script, where it stands. All faults of a set are found before it is refused.
struct ScriptError {
  std::string file;
  int line = 0;                   // 0: the file as a whole
  std::string stage;              // "assistant/understand/intent", empty outside of stages
  std::string message;            // one sentence
  std::string hint;               // "did you mean 'language'?"
  std::string source_line;        // for the caret; may be empty
  int column = 0;                 // 1-based, 0: unknown
  int width = 0;                  // columns under the caret
  std::string to_string() const;  // several lines, as compilers print them
};

// A call in a script (`dm.stage("x", {...})`), as errors about its keys need it.
struct ScriptCall {
  const SourceText* source = nullptr;
  int line = 0;
  std::string subject;  // its first argument
  std::string stage;    // what the error says it is about: "assistant/understand/intent"
};

class ScriptErrors {
 public:
  struct Fault {
    std::vector<std::string> path = {};  // of the key, from the outside in; empty: the call itself
    std::string word = {};               // inside the key's value
    std::string message = {};
    std::string hint = {};
    bool at_key = false;  // the key is wrong, not its value
  };
  void add(const ScriptCall& call, Fault fault) { errors_.push_back(make(call, std::move(fault))); }
  void warn(const ScriptCall& call, Fault fault) { warnings_.push_back(make(call, std::move(fault))); }
  // What Lua itself reports: a file and a line.
  void add(const SourceText& source, int line, std::string message, std::string hint = {});

  bool empty() const { return errors_.empty(); }
  size_t size() const { return errors_.size(); }
  std::vector<ScriptError> take_errors() { return std::move(errors_); }
  std::vector<ScriptError> take_warnings() { return std::move(warnings_); }

 private:
  static ScriptError make(const ScriptCall& call, Fault fault);

  std::vector<ScriptError> errors_;
  std::vector<ScriptError> warnings_;
};

// "did you mean 'a' or 'b'?", empty when nothing is near.
std::string near_hint(std::string_view name, const std::vector<std::string>& known);
// "'a', 'b', 'c'"
std::string quoted_list(const std::vector<std::string>& names);

}  // namespace dormouse
