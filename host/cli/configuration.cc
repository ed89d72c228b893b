#include "cli/configuration.h"

#include <cstdio>
#include <filesystem>

namespace dormouse {
namespace {
constexpr const char* kConfigInFolder = "dormouse.yaml";
}

std::string config_path(const std::string& given, const Environment& environment) {
  if (!given.empty()) return given;
  const auto set = environment.find("DORMOUSE_CONFIG");
  return set != environment.end() && !set->second.empty() ? set->second : kConfigInFolder;
}

ConfigReport load_given(const std::string& given, const Environment& environment) {
  const std::string path = config_path(given, environment);
  ConfigReport report = load_config(path, environment);
  // Nobody named it: the folder is as likely wrong as the file.
  if (given.empty() && path == kConfigInFolder && !std::filesystem::exists(path) && !report.errors.empty())
    report.errors.front().message += ", or name a configuration with --config or $DORMOUSE_CONFIG";
  return report;
}

std::optional<Config> load_or_complain(const std::string& given, const Environment& environment) {
  ConfigReport report = load_given(given, environment);
  if (report.ok()) return std::move(report.config);
  for (const ConfigError& error : report.errors) std::fprintf(stderr, "%s\n", error.to_string().c_str());
  return std::nullopt;
}

void complain(const Status& status) {
  std::fprintf(stderr, "dormouse: %s\n", status.to_string().c_str());
}

}  // namespace dormouse
