// Lua's patterns with a bound on the work: string.find, match, gmatch and gsub as Lua 5.4 defines them, and a count of
// steps that ends what would run for seconds, with an error that names the pattern.
// Not regular expressions, and not Lua's own code: a pattern is parsed once into items, and matching keeps its choices
// in a list instead of on the C stack. Two differences from the stock functions: a malformed pattern is refused even
// where matching would not have come to the fault, and letters are ASCII's whatever the locale says.
// Pure, but for the functions that take a Lua state; any thread.
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

// Of one call of find, match or gsub, and of one turn of gmatch; a step is one byte looked at and takes 1 to 5 ns, some
// 50 ms together. Each byte of the subject adds to it: what is linear always passes. The CPU budget of the entry ends a
// match as well: `stop` is looked at in each step.
constexpr uint64_t kPatternStepsMax = 10'000'000;
constexpr uint64_t kPatternStepsPerByte = 8;
constexpr size_t kPatternCapturesMax = 32;
constexpr size_t kPatternResultBytesMax = size_t{16} << 20;  // of gsub: it is made outside of the state's memory

class Pattern {
 public:
  struct Capture {
    size_t start = 0;
    size_t end = 0;
    bool position = false;  // "()": where it is, not what
  };
  struct Match {
    size_t start = 0;
    size_t end = 0;
    std::vector<Capture> captures;  // may be none: then the whole match counts as the first
  };
  enum class Outcome : uint8_t { matched, none, out_of_steps };

  // `anchors`: whether a leading ^ binds the match to where it begins (in gmatch it is an ordinary character).
  // Errors: invalid_argument, with what is wrong as its message.
  static Result<Pattern> parse(std::string_view text, bool anchors = true);

  // Matching ends as out of steps once `*stop` is not zero.
  void stop_on(const volatile std::sig_atomic_t* stop) { stop_ = stop; }

  bool anchored() const { return anchored_; }
  // Matches at `start` and nowhere else. Takes from `steps` what it costs.
  Outcome match_at(std::string_view subject, size_t start, uint64_t& steps, Match& match);
  // The first match at or behind `start`; at `start` alone when anchored.
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
    size_t least;  // where it began, with what it must take
    size_t at;     // where the rest of the pattern was tried last
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
