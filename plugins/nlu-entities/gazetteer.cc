#include "gazetteer.h"

#include <algorithm>

#include "dormouse/plugin.hpp"
#include "nlu/rows.h"
#include "sentence_features.h"

namespace dormouse::entities {

uint32_t Gazetteer::string_of(std::string_view text) {
  const auto [at, is_new] = numbers_.emplace(std::string(text), static_cast<uint32_t>(strings_.size()));
  if (is_new) strings_.emplace_back(text);
  return at->second;
}

Gazetteer Gazetteer::read(const std::string& path) {
  Gazetteer g;
  g.numbers_.emplace(std::string(), 0u);
  std::vector<Token> tokens;
  nlu::read_rows(
      path, {{"type"}, {"text"}, {"value", false}}, nlu::OtherColumns::refused,
      [&](const nlu::Row& row) {
        if (g.entries_.size() == kGazetteerEntriesMax) {
          row.refuse("needed at most " + std::to_string(kGazetteerEntriesMax) + " entries");
        }
        read_tokens(row[1], kGazetteerTokensMax + 1, &tokens);
        if (tokens.empty() || tokens.size() > kGazetteerTokensMax) {
          row.refuse("column 'text' needs 1 to " + std::to_string(kGazetteerTokensMax) + " words");
        }
        const uint64_t words = phrase_hash(tokens);
        if (!g.by_words_.emplace(words, static_cast<uint32_t>(g.entries_.size())).second)
          return;  // the first one counts
        g.entries_.push_back({g.string_of(row[0]), g.string_of(row[2])});
        uint32_t& longest = g.longest_of_first_[tokens[0].word];
        longest = std::max(longest, static_cast<uint32_t>(tokens.size()));
      },
      [](uint64_t, uint64_t) {});
  g.numbers_ = {};
  return g;
}

std::vector<GazetteerSpan> Gazetteer::find(std::string_view text) const {
  std::vector<GazetteerSpan> spans;
  if (entries_.empty()) return spans;
  std::vector<Token> tokens;
  read_tokens(text, SIZE_MAX, &tokens);
  for (size_t i = 0; i < tokens.size();) {
    size_t next = i + 1;
    const auto first = longest_of_first_.find(tokens[i].word);
    if (first != longest_of_first_.end()) {
      uint64_t hash = 0;
      const Entry* best = nullptr;
      for (size_t end = i; end < std::min<size_t>(tokens.size(), i + first->second); ++end) {
        hash = combine(hash, tokens[end].word);
        const auto at = by_words_.find(hash);
        if (at == by_words_.end()) continue;
        best = &entries_[at->second];
        next = end + 1;
      }
      if (best != nullptr) {
        spans.push_back({tokens[i].begin, tokens[next - 1].end, strings_[best->type], strings_[best->value]});
      }
    }
    i = next;
  }
  return spans;
}

}  // namespace dormouse::entities
