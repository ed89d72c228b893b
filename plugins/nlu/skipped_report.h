// How a training reports the lines that it left out. For the plugins whose `train` takes `skip_bad`.
#pragma once

#include "dormouse/plugin.hpp"
#include "nlu/lines.h"

namespace dormouse::nlu {

// Fields `rows_skipped` and `skipped`: a list of {line, why}, the first ten.
inline void write_skipped(const SkippedLines& skipped, Map& map) {
  if (skipped.count() == 0) return;
  map.field("rows_skipped", skipped.count());
  List list = map.list("skipped");
  for (const SkippedLines::Line& line : skipped.first()) {
    Map one = list.map();
    one.field("line", line.place).field("why", line.why);
  }
}

}  // namespace dormouse::nlu
