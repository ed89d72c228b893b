#include "base/suggest.h"

#include <algorithm>
#include <utility>

namespace dormouse {
namespace {

// Edits between `a` and `b`: insert, delete, replace, and swap of neighbours (the optimal string alignment form of
// Damerau-Levenshtein), in three rows of the table. Bytes, not code points: names are ASCII words by their grammar.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), previous(b.size() + 1), current(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = previous[j - 1] + (a[i - 1] != b[j - 1]);
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) current[j] = std::min(current[j], before[j - 2] + 1);
    }
    std::swap(before, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

}  // namespace

std::vector<std::string> near_names(std::string_view name, const std::vector<std::string>& known, size_t count) {
  std::vector<std::pair<size_t, const std::string*>> near;
  for (const std::string& candidate : known) {
    const size_t shorter = std::min(name.size(), candidate.size());
    const size_t longer = std::max(name.size(), candidate.size());
    const size_t distance_max = longer / 3;
    // The difference in length is a lower bound, so a hostile, very long name costs nothing.
    if (longer - shorter > distance_max) continue;
    const size_t distance = edit_distance(name, candidate);
    if (distance <= distance_max) near.emplace_back(distance, &candidate);
  }
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  if (near.size() > count) near.resize(count);

  std::vector<std::string> names;
  names.reserve(near.size());
  for (const auto& [distance, candidate] : near) names.push_back(*candidate);
  return names;
}

std::string near_sentence(const std::vector<std::string>& near) {
  if (near.empty()) return "";
  std::string text = "did you mean '" + near[0] + "'";
  for (size_t i = 1; i < near.size(); ++i) text += (i + 1 == near.size() ? " or '" : ", '") + near[i] + "'";
  return text + "?";
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& known) {
  const std::string sentence = near_sentence(near_names(name, known));
  return sentence.empty() ? sentence : " (" + sentence + ")";
}

}  // namespace dormouse
