#include "base/suggest.h"

#include <catch2/catch.hpp>

namespace dormouse {
namespace {

using Names = std::vector<std::string>;

TEST_CASE("one edit of each kind is near") {
  const Names known{"timeout"};
  CHECK(near_names("timout", known) == known);    // missing
  CHECK(near_names("timeeout", known) == known);  // one too many
  CHECK(near_names("timeoux", known) == known);   // replaced
  CHECK(near_names("tiemout", known) == known);   // swapped
  CHECK(near_names("timeout", known) == known);
}

TEST_CASE("a swap of neighbours counts once") {
  CHECK(near_names("abc", {"acb"}) == Names{"acb"});  // 1 of 3; as two replacements it would be too far
  CHECK(near_names("abc", {"cba"}).empty());          // 2 of 3
}

TEST_CASE("names further than a third of the longer are not near") {
  CHECK(near_names("abcdef", {"abcdxy"}) == Names{"abcdxy"});  // 2 of 6
  CHECK(near_names("abcdef", {"abcxyz"}).empty());             // 3 of 6
  CHECK(near_names("id", {"ids"}) == Names{"ids"});            // 1 of 3
  CHECK(near_names("ab", {"xb"}).empty());                     // 1 of 2
}

TEST_CASE("nearest come first and equals keep the order of the known") {
  CHECK(near_names("language", {"langage1", "lenguage", "language"}) == Names{"language", "lenguage", "langage1"});
  CHECK(near_names("aaaa", {"aaab", "aaac"}) == Names{"aaab", "aaac"});
}

TEST_CASE("at most as many as asked for") {
  const Names known{"aaab", "aaac", "aaad", "aaae"};
  CHECK(near_names("aaaa", known).size() == 3);
  CHECK(near_names("aaaa", known, 1) == Names{"aaab"});
  CHECK(near_names("aaaa", known, 0).empty());
}

TEST_CASE("nothing is near to an empty name or among no names") {
  CHECK(near_names("", {"a", "b"}).empty());
  CHECK(near_names("a", {}).empty());
  CHECK(near_names("a", {""}).empty());
}

TEST_CASE("a very long name is near to nothing short") {
  CHECK(near_names(std::string(10'000'000, 'a'), Names(1000, "component")).empty());
}

TEST_CASE("did you mean reads as a sentence for one and two and three names") {
  CHECK(did_you_mean("xyz", {"timeout"}) == "");
  CHECK(did_you_mean("timout", {"timeout"}) == " (did you mean 'timeout'?)");
  CHECK(did_you_mean("aaaa", {"aaab", "aaac"}) == " (did you mean 'aaab' or 'aaac'?)");
  CHECK(did_you_mean("aaaa", {"aaab", "aaac", "aaad"}) == " (did you mean 'aaab', 'aaac' or 'aaad'?)");
}

}  // namespace
}  // namespace dormouse
