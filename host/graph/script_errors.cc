#include "graph/script_errors.h"

#include <algorithm>

#include "base/suggest.h"

namespace dormouse {
namespace {

// What stands under the source line up to the caret: as wide on a screen as the text above it.
std::string padding(const std::string& source_line, int column) {
  std::string pad;
  for (int i = 0; i + 1 < column && i < static_cast<int>(source_line.size()); ++i) {
    const auto byte = static_cast<unsigned char>(source_line[static_cast<size_t>(i)]);
    if ((byte & 0xC0) == 0x80) continue;  // inside of a UTF-8 character
    pad += byte == '\t' ? '\t' : ' ';
  }
  return pad;
}

// The first 'word' in quotes of a message that stands in the line: what Lua tells has no column. Empty for none.
std::string named_in(const std::string& message, const std::string& line) {
  for (size_t open = message.find('\''); open != std::string::npos;) {
    const size_t close = message.find('\'', open + 1);
    if (close == std::string::npos) break;
    std::string word = message.substr(open + 1, close - open - 1);
    if (!word.empty() && line.find(word) != std::string::npos) return word;
    open = message.find('\'', close + 1);
  }
  return "";
}

}  // namespace

std::string ScriptError::to_string() const {
  std::string text = file;
  if (line > 0) text += ":" + std::to_string(line);
  text += ": ";
  if (!stage.empty()) text += "stage " + stage + ": ";
  text += message;
  if (source_line.empty() || column == 0) return hint.empty() ? text : text + " (" + hint + ")";
  const std::string number = std::to_string(line);
  const std::string margin(std::max<size_t>(5, number.size()), ' ');
  text += "\n" + margin.substr(number.size()) + number + " | " + source_line;
  text +=
      "\n" + margin + " | " + padding(source_line, column) + std::string(static_cast<size_t>(std::max(width, 1)), '^');
  if (!hint.empty()) text += " " + hint;
  return text;
}

ScriptError ScriptErrors::make(const ScriptCall& call, Fault fault) {
  const SourceText::Spot spot = call.source->find(call.line, call.subject, fault.path, fault.word, fault.at_key);
  ScriptError error;
  error.file = call.source->name();
  error.line = spot.line;
  error.stage = call.stage;
  error.message = std::move(fault.message);
  error.hint = std::move(fault.hint);
  error.source_line = call.source->line_text(spot.line);
  error.column = spot.column;
  error.width = spot.width;
  return error;
}

void ScriptErrors::add(const SourceText& source, int line, std::string message, std::string hint) {
  ScriptError error;
  error.file = source.name();
  error.line = line;
  error.message = std::move(message);
  error.hint = std::move(hint);
  error.source_line = source.line_text(line);
  const size_t first = error.source_line.find_first_not_of(" \t");
  const std::string named = named_in(error.message, error.source_line);
  if (!named.empty()) {
    error.column = static_cast<int>(error.source_line.find(named)) + 1;
    error.width = static_cast<int>(named.size());
  } else if (first != std::string::npos) {
    error.column = static_cast<int>(first) + 1;
    error.width = static_cast<int>(error.source_line.size() - first);
  }
  errors_.push_back(std::move(error));
}

std::string near_hint(std::string_view name, const std::vector<std::string>& known) {
  return near_sentence(near_names(name, known));
}

std::string quoted_list(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "'" : ", '") + name + "'";
  return text;
}

}  // namespace dormouse
