#include <algorithm>
#include <cctype>
#include <deque>
#include <filesystem>
#include <map>
#include <optional>

#include "base/file.h"
#include "base/suggest.h"
#include "config/config.h"
#include "config/settings.h"
#include "config/settings_values.h"
#include "http/origin_rules.h"

namespace dormouse {
namespace {

constexpr std::string_view kEnvironmentPrefix = "DORMOUSE_";
constexpr std::string_view kComponents = "components";
constexpr size_t kComponentNameMax = 64;  // a folder below state_dir/data, and a part of URLs

// "nlu.language": what fits into URLs, file names and metric labels without escapes.
bool is_component_name(std::string_view name) {
  const auto is_alnum = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !name.empty() && name.size() <= kComponentNameMax && is_alnum(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return is_alnum(c) || c == '.' || c == '_' || c == '-'; });
}

// The keys that may stand directly below `prefix` ("" or "host." ...).
std::vector<std::string> keys_below(std::string_view prefix) {
  std::vector<std::string> keys;
  for (const auto& setting : host_settings()) {
    if (!setting.name.starts_with(prefix)) continue;
    const std::string_view rest = std::string_view(setting.name).substr(prefix.size());
    const std::string key(rest.substr(0, rest.find('.')));
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  }
  if (prefix.empty()) keys.emplace_back(kComponents);
  return keys;
}

// "'listen' belongs under host.data or host.control", for a known key in a wrong place.
std::string where_it_belongs(std::string_view key) {
  std::string places;
  for (const auto& setting : host_settings()) {
    const size_t dot = setting.name.rfind('.');
    if (setting.name.substr(dot + 1) != key) continue;
    places += (places.empty() ? "" : " or ") + std::string(setting.name.substr(0, dot));
  }
  return places.empty() ? "" : "; it belongs under " + places;
}

std::string key_of_component(std::string_view name) {
  std::string key;
  for (char c : name) key += std::isalnum(static_cast<unsigned char>(c)) ? static_cast<char>(std::toupper(c)) : '_';
  return key;
}

std::string environment_prefix(std::string_view component) {
  return "DORMOUSE_COMPONENTS__" + key_of_component(component) + "__";
}

// The settings of one component with the environment's word on them: ...__SETTINGS__TOP_K=5 replaces `top_k`. What it
// says is read as YAML, so 5 is a number.
struct Overridden {
  YamlNode map;

  Overridden(const Environment& environment, const std::string& prefix, const YamlNode* settings) {
    if (settings) map = *settings;
    for (auto it = environment.lower_bound(prefix); it != environment.end() && it->first.starts_with(prefix); ++it)
      set(it->first.substr(prefix.size()), it->second);
  }

 private:
  void set(const std::string& key, const std::string& text) {
    std::vector<ConfigError> errors;
    const YamlNode* value = &documents_.emplace_back(YamlDocument::parse(text, key, YamlLimits{}, errors)).root();
    if (!errors.empty()) value = &scalar(text);
    for (auto& [name, old] : map.pairs)
      if (key_of_component(name->text) == key) return void(old = value);
    std::string lower;
    for (char c : key) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    map.kind = YamlNode::Kind::map;
    map.pairs.emplace_back(&scalar(lower), value);
  }
  const YamlNode& scalar(const std::string& text) {
    YamlNode& node = scalars_.emplace_back();
    node.kind = YamlNode::Kind::scalar;
    node.text = text;
    return node;
  }

  std::deque<YamlDocument> documents_;
  std::deque<YamlNode> scalars_;
};

class Loader {
 public:
  Loader(const std::string& file, const Environment& environment) : environment_(environment) {
    report_.config.file = file;
    folder_ = std::filesystem::path(file).parent_path().string();
    if (folder_.empty()) folder_ = ".";
  }

