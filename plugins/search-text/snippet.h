// The part of a text that answers a question best: where most of the question's terms stand close together. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tokens.h"

namespace dormouse::text_search {

// A part of `text` of about `bytes` bytes at most, from the beginning of a word to the end of one; the beginning of the
// text when none of the terms is in it. `tokens` are those of `text`.
std::string_view snippet_of(std::string_view text, const std::vector<Token>& tokens, const std::vector<uint64_t>& terms,
                            size_t bytes);

}  // namespace dormouse::text_search
