// Training examples: texts with their spans, from .jsonl and .bio files, plain or compressed with zstd, checked line by
// line. Not the training; no example is kept. Blocking; one thread at a time.
//
// .jsonl  {"text": ..., "entities": [{"start": 0, "end": 4, "type": "city"}], "intent": ..., "expected": [...]} a line;
//         offsets count code points, end exclusive; entities may have "text" (checked) and "value" (not used)
// .bio    "token<TAB>tag" a line, tags O, B-type, I-type; "# intent = NAME" and other comments before a sentence, an
//         empty line after it; the text is the tokens with a space between them
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "nlu/lines.h"

namespace dormouse::entities {

struct ExampleSpan {
  size_t begin = 0, end = 0;  // bytes, on code points
  std::string type;
};

struct Example {
  std::string text;
  std::string intent;                 // "" when the row has none
  std::vector<std::string> expected;  // types the dialogue had just asked for
  std::vector<ExampleSpan> spans;     // in order, not overlapping
};

// Calls on_example for each example of the file at `path`. on_bytes(read, total) is called now and then and may throw
// to stop. Where `skipped` is given, an example with a line that is refused is left out and noted there. Throws
// Failure: DM_NOT_FOUND, RefusedLine, DM_INVALID_ARGUMENT (another kind of file), DM_DATA_LOSS (a damaged archive).
// Where two spans overlap, the example is refused, or for published data that are not clean the first is kept.
enum class Overlaps { refused, first_kept };
void read_examples(const std::string& path, const std::function<void(Example&&)>& on_example,
                   const std::function<void(uint64_t, uint64_t)>& on_bytes, Overlaps overlaps = Overlaps::refused,
                   nlu::SkippedLines* skipped = nullptr);

}  // namespace dormouse::entities
