#include "cli/configuration.h"

#include <cstdio>

namespace dormouse {

std::string config_path(const std::string& given, const Environment& environment) {
  if (!given.empty()) return given;
  const auto set = environment.find("DORMOUSE_CONFIG");
  return set != environment.end() && !set->second.empty() ? set->second : "dormouse.yaml";
}

std::optional<Config> load_or_complain(const std::string& given, const Environment& environment) {
  ConfigReport report = load_config(config_path(given, environment), environment);
  if (report.ok()) return std::move(report.config);
  for (const ConfigError& error : report.errors) std::fprintf(stderr, "%s\n", error.to_string().c_str());
  return std::nullopt;
}

void complain(const Status& status) {
  std::fprintf(stderr, "dormouse: %s\n", status.to_string().c_str());
}

}  // namespace dormouse
