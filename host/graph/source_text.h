// The text of one script, and where in it a key stands: the caret under an error.
// Not a parser of Lua: it splits the text into tokens and follows braces, which is enough to find a key inside the call
// that Lua's debug information names only by its line. Immutable; any thread.
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
  // Without its end; empty beyond the last one.
  std::string line_text(int line) const;

  // Where to point for key `path` (from the outside in) of the table given to the call that begins on `line` with the
  // string `subject` as its first argument: its value as far as it stands on one line, the key when the value is a
  // table. An empty path is the subject itself. With `word`, that name inside the value; with `at_key` the key, when
  // that is what is wrong. What cannot be found (keys may be computed) falls back to the enclosing key, then to the
  // line alone.
  Spot find(int line, std::string_view subject, std::span<const std::string> path, std::string_view word = {},
            bool at_key = false) const;

 private:
  struct Token;
  class Tokens;

  std::string name_;
  std::string text_;
};

}  // namespace dormouse
