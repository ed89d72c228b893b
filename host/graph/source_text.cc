#include "graph/source_text.h"

#include <optional>

namespace dormouse {

struct SourceText::Token {
  enum class Kind { name, string, number, symbol } kind;
  std::string_view text;  // of a string: without its quotes
  int line;
  int column;
  int width;

  bool is(std::string_view symbol) const { return kind == Kind::symbol && text == symbol; }
};

namespace {

bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

// All tokens of a text, comments left out.
class SourceText::Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {
    while (skip_blank()) take();
  }

  const std::vector<Token>& all() const { return tokens_; }

  // The index behind the bracket that closes the one at `open`.
  size_t behind(size_t open) const {
    int depth = 0;
    for (size_t i = open; i < tokens_.size(); ++i) {
      if (opens(i)) ++depth;
      if (closes(i) && --depth == 0) return i + 1;
    }
    return tokens_.size();
  }

  // The key `name` of the table whose brace is at `open`: the index of the key itself.
  std::optional<size_t> key(size_t open, std::string_view name) const {
    for (size_t i = open + 1; i < tokens_.size() && !tokens_[i].is("}");) {
      const bool bracketed = tokens_[i].is("[") && i + 3 < tokens_.size() && tokens_[i + 2].is("]");
      const size_t at = bracketed ? i + 1 : i;
      const size_t equals = bracketed ? i + 3 : i + 1;
      const bool assigned = equals < tokens_.size() && tokens_[equals].is("=");
      if (assigned && tokens_[at].text == name && tokens_[at].kind != Token::Kind::symbol) return at;
      i = end_of_value(assigned ? equals + 1 : i);
      if (i < tokens_.size() && !tokens_[i].is("}")) ++i;
    }
    return std::nullopt;
  }

  // The index of the comma or brace behind the value that begins at `i`. Inside a function body commas do not count.
  size_t end_of_value(size_t i) const {
    int blocks = 0;
    while (i < tokens_.size()) {
      const Token& token = tokens_[i];
      if (opens(i)) {
        i = behind(i);
        continue;
      }
      if (token.kind == Token::Kind::name) {
        if (token.text == "function" || token.text == "if" || token.text == "do" || token.text == "repeat") ++blocks;
        if (token.text == "end" || token.text == "until") --blocks;
      }
      if (blocks <= 0 && (token.is(",") || token.is(";") || closes(i))) return i;
      ++i;
    }
    return i;
  }

  // The brace of the table that is the value of the key at `key`.
  std::optional<size_t> table_of(size_t key) const {
    size_t i = key + 1;
    while (i < tokens_.size() && (tokens_[i].is("]") || tokens_[i].is("="))) ++i;
    if (i < tokens_.size() && tokens_[i].is("{")) return i;
    return std::nullopt;
  }

 private:
  bool opens(size_t i) const { return tokens_[i].is("{") || tokens_[i].is("(") || tokens_[i].is("["); }
  bool closes(size_t i) const { return tokens_[i].is("}") || tokens_[i].is(")") || tokens_[i].is("]"); }

  char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  void step() {
    if (text_[at_] == '\n') {
      ++line_;
      line_start_ = at_ + 1;
    }
    ++at_;
  }

  // `[[`, `[=[` ...: how many characters open it; 0 when this is none.
  size_t long_bracket() const {
    if (peek() != '[') return 0;
    size_t level = 1;
    while (peek(level) == '=') ++level;
    return peek(level) == '[' ? level + 1 : 0;
  }
  void skip_long(size_t opening) {
    const std::string close = "]" + std::string(opening - 2, '=') + "]";
    while (at_ < text_.size() && text_.substr(at_, close.size()) != close) step();
    for (size_t i = 0; i < close.size() && at_ < text_.size(); ++i) step();
  }

  // False at the end.
  bool skip_blank() {
    while (at_ < text_.size()) {
      if (peek() == '-' && peek(1) == '-') {
        at_ += 2;
        if (const size_t opening = long_bracket()) {
          skip_long(opening);
        } else {
          while (at_ < text_.size() && peek() != '\n') step();
        }
      } else if (peek() == ' ' || (peek() >= '\t' && peek() <= '\r')) {
        step();
      } else {
        return true;
      }
    }
    return false;
  }

