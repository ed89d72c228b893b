#include "corpus.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "nlu/rows.h"

namespace dormouse::language {
namespace {

bool valid_label(std::string_view label) {
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  if (label.size() != 3 && label.size() != 8) return false;
  if (!std::all_of(label.begin(), label.begin() + 3, lower)) return false;
  return label.size() == 3 ||
         (label[3] == '_' && label[4] >= 'A' && label[4] <= 'Z' && std::all_of(label.begin() + 5, label.end(), lower));
}

bool read_weight(std::string_view field, double* weight) {
  const auto [end, problem] = std::from_chars(field.data(), field.data() + field.size(), *weight);
  return problem == std::errc() && end == field.data() + field.size() && std::isfinite(*weight) && *weight > 0 &&
         *weight <= 1e6;
}

}  // namespace

void read_rows(const std::string& path, const std::function<void(const Row&)>& on_row,
               const std::function<void(uint64_t, uint64_t)>& on_bytes, nlu::SkippedLines* skipped) {
  enum { kLang, kText, kId, kWeight };
  const auto translate = [&](const nlu::Row& from) {
    if (!valid_label(from[kLang])) {
      from.refuse("needed an ISO 639-3 code like 'deu' or 'deu_Latn' in column 'lang', found '" +
                  nlu::printable(from[kLang]) + "'");
    }
    Row row{from[kLang], from[kText], from[kId], 1};
    if (!from[kWeight].empty() && !read_weight(from[kWeight], &row.weight)) {
      from.refuse("column 'weight' needs a number above 0 and up to 1000000");
    }
    on_row(row);
  };
  nlu::read_rows(path, {{"lang"}, {"text"}, {"id", false}, {"weight", false}}, nlu::OtherColumns::ignored, translate,
                 on_bytes, skipped);
}

}  // namespace dormouse::language
