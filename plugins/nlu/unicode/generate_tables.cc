// Writes tables.inc from the Unicode Character Database as ICU carries it; run by hand when Unicode grows:
//   g++ generate_tables.cc -licuuc -o /tmp/generate && /tmp/generate > tables.inc
// Not part of the build: the plugin needs no ICU.
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>

#include <cstdio>
#include <map>
#include <string>
#include <vector>

namespace {

bool is_letter_or_mark(int c) {
  return (U_GET_GC_MASK(c) & (U_GC_L_MASK | U_GC_M_MASK)) != 0;
}

std::string script_of(int c) {
  UErrorCode error = U_ZERO_ERROR;
  return u_getPropertyValueName(UCHAR_SCRIPT, uscript_getScript(c, &error), U_SHORT_PROPERTY_NAME);
}

void write_scripts() {
  struct Range {
    int first, last;
    std::string script;
  };
  std::vector<Range> ranges;
  std::map<std::string, int> scripts = {{"Zyyy", 0}};
  for (int c = 0; c < 0x110000; ++c) {
    if (!is_letter_or_mark(c)) continue;
    std::string script = script_of(c);
    if (script == "Zinh") script = "Zyyy";  // both mean: belongs to its neighbours
    if (!ranges.empty() && ranges.back().last == c - 1 && ranges.back().script == script) {
      ranges.back().last = c;
    } else {
      ranges.push_back({c, c, script});
    }
    scripts.emplace(script, 0);
  }
  int next = 1;
  for (auto& [name, index] : scripts) index = name == "Zyyy" ? 0 : next++;
  std::vector<std::string> names(scripts.size());
  for (const auto& [name, index] : scripts) names[index] = name;
  std::printf("constexpr char kScriptNames[][5] = {");
  for (size_t i = 0; i < names.size(); ++i) std::printf("%s\"%s\",", i % 14 == 0 ? "\n    " : " ", names[i].c_str());
  std::printf("\n};\n\nconstexpr ScriptRange kScriptRanges[] = {");
  for (size_t i = 0; i < ranges.size(); ++i) {
    std::printf("%s{0x%X, 0x%X, %d},", i % 5 == 0 ? "\n    " : " ", ranges[i].first, ranges[i].last,
                scripts[ranges[i].script]);
  }
  std::printf("\n};\n\n");
}

void write_lower_case() {
  struct Range {
    int first, last, step, delta;
  };
  std::vector<Range> ranges;
  for (int c = 0x80; c < 0x110000; ++c) {
    const int delta = u_tolower(c) - c;
    if (delta == 0) continue;
    if (!ranges.empty() && ranges.back().delta == delta) {
      Range& r = ranges.back();
      const int step = c - r.last;
      if (step <= 2 && (r.first == r.last || r.step == step)) {
        r.step = step;
        r.last = c;
        continue;
      }
    }
    ranges.push_back({c, c, 1, delta});
  }
  std::printf("constexpr LowerRange kLowerRanges[] = {");
  for (size_t i = 0; i < ranges.size(); ++i) {
    const Range& r = ranges[i];
    std::printf("%s{0x%X, 0x%X, %d, %d},", i % 5 == 0 ? "\n    " : " ", r.first, r.last, r.step, r.delta);
  }
  std::printf("\n};\n\n");
}

void write_compositions() {
  UErrorCode error = U_ZERO_ERROR;
  const UNormalizer2* nfc = unorm2_getNFCInstance(&error);
  std::map<std::pair<int, int>, int> pairs;
  for (int c = 0x80; c < 0xAC00; ++c) {  // Hangul syllables are composed by arithmetic
    UChar parts[8];
    UErrorCode e = U_ZERO_ERROR;
    if (unorm2_getRawDecomposition(nfc, c, parts, 8, &e) != 2 || U_FAILURE(e)) continue;
    if (unorm2_composePair(nfc, parts[0], parts[1]) == c) pairs[{parts[0], parts[1]}] = c;
  }
  std::printf("constexpr Composition kCompositions[] = {");
  size_t i = 0;
  for (const auto& [pair, c] : pairs) {
    std::printf("%s{0x%X, 0x%X, 0x%X},", i++ % 5 == 0 ? "\n    " : " ", pair.first, pair.second, c);
  }
  std::printf("\n};\n");
}

}  // namespace

int main() {
  std::printf("// Written by generate_tables.cc from the Unicode Character Database %s; do not edit.\n",
              U_UNICODE_VERSION);
  std::printf("// The data is (c) Unicode, Inc., under the Unicode License, https://www.unicode.org/license.txt\n");
  std::printf("// clang-format off\n");
  write_scripts();
  write_lower_case();
  write_compositions();
  std::printf("// clang-format on\n");
}