  ConfigReport load(const std::string& text) {
    const YamlDocument document = YamlDocument::parse(text, report_.config.file, YamlLimits{}, report_.errors);
    const YamlNode& root = document.root();
    if (root.is_map()) {
      section(root, "");
    } else if (!root.is_null()) {
      fault(root, "needed a map with the keys host, plugins, components and scripts");
    }
    take_old_names();
    apply_environment();
    check_listener("host.data", report_.config.data.listen, report_.config.data.allow_remote);
    check_listener("host.control", report_.config.control.listen, report_.config.control.allow_remote);
    check_listeners_apart();
    return std::move(report_);
  }

 private:
  void fault(const YamlNode& at, std::string message) {
    report_.errors.push_back({report_.config.file, at.line, at.column, std::move(message)});
  }
  void fault_in_environment(const std::string& variable, const std::string& message) {
    report_.errors.push_back({"environment", 0, 0, variable + ": " + message});
  }
  // "needed ..., found ..." without the object, which the caller's message names.
  static std::string reason(const Status& status) {
    Error error = status.error();
    error.object.clear();
    return Status(std::move(error)).to_string();
  }

  void section(const YamlNode& map, const std::string& prefix) {
    for (const auto& [key, value] : map.pairs) {
      const std::string name = prefix + key->text;
      if (const auto* setting = find_setting(name)) {
        written_[name] = value;
        take(*setting, name, *value, setting->slot(report_.config));
      } else if (const auto* renamed = find_renamed(name)) {
        warn(*key, name + ": is called " + std::string(renamed->name) + " now; write that instead");
        // The new name wins, wherever it stands.
        old_names_.emplace_back(renamed, value);
      } else if (is_to_come(name)) {
        fault(*key, name + ": not available yet");
      } else if (name == kComponents) {
        components(*value);
      } else if (!keys_below(name + ".").empty()) {
        if (value->is_map()) {
          section(*value, name + ".");
        } else if (!value->is_null()) {
          fault(*value, name + ": needed a map of keys");
        }
      } else {
        unknown(*key, prefix, keys_below(prefix));
      }
    }
  }

  void warn(const YamlNode& at, std::string message) {
    report_.warnings.push_back({report_.config.file, at.line, at.column, std::move(message)});
  }
  static const RenamedSetting* find_renamed(std::string_view name) {
    for (const RenamedSetting& renamed : renamed_settings())
      if (renamed.old_name == name) return &renamed;
    return nullptr;
  }
  static bool is_to_come(std::string_view name) {
    const auto names = settings_to_come();
    return std::find(names.begin(), names.end(), name) != names.end();
  }
  void take_old_names() {
    for (const auto& [renamed, value] : old_names_) {
      const Setting<Config>* setting = find_setting(renamed->name);
      if (setting && written_.emplace(std::string(renamed->name), value).second)
        take(*setting, std::string(renamed->old_name), *value, setting->slot(report_.config));
    }
  }

  static const Setting<Config>* find_setting(std::string_view name) {
    for (const auto& setting : host_settings())
      if (setting.name == name) return &setting;
    return nullptr;
  }

  void unknown(const YamlNode& key, const std::string& prefix, const std::vector<std::string>& known) {
    std::string hint = did_you_mean(key.text, known);
    if (hint.empty()) hint = where_it_belongs(key.text);
    fault(key, "unknown key '" + prefix + key.text + "'" + hint);
  }

  // One setting of the table, from the file.
  template <class Owner>
  void take(const Setting<Owner>& setting, const std::string& name, const YamlNode& node, Slot slot) {
    const std::optional<std::vector<std::string>> texts = texts_of(setting.kind, name, node);
    if (!texts) return;
    const Status status = store(setting, *texts, folder_, slot);
    if (!status.ok()) fault(node, name + ": " + reason(status));
  }

  // The scalars of a node that should be one, or a list of them. Null leaves the default in force.
  std::optional<std::vector<std::string>> texts_of(SettingKind kind, const std::string& name, const YamlNode& node) {
    if (node.is_null()) return std::nullopt;
    if (node.kind == YamlNode::Kind::scalar) return std::vector{node.text};
    std::vector<std::string> texts;
    const bool fits = is_list(kind) && node.kind == YamlNode::Kind::list &&
                      std::all_of(node.items.begin(), node.items.end(),
                                  [](const YamlNode* item) { return item->kind == YamlNode::Kind::scalar; });
    if (!fits) {
      fault(node, name + ": needed " + std::string(describe(kind)));
      return std::nullopt;
    }
    for (const YamlNode* item : node.items) texts.push_back(item->text);
    return texts;
  }

