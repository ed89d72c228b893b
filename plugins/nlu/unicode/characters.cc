#include "nlu/unicode/characters.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace dormouse::nlu {
namespace {

struct ScriptRange {
  uint32_t first, last;
  uint8_t script;
};
struct LowerRange {
  uint32_t first, last;
  uint8_t step;  // 2: every other character (upper and lower case alternate)
  int32_t delta;
};
struct Composition {
  uint16_t base, mark, composed;
};

#include "nlu/unicode/tables.inc"

// The last entry that starts at or before `c`, null when there is none.
template <class Range>
const Range* find_range(const Range* begin, const Range* end, char32_t c) {
  const Range* after = std::upper_bound(begin, end, c, [](char32_t x, const Range& r) { return x < r.first; });
  return after == begin || c > (after - 1)->last ? nullptr : after - 1;
}

constexpr Script index_of(std::string_view name) {
  for (size_t i = 0; i < std::size(kScriptNames); ++i) {
    if (name == kScriptNames[i]) return static_cast<Script>(i);
  }
  return kNoLetter;
}

static_assert(index_of("Latn") == kLatin && index_of("Hani") == kHan && index_of("Hira") == kHiragana &&
              index_of("Kana") == kKatakana && index_of("Bopo") == kBopomofo);

// Which blocks of 16 characters hold a second half of any composition: most letters are told apart without a search.
constexpr auto kMarkBlocks = [] {
  std::array<bool, 0x10000 / 16> blocks{};
  for (const Composition& c : kCompositions) blocks[c.mark / 16] = true;
  return blocks;
}();

constexpr uint32_t kHangulBase = 0xAC00, kLeadBase = 0x1100, kVowelBase = 0x1161, kTailBase = 0x11A7;
constexpr uint32_t kLeads = 19, kVowels = 21, kTails = 28;

char32_t compose_hangul(char32_t base, char32_t mark) {
  if (base - kLeadBase < kLeads && mark - kVowelBase < kVowels) {
    return kHangulBase + ((base - kLeadBase) * kVowels + (mark - kVowelBase)) * kTails;
  }
  const bool open_syllable = base - kHangulBase < kLeads * kVowels * kTails && (base - kHangulBase) % kTails == 0;
  return open_syllable && mark > kTailBase && mark - kTailBase < kTails ? base + (mark - kTailBase) : 0;
}

}  // namespace

Script script_of(char32_t c) {
  if (c < 0x80) return (c | 0x20) - 'a' < 26 ? kLatin : kNoLetter;
  const ScriptRange* range = find_range(std::begin(kScriptRanges), std::end(kScriptRanges), c);
  return range ? range->script : kNoLetter;
}

std::string_view script_name(Script script) {
  return script < std::size(kScriptNames) ? kScriptNames[script] : "Zyyy";
}

Script find_script(std::string_view name) {
  return index_of(name);
}

size_t script_count() {
  return std::size(kScriptNames);
}

char32_t lower_case(char32_t c) {
  if (c < 0x80) return c - 'A' < 26 ? c + 32 : c;
  const LowerRange* range = find_range(std::begin(kLowerRanges), std::end(kLowerRanges), c);
  if (!range || (c - range->first) % range->step != 0) return c;
  return static_cast<char32_t>(static_cast<int64_t>(c) + range->delta);
}

char32_t compose(char32_t base, char32_t mark) {
  if (mark < 0x300) return 0;
  if (char32_t syllable = compose_hangul(base, mark)) return syllable;
  const auto before = [](const Composition& a, const Composition& b) {
    return a.base != b.base ? a.base < b.base : a.mark < b.mark;
  };
  if (base > 0xFFFF || mark > 0xFFFF || !kMarkBlocks[mark / 16]) return 0;
  const Composition wanted{static_cast<uint16_t>(base), static_cast<uint16_t>(mark), 0};
  const auto* at = std::lower_bound(std::begin(kCompositions), std::end(kCompositions), wanted, before);
  return at != std::end(kCompositions) && at->base == wanted.base && at->mark == wanted.mark ? at->composed : 0;
}

char32_t next_character(const char** at, const char* end) {
  const auto* p = reinterpret_cast<const unsigned char*>(*at);
  const auto left = end - *at;
  const auto continues = [&](int i) { return (p[i] & 0xC0) == 0x80; };
  int length = 1;
  char32_t c = 0xFFFD;
  if (p[0] < 0x80) {
    c = p[0];
  } else if (p[0] >= 0xC2 && p[0] < 0xE0 && left >= 2 && continues(1)) {
    length = 2;
    c = (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
  } else if ((p[0] & 0xF0) == 0xE0 && left >= 3 && continues(1) && continues(2)) {
    length = 3;
    c = (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
  } else if (p[0] >= 0xF0 && p[0] < 0xF5 && left >= 4 && continues(1) && continues(2) && continues(3)) {
    length = 4;
    c = (p[0] & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
  }
  *at += length;
  return c;
}

}  // namespace dormouse::nlu
