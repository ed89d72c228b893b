// `dormouse plugin`: what the plugin files say about themselves, read without running any of their code.
#include <cstdio>
#include <filesystem>

#include "artifacts/plugin_index.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/configuration.h"
#include "cli/output_format.h"
#include "cli/table.h"
#include "http/json_text.h"

namespace dormouse {
namespace {

struct PluginArguments {
  std::string config;
  std::string which;
  OutputFormat output;
};

std::string joined(const std::vector<std::string>& words, const char* between = ", ") {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

std::vector<std::string> type_names(const PluginEntry& entry) {
  std::vector<std::string> names;
  if (entry.manifest)
    for (const TypeManifest& type : entry.manifest->types) names.push_back(type.name);
  return names;
}

void add_strings(JsonText& json, const char* key, const std::vector<std::string>& words) {
  json.key(key).begin_array();
  for (const std::string& word : words) json.value(word);
  json.end_array();
}

void add_method(JsonText& json, const MethodManifest& method) {
  json.begin_object()
      .member("name", method.name)
      .member("help", method.help)
      .member("input", method.input.to_string())
      .member("output", method.output.to_string())
      .member("thread", method.thread == ThreadRule::any ? "any" : "instance")
      .member("fast", method.fast)
      .member("batch", method.batch)
      .member("offline", method.offline)
      .end_object();
}

void add_type(JsonText& json, const TypeManifest& type) {
  json.begin_object()
      .member("name", type.name)
      .member("help", type.help)
      .member("memory_estimate", type.memory_estimate_bytes)
      .member("needs_model", type.needs_model)
      .member("default_method", type.default_method);
  json.key("capabilities").begin_array();
  for (const std::string& id : type.capabilities) json.value(id);
  json.end_array().key("methods").begin_array();
  for (const MethodManifest& method : type.methods) add_method(json, method);
  json.end_array().key("settings").begin_array();
  for (const SettingManifest& setting : type.settings) {
    json.begin_object()
        .member("name", setting.name)
        .member("type", setting.type.to_string())
        .member("help", setting.help);
    json.member("default", setting.default_value.view());
    add_strings(json, "one_of", setting.one_of);
    setting.minimum ? json.member("minimum", *setting.minimum) : json.key("minimum").null();
    setting.maximum ? json.member("maximum", *setting.maximum) : json.key("maximum").null();
    json.end_object();
  }
  json.end_array().end_object();
}

void add_needs(JsonText& json, const Manifest& manifest) {
  json.key("needs")
      .begin_object()
      .member("network", manifest.needs.network)
      .member("threads", manifest.needs.threads)
      .member("data", manifest.needs.data);
  add_strings(json, "paths", manifest.needs.paths);
  add_strings(json, "env", manifest.needs.env);
  json.end_object();
}

// "the network, own threads, paths /etc/ssl": what the plugin asks of the system.
std::string needs_text(const Manifest& manifest) {
  std::vector<std::string> needs;
  if (manifest.needs.network) needs.emplace_back("the network");
  if (manifest.needs.threads) needs.emplace_back("own threads");
  if (manifest.needs.data) needs.emplace_back("a data folder");
  for (const std::string& path : manifest.needs.paths) needs.push_back("path " + path);
  for (const std::string& variable : manifest.needs.env) needs.push_back("variable " + variable);
  return joined(needs);
}

void add_entry(JsonText& json, const PluginEntry& entry) {
  json.begin_object()
      .member("id", entry.id)
      .member("version", entry.version)
      .member("path", entry.path)
      .member("class", to_string(entry.safety.safety));
  add_strings(json, "class_reasons", entry.safety.reasons);
  add_strings(json, "pinned_dependencies", entry.safety.pinned_dependencies);
  add_strings(json, "shared_runtimes", entry.safety.shared_runtimes);
  json.member("problem", entry.problem.ok() ? std::string() : entry.problem.to_string());
  if (entry.manifest) {
    json.member("help", entry.manifest->help);
    add_needs(json, *entry.manifest);
  }
  json.key("types").begin_array();
  if (entry.manifest)
    for (const TypeManifest& type : entry.manifest->types) add_type(json, type);
  json.end_array().end_object();
}

// "a, b, c", "1 to 100", "at least 1"; empty: anything of its type.
std::string allowed_values(const SettingManifest& setting) {
  const auto number = [](double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.15g", value);
    return std::string(text);
  };
  if (!setting.one_of.empty()) return joined(setting.one_of);
  if (setting.minimum && setting.maximum) return number(*setting.minimum) + " to " + number(*setting.maximum);
  if (setting.minimum) return "at least " + number(*setting.minimum);
  return setting.maximum ? "at most " + number(*setting.maximum) : "";
}

void print_type(const TypeManifest& type) {
  std::printf("\ncomponent type %s\n  %s\n", type.name.c_str(), printable(type.help).c_str());
  if (type.memory_estimate_bytes) std::printf("  memory: about %s\n", format_bytes(type.memory_estimate_bytes).c_str());
  if (type.needs_model) std::printf("  needs a trained model (dormouse train)\n");
  for (const std::string& id : type.capabilities) std::printf("  offers the host %s\n", printable(id).c_str());
  Table methods({"METHOD", "INPUT", "OUTPUT", "RUNS"});
  for (const MethodManifest& method : type.methods) {
    const std::string runs = method.offline ? "offline" : method.fast ? "fast" : "on its lane";
    methods.add({method.name, method.input.to_string(), method.output.to_string(), runs});
  }
  std::printf("%s", methods.to_string().c_str());
  if (type.settings.empty()) return;
  Table settings({"SETTING", "TYPE", "ALLOWED", "DEFAULT", "MEANING"});
  for (const SettingManifest& setting : type.settings) {
    const std::string value = setting.default_value ? to_debug_string(setting.default_value.view(), 40) : "";
    settings.add({setting.name, setting.type.to_string(), allowed_values(setting), value, setting.help});
  }
  std::printf("%s", settings.to_string().c_str());
}

void print_entry(const PluginEntry& entry) {
  std::printf("%s %s  %s\n", printable(entry.id).c_str(), printable(entry.version).c_str(),
              printable(entry.path).c_str());
  if (!entry.problem.ok()) std::printf("cannot be used: %s\n", entry.problem.to_string().c_str());
  if (!entry.manifest) return;
  std::printf("%s\n", printable(entry.manifest->help).c_str());
  std::printf("class: %s\n", std::string(to_string(entry.safety.safety)).c_str());
  if (const std::string needs = needs_text(*entry.manifest); !needs.empty())
    std::printf("needs: %s\n", printable(needs).c_str());
  for (const std::string& reason : entry.safety.reasons) std::printf("  because %s\n", printable(reason).c_str());
  if (!entry.safety.pinned_dependencies.empty())
    std::printf("stays mapped after it: %s\n", printable(joined(entry.safety.pinned_dependencies)).c_str());
  for (const TypeManifest& type : entry.manifest->types) print_type(type);
}

ExitCode list(const PluginArguments& arguments, const Environment& environment) {
  const std::optional<Config> config = load_or_complain(arguments.config, environment);
  if (!config) return ExitCode::config;
  PluginIndex index(config->registry.plugins);
  const PluginIndex::Snapshot entries = index.scan();
  JsonText json;
  json.begin_array();
  Table table({"PLUGIN", "VERSION", "CLASS", "TYPES", "FILE"});
  for (const PluginEntry& entry : *entries) {
    add_entry(json, entry);
    const bool usable = entry.problem.ok();
    table.add({entry.id, entry.version, usable ? std::string(to_string(entry.safety.safety)) : "unusable",
               joined(type_names(entry)), entry.path});
  }
  json.end_array();
  if (arguments.output.is("json")) {
    std::printf("%s\n", json.text().c_str());
    return ExitCode::ok;
  }
  if (arguments.output.is("text")) std::printf("%s", table.to_string().c_str());
  for (const PluginEntry& entry : *entries) {
    if (arguments.output.is("name")) std::printf("%s\n", printable(entry.id).c_str());
    if (!entry.problem.ok()) std::fprintf(stderr, "%s\n", entry.problem.to_string().c_str());
  }
  return ExitCode::ok;
}

// The entry a path or an id means.
Result<PluginEntry> find_entry(const PluginArguments& arguments, const Environment& environment, bool& config_failed) {
  if (arguments.which.find('/') != std::string::npos || arguments.which.ends_with(".so")) {
    const std::filesystem::path path = std::filesystem::absolute(arguments.which).lexically_normal();
    PluginIndex index({{path.parent_path().string()}, {}});
    for (const PluginEntry& entry : *index.scan())
      if (std::filesystem::path(entry.path).filename() == path.filename()) return entry;
    return Status(Error{.code = Code::not_found, .message = "there is no such plugin file", .object = arguments.which});
  }
  const std::optional<Config> config = load_or_complain(arguments.config, environment);
  config_failed = !config;
  if (!config) return Status(Code::invalid_argument, "the configuration has errors");
  return PluginIndex(config->registry.plugins).find(arguments.which, "");
}

ExitCode inspect(const PluginArguments& arguments, const Environment& environment) {
  bool config_failed = false;
  const Result<PluginEntry> entry = find_entry(arguments, environment, config_failed);
  if (!entry) {
    if (!config_failed) complain(entry.status());
    return config_failed ? ExitCode::config : ExitCode::failed;
  }
  if (arguments.output.is("json")) {
    JsonText json;
    add_entry(json, *entry);
    std::printf("%s\n", json.text().c_str());
  } else {
    print_entry(*entry);
  }
  return entry->problem.ok() ? ExitCode::ok : ExitCode::failed;
}

}  // namespace

void add_plugin(const Syntax& line, CommandContext& context) {
  auto arguments = std::make_shared<PluginArguments>();
  const Syntax plugin =
      line.command("plugin", "Show what plugin files say about themselves, without running their code");
  plugin.needs_command();
  const Syntax listing = plugin.command("list", "List the plugin files in the configured folders");
  const Syntax inspecting = plugin.command("inspect", "Show types, methods, settings and safety class of one plugin");
  inspecting.option("which", arguments->which, "A plugin file, or the id of a plugin", {.required = true});
  for (const Syntax& command : {listing, inspecting}) command.option("-c,--config", arguments->config, kConfigHelp);
  arguments->output.add_to(listing, {"text", "json", "name"});
  arguments->output.add_to(inspecting, {"text", "json"});
  listing.runs([arguments, &context] { context.exit = list(*arguments, context.environment); });
  inspecting.runs([arguments, &context] { context.exit = inspect(*arguments, context.environment); });
}

}  // namespace dormouse
