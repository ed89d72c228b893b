// "did you mean": the names nearest to a mistyped one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace dormouse {

// At most `count` of `known`, nearest first, none further than a third of the longer of the two (Damerau-Levenshtein,
// in bytes). `name` may be hostile: its length costs nothing.
std::vector<std::string> near_names(std::string_view name, const std::vector<std::string>& known, size_t count = 3);

// "did you mean 'a' or 'b'?" of the result above; empty when that is empty.
std::string near_sentence(const std::vector<std::string>& near);

// Both in one: " (did you mean 'a' or 'b'?)", empty when nothing is near. For texts that are no Error; an Error takes
// near_names in its field `near`.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& known);

}  // namespace dormouse
