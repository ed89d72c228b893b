// Lua's patterns with bounded work: string.find, match, gmatch and gsub as Lua 5.4 defines them. A match that takes too
// many steps ends with an error that names the pattern.
// They are no regular expressions, and this is not Lua's code: a pattern is parsed once into items, and matching keeps
// its choices in a list instead of on the C stack. Two differences from Lua's functions: a malformed pattern is refused
// even when matching would not reach the fault, and letters are ASCII letters in every locale.
// Values, owned by their user; any thread, one at a time for each Pattern. open_pattern_functions: the thread that owns
// the Lua state.
#pragma once

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "script/lua.h"

namespace dormouse {

// Most steps of one call of find, match or gsub, and of one turn of gmatch. A step looks at one byte and takes 1 to 5
// ns; all of them, some 50 ms. Each byte of the subject adds kPatternStepsPerByte, so linear work always passes. The
// CPU budget of the entry ends a match as well: each step checks stop_on()'s flag.
constexpr uint64_t kPatternStepsMax = 10'000'000;
constexpr uint64_t kPatternStepsPerByte = 8;
constexpr size_t kPatternCapturesMax = 32;
constexpr size_t kPatternResultBytesMax = size_t{16} << 20;  // of gsub, whose result the state's memory does not bound

class Pattern {
 public:
  struct Capture {
    size_t start = 0;
    size_t end = 0;
    bool position = false;  // "()": captures the position, not text
  };
  struct Match {
    size_t start = 0;
    size_t end = 0;
    std::vector<Capture> captures;  // may be none: then the whole match counts as the first
  };
  enum class Outcome : uint8_t { matched, none, out_of_steps };

  // `anchors`: whether a leading ^ is an anchor (in gmatch it is an ordinary character). Errors: invalid_argument; the
  // message names the fault.
  static Result<Pattern> parse(std::string_view text, bool anchors = true);

  // Matching ends with out_of_steps once `*stop` is not zero.
  void stop_on(const volatile std::sig_atomic_t* stop) { stop_ = stop; }

  bool anchored() const { return anchored_; }
  // Matches at byte `start` of the subject only. Subtracts the used steps from `steps`.
  Outcome match_at(std::string_view subject, size_t start, uint64_t& steps, Match& match);
  // Finds the first match at or after `start`; if anchored, at `start` only.
  Outcome search(std::string_view subject, size_t start, uint64_t& steps, Match& match);

 private:
  friend class PatternParser;

  // 256 bits: which bytes belong.
  struct ByteSet {
    std::array<uint64_t, 4> words{};
    bool has(char c) const {
      const auto byte = static_cast<unsigned char>(c);
      return (words[byte >> 6] >> (byte & 63)) & 1;
    }
    constexpr void add(unsigned char byte) { words[byte >> 6] |= uint64_t{1} << (byte & 63); }
    void add(const ByteSet& other) {
      for (size_t i = 0; i < words.size(); ++i) words[i] |= other.words[i];
    }
    void invert() {
      for (uint64_t& word : words) word = ~word;
    }
  };
  struct Item {
    enum class Kind : uint8_t { byte, any, set, open, position, close, back, balance, frontier, end };
    enum class Repeat : uint8_t { once, optional, longest, shortest };
    Kind kind = Kind::byte;
    Repeat repeat = Repeat::once;
    uint8_t least = 0;   // of longest and shortest: 0 or 1
    char first = 0;      // of byte; of balance: what opens
    char second = 0;     // of balance: what closes
    uint16_t index = 0;  // of open, position, close, back: the capture; of set and frontier: into sets_
  };
  // A repeated item that could have taken another number of bytes.
  struct Choice {
    size_t item;
    size_t least;  // position after the fewest bytes that the item must take
    size_t at;     // position at which the rest of the pattern was tried last
  };

  bool takes(const Item& item, char c) const;
  bool step(const Item& item, std::string_view subject, size_t& at, uint64_t& steps, Match& match) const;
  bool retreat(std::string_view subject, size_t& item, size_t& at, uint64_t& steps);
  void enter(size_t item, std::string_view subject, size_t& at, uint64_t& steps);

  bool stopped() const { return stop_ && *stop_ != 0; }

  const volatile std::sig_atomic_t* stop_ = nullptr;
  bool anchored_ = false;
  size_t captures_ = 0;
  std::vector<Item> items_;
  std::vector<ByteSet> sets_;
  std::vector<Choice> choices_;  // of the match that runs: kept, so that the next one need not allocate
};

// Puts find, match, gmatch and gsub into the table on top of the stack. Raises Lua errors.
void open_pattern_functions(lua_State* L);

}  // namespace dormouse
