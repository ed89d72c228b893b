#include "cli/output_format.h"

#include <CLI/CLI.hpp>

namespace dormouse {

void OutputFormat::add_to(CLI::App& command, const std::vector<std::string>& formats) {
  std::string help = "How to print it: ";
  for (const std::string& format : formats) help += (format == formats.front() ? "" : ", ") + format;
  CLI::Option* output = command.add_option("-o,--output", output_, help)->check(CLI::IsMember(formats));
  command
      .add_flag_callback(
          "--json", [this] { output_ = "json"; }, "As --output json")
      ->excludes(output);
}

}  // namespace dormouse
