// The text of one script, and the place of a key in it, for the caret under an error.
// It is no parser of Lua: it splits the text into tokens and follows braces. That is enough to find a key inside a
// call, for which Lua's debug information has only the line. Owner: shared by script files and errors. Immutable; any
// thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dormouse {

class SourceText {
 public:
  struct Spot {
    int line = 0;
    int column = 0;  // 1-based, in bytes; 0: unknown
    int width = 0;
  };

  SourceText(std::string name, std::string text) : name_(std::move(name)), text_(std::move(text)) {}

  const std::string& name() const { return name_; }
  const std::string& text() const { return text_; }
  // The line without its line end; empty beyond the last line.
  std::string line_text(int line) const;

  // The spot for an error. The call begins on `line` with the string `subject` as its first argument; `path` leads to a
  // key of its table, from the outside in. The spot is the key's value (the part on its first line); for a table as
  // value, the key. An empty path: the subject. With `word`: that name inside the value. With `at_key`: the key. If the
  // key is not found (scripts may compute keys), the spot is the enclosing key, else the line alone.
  Spot find(int line, std::string_view subject, std::span<const std::string> path, std::string_view word = {},
            bool at_key = false) const;

 private:
  struct Token;
  class Tokens;

  std::string name_;
  std::string text_;
};

}  // namespace dormouse
