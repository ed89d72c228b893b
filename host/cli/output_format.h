// `-o, --output` and its short form `--json`, which mean the same in every command that has a result for programs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/syntax.h"

namespace dormouse {

class OutputFormat {
 public:
  // Adds both to `command`; `formats` is what it can print, "text" first. Outlives the parsing.
  void add_to(const Syntax& command, const std::vector<std::string>& formats);
  // --json asks for the same as --output json. Another --output beside it is refused as a usage error.
  bool is(std::string_view format) const { return output_ == format; }

 private:
  std::string output_ = "text";
};

}  // namespace dormouse
