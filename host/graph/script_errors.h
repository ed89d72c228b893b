// Collects the faults of a set of scripts, each with its place (file, line, key). It finds no faults itself: the script
// API and the check add them. Owner: the load of scripts that runs. One thread, not synchronised.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/source_text.h"

namespace dormouse {

// One fault with its place. A set of scripts is refused only after all its faults were found.
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

// The place of a call in a script (`dm.stage("x", {...})`), for errors about the keys of its table.
struct ScriptCall {
  const SourceText* source = nullptr;
  int line = 0;
  std::string subject;  // its first argument
  std::string stage;    // the stage that the error names: "assistant/understand/intent"
};

class ScriptErrors {
 public:
  struct Fault {
    std::vector<std::string> path = {};  // the keys that lead to the fault, from the outside in; empty: the call itself
    std::string word = {};               // the faulty name inside the key's value; empty: the whole value
    std::string message = {};
    std::string hint = {};
    bool at_key = false;  // the key is wrong, not its value
  };
  void add(const ScriptCall& call, Fault fault) { errors_.push_back(make(call, std::move(fault))); }
  void warn(const ScriptCall& call, Fault fault) { warnings_.push_back(make(call, std::move(fault))); }
  // Adds an error that Lua itself reports, which has only a file and a line.
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
