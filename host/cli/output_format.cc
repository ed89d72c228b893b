#include "cli/output_format.h"

namespace dormouse {

void OutputFormat::add_to(const Syntax& command, const std::vector<std::string>& formats) {
  std::string help = "Format of the output: ";
  for (const std::string& format : formats) help += (format == formats.front() ? "" : ", ") + format;
  command.option("-o,--output", output_, help, {.choices = formats});
  command.flag_instead_of(
      "--output", "--json", [this] { output_ = "json"; }, "As --output json");
}

}  // namespace dormouse
