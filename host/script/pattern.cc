#include "script/pattern.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "script/guard.h"

namespace dormouse {
namespace {

constexpr bool is_upper(unsigned char c) {
  return c >= 'A' && c <= 'Z';
}
constexpr bool is_lower(unsigned char c) {
  return c >= 'a' && c <= 'z';
}
constexpr bool is_digit(unsigned char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_alpha(unsigned char c) {
  return is_upper(c) || is_lower(c);
}
constexpr bool is_graphic(unsigned char c) {
  return c > ' ' && c < 0x7F;
}

// Whether `c` belongs to the class of the lower-case letter; nullopt when the letter names no class.
constexpr std::optional<bool> in_class(char letter, unsigned char c) {
  switch (letter) {
    case 'a':
      return is_alpha(c);
    case 'c':
      return c < ' ' || c == 0x7F;
    case 'd':
      return is_digit(c);
    case 'g':
      return is_graphic(c);
    case 'l':
      return is_lower(c);
    case 'p':
      return is_graphic(c) && !is_alpha(c) && !is_digit(c);
    case 's':
      return c == ' ' || (c >= '\t' && c <= '\r');
    case 'u':
      return is_upper(c);
    case 'w':
      return is_alpha(c) || is_digit(c);
    case 'x':
      return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    default:
      return std::nullopt;
  }
}

char lower(char c) {
  return is_upper(static_cast<unsigned char>(c)) ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool is_class(char letter) {
  return in_class(lower(letter), 0).has_value();
}

Error malformed(const std::string& what) {
  return Error{.code = Code::invalid_argument, .message = what};
}

}  // namespace

// ---- from text to items ----

class PatternParser {
 public:
  PatternParser(std::string_view text, Pattern& into) : text_(text), into_(into) {}

  Status parse(bool anchors) {
    into_.items_.reserve(std::min<size_t>(text_.size(), 32));
    into_.sets_.reserve(4);
    if (anchors && !text_.empty() && text_[0] == '^') {
      into_.anchored_ = true;
      ++at_;
    }
    while (at_ < text_.size())
      if (Status status = item(); !status.ok()) return status;
    if (!open_.empty()) return malformed("unfinished capture");
    return {};
  }

 private:
  using Item = Pattern::Item;
  using ByteSet = Pattern::ByteSet;

  char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool at_last() const { return at_ + 1 == text_.size(); }

  Status item() {
    switch (peek()) {
      case '(':
        return open();
      case ')':
        return close();
      case '$':
        if (!at_last()) break;
        into_.items_.push_back({.kind = Item::Kind::end});
        ++at_;
        return {};
      case '%':
        if (peek(1) == 'b') return balance();
        if (peek(1) == 'f') return frontier();
        if (is_digit(static_cast<unsigned char>(peek(1)))) return back();
        break;
      default:
        break;
    }
    return single();
  }

  Status open() {
    if (into_.captures_ == kPatternCapturesMax) return malformed("too many captures");
    const bool position = peek(1) == ')';
    const auto index = static_cast<uint16_t>(into_.captures_++);
    into_.items_.push_back({.kind = position ? Item::Kind::position : Item::Kind::open, .index = index});
    if (!position) open_.push_back(index);
    at_ += position ? 2 : 1;
    return {};
  }

  Status close() {
    if (open_.empty()) return malformed("invalid pattern capture");
    into_.items_.push_back({.kind = Item::Kind::close, .index = open_.back()});
    open_.pop_back();
    ++at_;
    return {};
  }

  Status balance() {
    if (at_ + 4 > text_.size()) return malformed("malformed pattern (missing arguments to '%b')");
    into_.items_.push_back({.kind = Item::Kind::balance, .first = peek(2), .second = peek(3)});
    at_ += 4;
    return {};
  }

  Status frontier() {
    at_ += 2;
    if (peek() != '[') return malformed("missing '[' after '%f' in pattern");
    Item item{.kind = Item::Kind::frontier};
    if (Status status = set(item); !status.ok()) return status;
    into_.items_.push_back(item);
    return {};
  }

  Status back() {
    const int index = peek(1) - '1';
    const bool closed = index >= 0 && static_cast<size_t>(index) < into_.captures_ &&
                        std::find(open_.begin(), open_.end(), index) == open_.end();
    if (!closed) return malformed(std::string("invalid capture index %") + peek(1) + " in pattern");
    into_.items_.push_back({.kind = Item::Kind::back, .index = static_cast<uint16_t>(index)});
    at_ += 2;
    return {};
  }

  // One character, class or set, and how often.
  Status single() {
    Item item;
    if (peek() == '[') {
      item.kind = Item::Kind::set;
      if (Status status = set(item); !status.ok()) return status;
    } else if (peek() == '%') {
      if (at_last()) return malformed("malformed pattern (ends with '%')");
      const char letter = peek(1);
      item.first = letter;
      if (is_class(letter)) {
        item.kind = Item::Kind::set;
        ByteSet bytes;
        add_class(bytes, letter);
        keep(bytes, item);
      }
      at_ += 2;
    } else {
      item.kind = peek() == '.' ? Item::Kind::any : Item::Kind::byte;
      item.first = peek();
      ++at_;
    }
    repeat(item);
    into_.items_.push_back(item);
    return {};
  }

  void repeat(Item& item) {
    using Repeat = Item::Repeat;
    if (at_ == text_.size()) return;
    const char mark = peek();
    if (mark == '?') item.repeat = Repeat::optional;
    if (mark == '*' || mark == '+') item.repeat = Repeat::longest;
    if (mark == '-') item.repeat = Repeat::shortest;
    item.least = mark == '+' ? 1 : 0;
    if (item.repeat != Repeat::once) ++at_;
  }

  // "[^a-z%d]"; a bracket in the first place is a member.
  Status set(Item& item) {
    size_t i = at_ + 1;
    const bool inverted = i < text_.size() && text_[i] == '^';
    if (inverted) ++i;
    const Result<size_t> close = end_of_set(i);
    if (!close) return close.status();
    ByteSet bytes;
    while (i < *close) {
      if (text_[i] == '%') {
        add_escaped(bytes, text_[i + 1]);
        i += 2;
      } else if (i + 2 < *close && text_[i + 1] == '-') {
        const auto last = static_cast<unsigned char>(text_[i + 2]);
        for (unsigned c = static_cast<unsigned char>(text_[i]); c <= last; ++c)
          bytes.add(static_cast<unsigned char>(c));
        i += 3;
      } else {
        bytes.add(static_cast<unsigned char>(text_[i++]));
      }
    }
    if (inverted) bytes.invert();
    keep(bytes, item);
    at_ = *close + 1;
    return {};
  }

  // Where the bracket stands that closes the set whose members begin at `i`.
  Result<size_t> end_of_set(size_t i) const {
    for (bool first = true; i < text_.size(); first = false) {
      if (text_[i] == ']' && !first) return i;
      i += text_[i] == '%' ? 2 : 1;
    }
    return malformed("malformed pattern (missing ']')");
  }

  // The classes by their letter, made once: a short pattern takes longer to read than to match.
  static constexpr std::array<ByteSet, 26> kClasses = [] {
    std::array<ByteSet, 26> classes{};
    for (unsigned letter = 0; letter < classes.size(); ++letter)
      for (unsigned c = 0; c < 256; ++c)
        if (in_class(static_cast<char>('a' + letter), static_cast<unsigned char>(c)).value_or(false))
          classes[letter].add(static_cast<unsigned char>(c));
    return classes;
  }();
  static void add_class(ByteSet& to, char letter) {
    ByteSet bytes = kClasses[static_cast<size_t>(lower(letter) - 'a')];
    if (is_upper(static_cast<unsigned char>(letter))) bytes.invert();
    to.add(bytes);
  }
  static void add_escaped(ByteSet& to, char c) {
    if (is_class(c))
      add_class(to, c);
    else
      to.add(static_cast<unsigned char>(c));
  }
  void keep(const ByteSet& bytes, Item& item) {
    item.index = static_cast<uint16_t>(into_.sets_.size());
    into_.sets_.push_back(bytes);
  }

  const std::string_view text_;
  Pattern& into_;
  size_t at_ = 0;
  std::vector<uint16_t> open_;  // captures that are not closed yet
};

namespace {
constexpr size_t kPatternBytesMax = 16'384;  // items and sets are counted with 16 bits; 1 MiB of memory at worst
}

Result<Pattern> Pattern::parse(std::string_view text, bool anchors) {
  if (text.size() > kPatternBytesMax) return malformed("pattern too long");
  Pattern pattern;
  if (Status status = PatternParser(text, pattern).parse(anchors); !status.ok()) return status;
  return pattern;
}

// ---- matching ----

bool Pattern::takes(const Item& item, char c) const {
  switch (item.kind) {
    case Item::Kind::byte:
      return c == item.first;
    case Item::Kind::any:
      return true;
    default:
      return sets_[item.index].has(c);
  }
}

namespace {

void spend(uint64_t& steps, uint64_t cost) {
  steps -= std::min(steps, cost);
}

// "%b()": where the text behind the closing one begins; npos when there is none.
size_t balanced_end(std::string_view subject, size_t at, char open, char close, uint64_t& steps) {
  if (at >= subject.size() || subject[at] != open) return std::string_view::npos;
  size_t depth = 1;
  size_t i = at + 1;
  for (; i < subject.size(); ++i) {
    if (subject[i] == close) {
      if (--depth == 0) break;
    } else if (subject[i] == open) {
      ++depth;
    }
  }
  spend(steps, i - at);
  return i < subject.size() ? i + 1 : std::string_view::npos;
}

}  // namespace

// One item that is there exactly once. Captures need no undoing: on the way from a choice to the end of the pattern
// each item behind it is passed again and sets its capture anew, and only closed captures before it are read.
bool Pattern::step(const Item& item, std::string_view subject, size_t& at, uint64_t& steps, Match& match) const {
  switch (item.kind) {
    case Item::Kind::byte:
    case Item::Kind::any:
    case Item::Kind::set:
      return at < subject.size() && takes(item, subject[at++]);
    case Item::Kind::open:
      match.captures[item.index] = {at, at, false};
      return true;
    case Item::Kind::position:
      match.captures[item.index] = {at, at, true};
      return true;
    case Item::Kind::close:
      match.captures[item.index].end = at;
      return true;
    case Item::Kind::back: {
      const Capture& earlier = match.captures[item.index];
      if (earlier.position) return false;
      const std::string_view wanted = subject.substr(earlier.start, earlier.end - earlier.start);
      spend(steps, wanted.size());
      if (subject.substr(at, wanted.size()) != wanted) return false;
      at += wanted.size();
      return true;
    }
    case Item::Kind::balance: {
      const size_t end = balanced_end(subject, at, item.first, item.second, steps);
      if (end != std::string_view::npos) at = end;
      return end != std::string_view::npos;
    }
    case Item::Kind::frontier: {
      const ByteSet& set = sets_[item.index];
      const char before = at == 0 ? '\0' : subject[at - 1];
      const char here = at < subject.size() ? subject[at] : '\0';
      return !set.has(before) && set.has(here);
    }
    case Item::Kind::end:
      return at == subject.size();
  }
  return false;
}

// Takes for a repeated item what it takes first, and notes that there are other ways.
void Pattern::enter(size_t item, std::string_view subject, size_t& at, uint64_t& steps) {
  const Item& repeated = items_[item];
  const size_t least = at + repeated.least;
  if (repeated.repeat != Item::Repeat::shortest) {
    const size_t begin = at;
    const size_t end = repeated.repeat == Item::Repeat::optional ? std::min(at + 1, subject.size()) : subject.size();
    if (repeated.kind == Item::Kind::any) {
      at = end;
    } else {
      while (at < end && takes(repeated, subject[at])) ++at;
      spend(steps, at - begin);
    }
  }
  choices_.push_back({item, least, at});
}

// Goes back to the last choice that has another way, and takes it. False when there is none.
bool Pattern::retreat(std::string_view subject, size_t& item, size_t& at, uint64_t& steps) {
  while (!choices_.empty() && steps > 0) {
    --steps;
    Choice& choice = choices_.back();
    const Item& repeated = items_[choice.item];
    const bool shortest = repeated.repeat == Item::Repeat::shortest;
    const bool possible =
        shortest ? choice.at < subject.size() && takes(repeated, subject[choice.at]) : choice.at > choice.least;
    if (!possible) {
      choices_.pop_back();
      continue;
    }
    choice.at = shortest ? choice.at + 1 : choice.at - 1;
    at = choice.at;
    item = choice.item + 1;
    return true;
  }
  return false;
}

Pattern::Outcome Pattern::match_at(std::string_view subject, size_t start, uint64_t& steps, Match& match) {
  choices_.clear();
  match.captures.resize(captures_);
  size_t at = start;
  size_t item = 0;
  while (item < items_.size() && steps > 0 && !stopped()) {
    --steps;
    const Item& current = items_[item];
    bool good = true;
    if (current.repeat == Item::Repeat::once) {
      good = step(current, subject, at, steps, match);
    } else {
      enter(item, subject, at, steps);
      good = choices_.back().least <= at;
      if (!good) choices_.pop_back();
    }
    if (good)
      ++item;
    else if (!retreat(subject, item, at, steps))
      return steps > 0 ? Outcome::none : Outcome::out_of_steps;
  }
  if (item < items_.size()) return Outcome::out_of_steps;
  match.start = start;
  match.end = at;
  return Outcome::matched;
}

Pattern::Outcome Pattern::search(std::string_view subject, size_t start, uint64_t& steps, Match& match) {
  // Most patterns begin with a character that must be there: memchr skips to it.
  const bool leaps = !anchored_ && !items_.empty() && items_[0].kind == Item::Kind::byte &&
                     (items_[0].repeat == Item::Repeat::once || items_[0].least == 1);
  for (size_t at = start; at <= subject.size(); ++at) {
    if (leaps) {
      at = subject.find(items_[0].first, at);
      if (at == std::string_view::npos) return Outcome::none;
    }
    const Outcome outcome = match_at(subject, at, steps, match);
    if (outcome != Outcome::none || anchored_) return outcome;
  }
  return Outcome::none;
}

// ---- the Lua functions ----

namespace {

constexpr char kWalkType[] = "dormouse.gmatch";

std::string_view text_argument(lua_State* L, int index) {
  size_t size = 0;
  const char* text = luaL_checklstring(L, index, &size);
  return {text, size};
}

// Where the 1-based, possibly negative position `argument` points to, from 0.
size_t start_argument(lua_State* L, int argument, size_t size) {
  const lua_Integer position = luaL_optinteger(L, argument, 1);
  if (position > 0) return static_cast<size_t>(position) - 1;
  if (position == 0 || position < -static_cast<lua_Integer>(size)) return 0;
  return size + static_cast<size_t>(position);
}

Pattern parsed(lua_State* L, std::string_view text, bool anchors) {
  Result<Pattern> pattern = Pattern::parse(text, anchors);
  if (!pattern) luaL_error(L, "%s", pattern.status().error().message.c_str());
  if (const CpuGuard* guard = CpuGuard::current()) pattern->stop_on(guard->expired_flag());
  return std::move(*pattern);
}

uint64_t steps_for(std::string_view subject) {
  return kPatternStepsMax + kPatternStepsPerByte * subject.size();
}

int refuse_long(lua_State* L, std::string_view pattern, std::string_view subject) {
  look_at_budget(L);
  return luaL_error(L,
                    "pattern '%s' takes too long on a text of %d bytes: use a shorter text, fewer of * + -, or begin "
                    "it with ^",
                    std::string(pattern.substr(0, 60)).c_str(), static_cast<int>(subject.size()));
}

void push_capture(lua_State* L, std::string_view subject, const Pattern::Capture& capture) {
  if (capture.position)
    lua_pushinteger(L, static_cast<lua_Integer>(capture.start) + 1);
  else
    lua_pushlstring(L, subject.data() + capture.start, capture.end - capture.start);
}

// All captures, or the whole match when the pattern has none and `whole` asks for it. Returns their number.
int push_captures(lua_State* L, std::string_view subject, const Pattern::Match& match, bool whole) {
  luaL_checkstack(L, static_cast<int>(match.captures.size()) + 1, "too many captures");
  if (match.captures.empty() && whole) {
    push_capture(L, subject, {match.start, match.end, false});
    return 1;
  }
  for (const Pattern::Capture& capture : match.captures) push_capture(L, subject, capture);
  return static_cast<int>(match.captures.size());
}

bool has_specials(std::string_view pattern) {
  return pattern.find_first_of("^$*+?.([%-") != std::string_view::npos;
}

int find_plain(lua_State* L, std::string_view subject, std::string_view wanted, size_t start) {
  const std::string_view rest = subject.substr(start);
  // memmem and not string_view::find, which takes the product of both lengths at worst.
  const void* found = wanted.empty() ? rest.data() : ::memmem(rest.data(), rest.size(), wanted.data(), wanted.size());
  if (!found) return luaL_pushfail(L), 1;
  const auto at = static_cast<size_t>(static_cast<const char*>(found) - subject.data());
  lua_pushinteger(L, static_cast<lua_Integer>(at) + 1);
  lua_pushinteger(L, static_cast<lua_Integer>(at) + static_cast<lua_Integer>(wanted.size()));
  return 2;
}

int find_or_match(lua_State* L, bool find) {
  const std::string_view subject = text_argument(L, 1);
  const std::string_view text = text_argument(L, 2);
  const size_t start = start_argument(L, 3, subject.size());
  if (start > subject.size()) return luaL_pushfail(L), 1;
  if (find && (lua_toboolean(L, 4) || !has_specials(text))) return find_plain(L, subject, text, start);
  Pattern pattern = parsed(L, text, true);
  Pattern::Match match;
  uint64_t steps = steps_for(subject);
  switch (pattern.search(subject, start, steps, match)) {
    case Pattern::Outcome::none:
      return luaL_pushfail(L), 1;
    case Pattern::Outcome::out_of_steps:
      return refuse_long(L, text, subject);
    case Pattern::Outcome::matched:
      break;
  }
  if (!find) return push_captures(L, subject, match, true);
  lua_pushinteger(L, static_cast<lua_Integer>(match.start) + 1);
  lua_pushinteger(L, static_cast<lua_Integer>(match.end));
  return 2 + push_captures(L, subject, match, false);
}

int pattern_find(lua_State* L) {
  return find_or_match(L, true);
}

int pattern_match(lua_State* L) {
  return find_or_match(L, false);
}

// ---- gmatch ----

// Where one loop over matches stands. The subject and the pattern's text are kept alive by the iterator's upvalues.
struct Walk {
  Pattern pattern;
  std::string_view text;
  std::string_view subject;
  size_t at;
  std::optional<size_t> last_end;  // an empty match there would be the same place again
};

int next_match(lua_State* L) {
  auto& walk = *static_cast<Walk*>(lua_touserdata(L, lua_upvalueindex(3)));
  uint64_t steps = steps_for(walk.subject);
  Pattern::Match match;
  if (const CpuGuard* guard = CpuGuard::current()) walk.pattern.stop_on(guard->expired_flag());  // of this entry
  while (walk.at <= walk.subject.size()) {
    look_at_budget(L);
    const Pattern::Outcome outcome = walk.pattern.search(walk.subject, walk.at, steps, match);
    if (outcome == Pattern::Outcome::out_of_steps) return refuse_long(L, walk.text, walk.subject);
    if (outcome == Pattern::Outcome::none) break;
    walk.at = match.start + 1;
    if (match.end == walk.last_end) continue;
    walk.last_end = match.end;
    walk.at = match.end;
    return push_captures(L, walk.subject, match, true);
  }
  walk.at = walk.subject.size() + 1;
  return 0;
}

int destroy_walk(lua_State* L) {
  static_cast<Walk*>(lua_touserdata(L, 1))->~Walk();
  return 0;
}

int pattern_gmatch(lua_State* L) {
  const std::string_view subject = text_argument(L, 1);
  const std::string_view text = text_argument(L, 2);
  const size_t start = start_argument(L, 3, subject.size());
  lua_settop(L, 2);
  Pattern pattern = parsed(L, text, false);
  void* memory = lua_newuserdatauv(L, sizeof(Walk), 0);
  new (memory) Walk{std::move(pattern), text, subject, start, std::nullopt};
  luaL_setmetatable(L, kWalkType);
  lua_pushcclosure(L, next_match, 3);
  return 1;
}

// ---- gsub ----

// Before each piece: one is at most a text of the state, whose memory is bounded, but a replacement may name it often.
void check_size(lua_State* L, const std::string& result) {
  if (result.size() > kPatternResultBytesMax)
    luaL_error(L, "gsub would make more than %d bytes", static_cast<int>(kPatternResultBytesMax));
}

// "%1 and %%", with what was captured.
void append_template(lua_State* L, std::string& to, std::string_view subject, const Pattern::Match& match,
                     std::string_view replacement) {
  for (size_t i = 0; i < replacement.size(); ++i) {
    check_size(L, to);
    if (replacement[i] != '%') {
      to += replacement[i];
      continue;
    }
    const char what = ++i < replacement.size() ? replacement[i] : '\0';
    if (what == '%') {
      to += '%';
      continue;
    }
    if (!is_digit(static_cast<unsigned char>(what))) luaL_error(L, "invalid use of '%%' in replacement string");
    const auto index = static_cast<size_t>(what - '0');
    const bool whole = index == 0 || (index == 1 && match.captures.empty());
    if (!whole && index > match.captures.size())
      luaL_error(L, "invalid capture index %%%d in replacement string", static_cast<int>(index));
    const Pattern::Capture capture =
        whole ? Pattern::Capture{match.start, match.end, false} : match.captures[index - 1];
    if (capture.position)
      to += std::to_string(capture.start + 1);
    else
      to += subject.substr(capture.start, capture.end - capture.start);
  }
}

// Appends what stands for `match`. False when the text stays as it is.
bool append_replacement(lua_State* L, std::string& to, std::string_view subject, const Pattern::Match& match) {
  constexpr int kReplacement = 3;
  const std::string_view old = subject.substr(match.start, match.end - match.start);
  switch (lua_type(L, kReplacement)) {
    case LUA_TFUNCTION:
      lua_pushvalue(L, kReplacement);
      lua_call(L, push_captures(L, subject, match, true), 1);
      break;
    case LUA_TTABLE:
      if (match.captures.empty())
        push_capture(L, subject, {match.start, match.end, false});
      else
        push_capture(L, subject, match.captures[0]);
      lua_gettable(L, kReplacement);
      break;
    default:
      append_template(L, to, subject, match, text_argument(L, kReplacement));
      return true;
  }
  const bool replaced = lua_toboolean(L, -1);
  if (replaced && !lua_isstring(L, -1)) luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
  to += replaced ? text_argument(L, -1) : old;
  lua_pop(L, 1);
  return replaced;
}

int pattern_gsub(lua_State* L) {
  const std::string_view subject = text_argument(L, 1);
  const std::string_view text = text_argument(L, 2);
  const int type = lua_type(L, 3);
  luaL_argexpected(L, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE, 3,
                   "string/function/table");
  const lua_Integer count_max = luaL_optinteger(L, 4, static_cast<lua_Integer>(subject.size()) + 1);
  Pattern pattern = parsed(L, text, true);
  Pattern::Match match;
  uint64_t steps = steps_for(subject);
  std::string result;
  bool changed = false;
  lua_Integer count = 0;
  size_t at = 0;
  std::optional<size_t> last_end;
  while (count < count_max) {
    look_at_budget(L);  // also because a replacement may have caught the error that ended it
    const Pattern::Outcome outcome = pattern.match_at(subject, at, steps, match);
    if (outcome == Pattern::Outcome::out_of_steps) return refuse_long(L, text, subject);
    if (outcome == Pattern::Outcome::matched && match.end != last_end) {
      ++count;
      changed = append_replacement(L, result, subject, match) || changed;
      check_size(L, result);
      at = match.end;
      last_end = at;
    } else if (at < subject.size()) {
      result += subject[at++];
    } else {
      break;
    }
    if (pattern.anchored()) break;
  }
  if (changed) {
    result += subject.substr(std::min(at, subject.size()));
    lua_pushlstring(L, result.data(), result.size());
  } else {
    lua_pushvalue(L, 1);
  }
  lua_pushinteger(L, count);
  return 2;
}

}  // namespace

void open_pattern_functions(lua_State* L) {
  luaL_newmetatable(L, kWalkType);
  lua_pushcfunction(L, destroy_walk);
  lua_setfield(L, -2, "__gc");
  lua_pop(L, 1);
  constexpr luaL_Reg kFunctions[] = {{"find", pattern_find},
                                     {"match", pattern_match},
                                     {"gmatch", pattern_gmatch},
                                     {"gsub", pattern_gsub},
                                     {nullptr, nullptr}};
  luaL_setfuncs(L, kFunctions, 0);
}

}  // namespace dormouse