  void components(const YamlNode& node) {
    if (node.is_null()) return;
    if (!node.is_map()) return fault(node, "components: needed a map from names to components");
    for (const auto& [name, value] : node.pairs) component(*name, *value);
  }

  void component(const YamlNode& name, const YamlNode& node) {
    const std::string prefix = "components." + name.text + ".";
    if (!is_component_name(name.text)) {
      fault(name, "component name '" + name.text.substr(0, 80) +
                      "': needed 1 to 64 of letters, digits, '.', '_' and '-', a letter or digit first");
    }
    if (!node.is_map()) return fault(node.line ? node : name, prefix + ": needed a map with at least 'plugin'");
    ComponentConfig component;
    component.spec.name = name.text;
    component.line = name.line;
    component.column = name.column;
    const YamlNode* settings = nullptr;
    for (const auto& [key, value] : node.pairs) {
      note_place(component, key->text, *key, *value);
      if (const auto* setting = find_component_setting(key->text)) {
        take(*setting, prefix + key->text, *value, setting->slot(component.spec));
      } else if (key->text == "settings") {
        settings = value;
      } else if (key->text == "isolation") {
        fault(*key, prefix + "isolation: not available yet; components run in the host's process");
      } else {
        unknown(*key, prefix, component_keys());
      }
    }
    if (component.spec.plugin.empty())
      fault(name, prefix + "plugin: is missing; name the id of the plugin it comes from");
    if (settings)
      for (const auto& [key, value] : settings->pairs) note_place(component, "settings." + key->text, *key, *value);
    const Overridden effective(environment_, environment_prefix(component.spec.name) + "SETTINGS__", settings);
    SettingsValues values =
        settings_values(effective.map, prefix + "settings", report_.config.file, folder_, environment_, report_.errors);
    component.spec.settings = std::move(values.real);
    component.shown_settings = std::move(values.shown);
    report_.config.components.push_back(std::move(component));
  }

  // Of the value when it is a scalar: that is what is wrong. A map or a list begins with its key.
  static void note_place(ComponentConfig& component, const std::string& name, const YamlNode& key,
                         const YamlNode& value) {
    const YamlNode& at = value.kind == YamlNode::Kind::scalar && value.line ? value : key;
    component.places.push_back({name, at.line, at.column});
  }

  static const Setting<ComponentSpec>* find_component_setting(std::string_view name) {
    for (const auto& setting : component_settings())
      if (setting.name == name) return &setting;
    return nullptr;
  }
  static std::vector<std::string> component_keys() {
    std::vector<std::string> keys{"settings"};
    for (const auto& setting : component_settings()) keys.emplace_back(setting.name);
    return keys;
  }

  // What the listener itself would refuse when it opens.
  void check_listener(const std::string& section, const std::string& address, bool allow_remote) {
    const Result<ListenAddress> parsed = parse_listen(address, allow_remote);
    if (!parsed) fault_of(section + ".listen", reason(parsed.status()));
  }

  void check_listeners_apart() {
    const std::string& data = report_.config.data.listen;
    const Result<ListenAddress> parsed = parse_listen(data, true);
    if (!parsed || parsed->port == 0 || data != report_.config.control.listen) return;
    fault_of(written_.contains("host.control.listen") || environment_.contains(environment_name("host.control.listen"))
                 ? "host.control.listen"
                 : "host.data.listen",
             "both listeners have this address; needed one for each, found '" + data + "' twice");
  }

  // A fault of a key, where it was set: in the environment, or in the file.
  void fault_of(const std::string& name, const std::string& message) {
    const std::string variable = environment_name(name);
    if (environment_.contains(variable)) return fault_in_environment(variable, message);
    const auto written = written_.find(name);
    if (written != written_.end()) fault(*written->second, name + ": " + message);
  }

