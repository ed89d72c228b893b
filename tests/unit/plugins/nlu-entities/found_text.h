// What the exact recognisers find, as one line: "kind text=value; ...", for tests. "?" for a value that is not known.
#pragma once

#include <string>
#include <string_view>

namespace dormouse::entities {

// Today is Friday, 2026-11-20.
std::string found_text(std::string_view text, std::string_view language);

}  // namespace dormouse::entities