  void take() {
    const size_t start = at_;
    const int line = line_;
    const int column = static_cast<int>(at_ - line_start_) + 1;
    Token::Kind kind = Token::Kind::symbol;
    std::string_view inside;
    if (is_digit(peek())) {
      kind = Token::Kind::number;
      while (is_name_byte(peek()) || peek() == '.') step();
    } else if (is_name_byte(peek())) {
      kind = Token::Kind::name;
      while (is_name_byte(peek())) step();
    } else if (peek() == '"' || peek() == '\'') {
      kind = Token::Kind::string;
      take_quoted();
      inside = text_.substr(start + 1, at_ - start >= 2 ? at_ - start - 2 : 0);
    } else if (const size_t opening = long_bracket()) {
      kind = Token::Kind::string;
      skip_long(opening);
      inside = text_.substr(start + opening, at_ - start >= 2 * opening ? at_ - start - 2 * opening : 0);
    } else {
      const bool comparison = peek(1) == '=' && std::string_view("=~<>").find(peek()) != std::string_view::npos;
      step();
      if (comparison) step();
    }
    const int width = line_ == line ? static_cast<int>(at_ - start) : 1;
    tokens_.push_back(
        {kind, kind == Token::Kind::string ? inside : text_.substr(start, at_ - start), line, column, width});
  }
  void take_quoted() {
    const char quote = peek();
    step();
    while (at_ < text_.size() && peek() != quote && peek() != '\n') {
      if (peek() == '\\' && at_ + 1 < text_.size()) step();
      step();
    }
    if (peek() == quote) step();
  }

  const std::string_view text_;
  size_t at_ = 0;
  int line_ = 1;
  size_t line_start_ = 0;
  std::vector<Token> tokens_;
};

std::string SourceText::line_text(int line) const {
  size_t start = 0;
  for (int i = 1; i < line; ++i) {
    start = text_.find('\n', start);
    if (start == std::string::npos) return "";
    ++start;
  }
  if (line < 1) return "";
  size_t end = text_.find('\n', start);
  if (end == std::string::npos) end = text_.size();
  if (end > start && text_[end - 1] == '\r') --end;
  return text_.substr(start, end - start);
}

SourceText::Spot SourceText::find(int line, std::string_view subject, std::span<const std::string> path,
                                  std::string_view word, bool at_key) const {
  const Tokens lexed(text_);
  const std::vector<Token>& tokens = lexed.all();
  size_t at = 0;
  while (at < tokens.size() && tokens[at].line < line) ++at;
  while (at < tokens.size() && !(tokens[at].kind == Token::Kind::string && tokens[at].text == subject)) ++at;
  if (at == tokens.size()) return Spot{line, 0, 0};

  size_t found = at;
  bool found_key = path.empty();
  size_t table = at;
  while (table < tokens.size() && !tokens[table].is("{") && !tokens[table].is(")")) ++table;
  for (const std::string& key : path) {
    if (table == tokens.size() || !tokens[table].is("{")) break;
    const std::optional<size_t> next = lexed.key(table, key);
    if (!next) break;
    found = *next;
    found_key = true;
    table = lexed.table_of(*next).value_or(tokens.size());
  }
  if (!found_key) return Spot{tokens[at].line, 0, 0};
  const auto spot_of = [&](size_t first, size_t last) {
    while (last > first && tokens[last].line != tokens[first].line) --last;
    return Spot{tokens[first].line, tokens[first].column,
                tokens[last].column + tokens[last].width - tokens[first].column};
  };
  const bool whole_path = !path.empty() && tokens[found].text == path.back();
  if (whole_path && at_key) return spot_of(found, found);
  if (!word.empty()) {
    const size_t end = path.empty() ? tokens.size() : lexed.end_of_value(found + 1);
    for (size_t i = found + 1; i < end; ++i)
      if (tokens[i].text == word && tokens[i].kind != Token::Kind::symbol) return spot_of(i, i);
  }
  if (!whole_path || lexed.table_of(found)) return spot_of(found, found);
  size_t value = found + 1;
  while (value < tokens.size() && (tokens[value].is("]") || tokens[value].is("="))) ++value;
  const size_t end = lexed.end_of_value(value);
  return value < end ? spot_of(value, end - 1) : spot_of(found, found);
}

}  // namespace dormouse
