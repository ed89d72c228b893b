// `dormouse check`: everything that can be wrong before a host is started, found at once. No code of a plugin runs, no
// state folder is touched: a running host is not disturbed.
#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "artifacts/model_files.h"
#include "base/object_names.h"
#include "cli/command.h"
#include "cli/configuration.h"
#include "cli/log.h"
#include "cli/output_format.h"
#include "cli/parts.h"
#include "config/reference.h"
#include "config/state_dir.h"
#include "http/json_text.h"

namespace dormouse {
namespace {

struct CheckArguments {
  std::string config;
  OutputFormat output;
  bool show = false;
  bool print_reference = false;
};

struct Finding {
  bool fatal = true;
  const char* about;  // "config", "plugin", "component", "script"
  std::string file;
  int line = 0;
  int column = 0;
  std::string message;
  size_t repeated = 0;  // in other places, which are not shown
};

// A folder for one check, gone afterwards.
class ScratchFolder {
 public:
  static Result<std::unique_ptr<ScratchFolder>> create() {
    std::string path = (std::filesystem::temp_directory_path() / "dormouse-check-XXXXXX").string();
    if (!::mkdtemp(path.data())) return Status(Code::failed_precondition, "no temporary folder can be made in " + path);
    return std::unique_ptr<ScratchFolder>(new ScratchFolder(std::move(path)));
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  explicit ScratchFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// Which key of a component a failed description is about.
std::string_view faulty_key(const ComponentSpec& spec, const Error& error) {
  if (error.object == component_object(spec.name)) return "type";
  return !spec.version.empty() && error.needed == spec.version ? "version" : "plugin";
}

// The components whose plugin, type or settings do not fit, and those without a model.
void check_components(const Config& config, Registry& registry, const Environment& environment,
                      std::vector<Finding>& findings) {
  const Result<std::string> state_dir = find_state_dir(config.host.state_dir, environment);
  for (const ComponentConfig& component : config.components) {
    const ComponentSpec& spec = component.spec;
    if (spec.plugin.empty()) continue;
    const auto find = [&](bool fatal, std::string_view key, const std::string& message) {
      const ComponentConfig::Place place = component.place_of(key);
      findings.push_back({fatal, "component", config.file, place.line, place.column, message});
    };
    Result<Description> described = registry.describe(spec);
    if (!described) {
      find(true, faulty_key(spec, described.status().error()), described.status().to_string());
      continue;
    }
    const std::string object = "components." + spec.name + ".settings";
    for (const SettingFault& fault : find_setting_faults(*described->type, spec.settings.view()))
      find(true, "settings." + fault.setting, object + ": " + fault.message);
    if (!described->type->needs_model || !state_dir) continue;
    Result<std::string> model = current_model(*state_dir, spec.name);
    if (model && model->empty())
      find(false, "", spec.name + " has no trained model yet; run: dormouse train " + spec.name + " --data FILE");
    if (!model) find(true, "", model.status().to_string());
  }
}

// Files in the plugin folders that no host would use. A warning: nobody may have asked for them.
void check_plugins(Registry& registry, std::vector<Finding>& findings) {
  for (const PluginEntry& entry : *registry.plugins().scan())
    if (!entry.problem.ok()) findings.push_back({false, "plugin", entry.path, 0, 0, entry.problem.to_string()});
}

void check_scripts(Engine& engine, std::vector<Finding>& findings) {
  LoadReport report = engine.load(true);
  for (const ScriptError& error : report.errors)
    findings.push_back({true, "script", error.file, error.line, error.column, error.to_string()});
  // Beside errors they are mostly what follows from these, and come back when those are mended.
  const bool well =
      std::none_of(findings.begin(), findings.end(), [](const Finding& finding) { return finding.fatal; });
  if (!well) report.warnings.clear();
  for (const ScriptError& warning : report.warnings)
    findings.push_back({false, "script", warning.file, warning.line, warning.column, warning.to_string()});
  if (!report.status.ok()) findings.push_back({true, "script", "", 0, 0, report.status.to_string()});
}

std::string to_text(const Finding& finding) {
  // A script error's text has its place already, with the source line below it.
  if (std::string_view(finding.about) == "script" || finding.file.empty()) return finding.message;
  if (finding.line == 0) {
    return finding.message.find(finding.file) == std::string::npos ? finding.file + ": " + finding.message
                                                                   : finding.message;
  }
  return ConfigError{finding.file, finding.line, finding.column, finding.message}.to_string();
}

// For people: what stands in several findings, as a folder's mode does in those of all its files and components, once.
std::vector<Finding> without_repetition(const std::vector<Finding>& findings) {
  std::vector<Finding> merged;
  for (const bool fatal : {true, false}) {
    for (const Finding& finding : findings) {
      if (finding.fatal != fatal) continue;
      const auto same = std::find_if(merged.begin(), merged.end(),
                                     [&](const Finding& each) { return each.message == finding.message; });
      if (same == merged.end()) {
        merged.push_back(finding);
      } else if (same->fatal == fatal) {
        ++same->repeated;
      }
    }
  }
  for (Finding& finding : merged) {
    if (finding.repeated == 0) continue;
    finding.message +=
        " (the same " + std::to_string(finding.repeated) + " more time" + (finding.repeated == 1 ? ")" : "s)");
  }
  return merged;
}

std::string to_json(const std::vector<Finding>& findings, bool ok) {
  JsonText json;
  json.begin_object().member("ok", ok).key("findings").begin_array();
  for (const Finding& finding : findings) {
    json.begin_object()
        .member("severity", finding.fatal ? "error" : "warning")
        .member("about", finding.about)
        .member("file", finding.file)
        .member("line", finding.line)
        .member("column", finding.column)
        .member("message", finding.message)
        .end_object();
  }
  return json.end_array().end_object().take();
}

Status find_all(const Config& config, const Environment& environment, std::vector<Finding>& findings) {
  Result<std::unique_ptr<ScratchFolder>> scratch = ScratchFolder::create();
  if (!scratch) return scratch.status();
  Result<std::unique_ptr<HostParts>> parts = HostParts::create(config, (*scratch)->path(), 1);
  if (!parts) return parts.status();
  check_plugins((*parts)->registry(), findings);
  check_components(config, (*parts)->registry(), environment, findings);
  check_scripts((*parts)->engine(), findings);
  return {};
}

// With what a start would find for itself, where the configuration leaves it open.
Config in_force(Config config, const Environment& environment) {
  if (const Result<std::string> state_dir = find_state_dir(config.host.state_dir, environment))
    config.host.state_dir = *state_dir;
  return config;
}

ExitCode check(const CheckArguments& arguments, const Environment& environment) {
  if (arguments.print_reference) {
    std::printf("%s", reference_yaml().c_str());
    return ExitCode::ok;
  }
  start_logging({.level = "error", .lines_per_second = 0});
  const ConfigReport report = load_given(arguments.config, environment);
  std::vector<Finding> findings;
  for (const ConfigError& error : report.errors)
    findings.push_back({true, "config", error.file, error.line, error.column, error.message});
  for (const ConfigError& warning : report.warnings)
    findings.push_back({false, "config", warning.file, warning.line, warning.column, warning.message});
  if (Status status = find_all(report.config, environment, findings); !status.ok()) {
    complain(status);
    return ExitCode::cannot_start;
  }
  size_t errors = 0;
  for (const Finding& finding : findings) errors += finding.fatal;
  if (arguments.output.is("json")) {
    std::printf("%s\n", to_json(findings, errors == 0).c_str());
  } else {
    for (const Finding& finding : without_repetition(findings))
      std::fprintf(stderr, "%s%s\n", finding.fatal ? "" : "warning: ", to_text(finding).c_str());
    if (arguments.show) std::printf("%s", effective_yaml(in_force(report.config, environment)).c_str());
    if (errors) std::fprintf(stderr, "%s: %zu error%s\n", report.config.file.c_str(), errors, errors == 1 ? "" : "s");
    if (!errors && !arguments.show) std::printf("%s: ok\n", report.config.file.c_str());
  }
  return errors ? ExitCode::config : ExitCode::ok;
}

}  // namespace

void add_check(const Syntax& line, CommandContext& context) {
  auto arguments = std::make_shared<CheckArguments>();
  const Syntax command = line.command(
      "check", "Find all faults of configuration, plugins, settings and scripts, without running a plugin");
  command.option("-c,--config", arguments->config, kConfigHelp);
  arguments->output.add_to(command, {"text", "json"});
  command.flag("--show", arguments->show,
               "Print the values in force (from file, environment and defaults), without secrets");
  command.flag("--print-reference", arguments->print_reference, "Print every key with its default and meaning");
  command.runs([arguments, &context] { context.exit = check(*arguments, context.environment); });
}

}  // namespace dormouse
