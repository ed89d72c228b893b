// Training text: the rows of nlu/rows.h with a language and perhaps a weight, checked.
// Not the training; no row is kept. Blocking; one thread at a time for each reader.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "nlu/lines.h"

namespace dormouse::language {

// One row. Views are valid until the callback returns.
struct Row {
  std::string_view label;  // "deu" or "deu_Latn": ISO 639-3, perhaps with an ISO 15924 script
  std::string_view text;   // UTF-8, not empty
  std::string_view id;     // column `id`; empty when there is none
  double weight = 1;       // column `weight`; 1 when there is none
};

// Calls on_row for each row of the file at `path`. The first line names the columns: `lang` and `text`, and perhaps
// `id` and `weight`, in any order; others are ignored. on_bytes(read, total) is called now and then and may throw to
// stop. Refused rows are left out and noted in `skipped` where one is given. Throws as nlu::read_rows.
void read_rows(const std::string& path, const std::function<void(const Row&)>& on_row,
               const std::function<void(uint64_t, uint64_t)>& on_bytes, nlu::SkippedLines* skipped = nullptr);

}  // namespace dormouse::language
