#include <catch2/catch.hpp>
#include <chrono>
#include <random>
#include <vector>

#include "json_fuzz_target.h"

namespace dormouse {
namespace {

const std::vector<std::string> kSeeds{
    R"({"text":"h\u00e4","user":null,"n":-9223372036854775808,"x":1e-3,"data":{"$bytes":"AAEC"}})",
    "[[[1,2],[3,4]],[[5.5,-6]],[]]",
    R"({"k":[{"a":{"b":[1,true,null,"x"]},"b":false},{"a":1.5}],"l":[]})",
    "[[1,-128],[127,0]]",
    R"({"v":[1,2,3],"w":[[1,2],[3,4]]})",
    R"(["\ud83d\ude00","\n\t\\\"",{"":{"~":{"/":0}}}])",
    "[[[[[[[[[[[[1]]]]]]]]]]]]",
};
const std::vector<std::string> kPieces{"{",
                                       "}",
                                       "[",
                                       "]",
                                       ",",
                                       ":",
                                       "\"",
                                       "\\",
                                       "\\u",
                                       "\\ud800",
                                       "null",
                                       "1e999",
                                       "-",
                                       "$bytes",
                                       "9223372036854775808",
                                       "\xff",
                                       "\xed\xa0\x80",
                                       "\"a\":",
                                       " ",
                                       "NaN"};

std::string mutated(std::string text, std::mt19937& random) {
  const auto below = [&](size_t n) { return n == 0 ? size_t{0} : random() % n; };
  for (size_t edits = 1 + below(4); edits > 0; --edits) {
    const size_t at = below(text.size() + 1);
    switch (below(5)) {
      case 0:
        text.insert(at, kPieces[below(kPieces.size())]);
        break;
      case 1:
        text.erase(at, 1 + below(4));
        break;
      case 2:
        if (at < text.size()) text[at] = static_cast<char>(random());
        break;
      case 3:
        text.insert(at, text.substr(below(text.size()), below(24)));
        break;
      default:
        text.resize(at);
    }
  }
  return text;
}

}  // namespace

TEST_CASE("mutated JSON never breaks the parser and what it accepts reads back") {
  using Clock = std::chrono::steady_clock;
  std::mt19937 random(20240229);
  size_t tried = 0;
  // Bounded in time for slow builds with sanitizers, and in number so that a fast machine repeats the same run.
  for (const auto end = Clock::now() + std::chrono::seconds(4); tried < 200'000; ++tried) {
    if (tried % 256 == 0 && Clock::now() > end) break;
    const std::string text = mutated(kSeeds[random() % kSeeds.size()], random);
    const bool holds = holds_for_any_text(text);
    if (!holds) INFO("input " << tried << ": " << text);
    REQUIRE(holds);
  }
  CHECK(tried > 1000);
}

}  // namespace dormouse