  // Every DORMOUSE_A__B; names without "__" are not settings (DORMOUSE_TOKEN is ctl's).
  void apply_environment() {
    for (auto it = environment_.lower_bound(std::string(kEnvironmentPrefix));
         it != environment_.end() && it->first.starts_with(kEnvironmentPrefix); ++it) {
      if (it->first.find("__") != std::string::npos) override_one(it->first, it->second);
    }
  }

  void override_one(const std::string& variable, const std::string& text) {
    std::vector<std::string> known;
    for (const RenamedSetting& renamed : renamed_settings()) {
      const std::string now = environment_name(renamed.name);
      if (variable != environment_name(renamed.old_name)) continue;
      std::string warning = variable;
      warning.append(": is called ").append(now).append(" now; set that instead");
      report_.warnings.push_back({"environment", 0, 0, std::move(warning)});
      const Setting<Config>* setting = find_setting(renamed.name);
      if (environment_.contains(now)) return;
      return override_with(*setting, variable, text, setting->slot(report_.config));
    }
    for (const std::string_view name : settings_to_come())
      if (variable == environment_name(name)) return fault_in_environment(variable, "not available yet");
    for (const auto& setting : host_settings()) {
      known.push_back(environment_name(setting.name));
      if (known.back() == variable) return override_with(setting, variable, text, setting.slot(report_.config));
    }
    for (ComponentConfig& component : report_.config.components) {
      const std::string prefix = environment_prefix(component.spec.name);
      if (variable.starts_with(prefix + "SETTINGS__")) return;  // done when its settings were read
      for (const auto& setting : component_settings()) {
        known.push_back(prefix + key_of_component(setting.name));
        if (known.back() == variable) return override_with(setting, variable, text, setting.slot(component.spec));
      }
    }
    fault_in_environment(variable, "names no setting" + did_you_mean(variable, known));
  }

  // A list is written as in YAML, "[a, b]"; anything else is taken as it is.
  template <class Owner>
  void override_with(const Setting<Owner>& setting, const std::string& variable, const std::string& text, Slot slot) {
    std::vector<std::string> texts{text};
    if (is_list(setting.kind) && text.starts_with('[')) {
      std::vector<ConfigError> errors;
      const YamlDocument document = YamlDocument::parse(text, variable, YamlLimits{}, errors);
      texts.clear();
      for (const YamlNode* item : document.root().items) texts.push_back(item->text);
      if (!errors.empty()) return fault_in_environment(variable, errors.front().message);
    }
    const Status status = store(setting, texts, folder_, slot);
    if (!status.ok()) fault_in_environment(variable, reason(status));
  }

  const Environment& environment_;
  std::string folder_;
  std::vector<std::pair<const RenamedSetting*, const YamlNode*>> old_names_;
  std::map<std::string, const YamlNode*> written_;  // settings of the host, by name
  ConfigReport report_;
};

}  // namespace

ComponentConfig::Place ComponentConfig::place_of(std::string_view key) const {
  for (const Place& place : places)
    if (place.key == key) return place;
  const size_t dot = key.rfind('.');
  if (dot != std::string_view::npos) return place_of(key.substr(0, dot));
  return {spec.name, line, column};
}

ConfigReport parse_config(const std::string& text, const std::string& file, const Environment& environment) {
  ConfigReport report = Loader(file, environment).load(text);
  report.config.text = text;
  return report;
}

ConfigReport load_config(const std::string& path, const Environment& environment) {
  Result<std::string> text = read_file(path, YamlLimits{}.bytes_max);
  if (text) return parse_config(*text, path, environment);
  // The environment counts all the same: `ctl` finds its host with it.
  ConfigReport report = parse_config("", path, environment);
  Error error = text.status().error();
  error.object.clear();
  report.errors.insert(report.errors.begin(), {path, 0, 0, Status(std::move(error)).to_string()});
  return report;
}

}  // namespace dormouse
