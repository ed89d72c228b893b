#include "snippet.h"

#include <algorithm>
#include <unordered_map>

#include "nlu/text_position.h"

namespace dormouse::text_search {

std::string_view snippet_of(std::string_view text, const std::vector<Token>& tokens, const std::vector<uint64_t>& terms,
                            size_t bytes) {
  if (text.size() <= bytes) return text;
  std::unordered_map<uint64_t, uint32_t> inside;  // of the terms, how often each stands between first and last
  for (const uint64_t term : terms) inside[term] = 0;
  size_t first = 0, distinct = 0, best = 0, best_first = 0;
  for (const Token& last : tokens) {
    if (const auto at = inside.find(last.term); at != inside.end() && at->second++ == 0) ++distinct;
    while (last.end - tokens[first].begin > bytes && &tokens[first] != &last) {
      if (const auto at = inside.find(tokens[first].term); at != inside.end() && --at->second == 0) --distinct;
      ++first;
    }
    if (distinct > best) {
      best = distinct;
      best_first = first;
    }
  }
  if (best == 0) return nlu::utf8_prefix(text, bytes);
  // Somewhat before the first of the terms, so that one sees where it stands.
  while (best_first > 0 && inside.find(tokens[best_first].term) != inside.end() &&
         tokens[best_first].begin - tokens[best_first - 1].begin < bytes / 8) {
    --best_first;
  }
  const size_t begin = tokens[best_first].begin;
  size_t end = begin;
  for (size_t i = best_first; i < tokens.size() && tokens[i].end - begin <= bytes; ++i) end = tokens[i].end;
  if (end == begin) return nlu::utf8_prefix(text.substr(begin), bytes);  // one enormous word
  if (text.size() - begin <= bytes) end = text.size();                   // with what ends the text
  return text.substr(begin, end - begin);
}

}  // namespace dormouse::text_search
