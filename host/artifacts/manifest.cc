#include "artifacts/manifest.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "artifacts/abi_version.h"
#include "base/suggest.h"
#include "base/units.h"
#include "values/json.h"

namespace dormouse {

const MethodManifest* TypeManifest::find_method(std::string_view method) const {
  for (const MethodManifest& known : methods)
    if (known.name == method) return &known;
  return nullptr;
}

bool TypeManifest::offers(std::string_view capability) const {
  return std::find(capabilities.begin(), capabilities.end(), capability) != capabilities.end();
}

const TypeManifest* Manifest::find_type(std::string_view name) const {
  for (const TypeManifest& type : types)
    if (type.name == name) return &type;
  return nullptr;
}

namespace {

constexpr ValueLimits kJsonLimits{.bytes_max = 1 << 20, .depth_max = 32};  // a plugin with 100 methods has about 30 KiB
constexpr size_t kNameBytesMax = 64;                                       // names become file names and metric labels
constexpr size_t kHelpBytesMax = 4096;
constexpr size_t kListedMax = 256;  // types, methods, fields, settings, paths: each
constexpr size_t kFaultsMax = 20;   // more do not help a person

// Every mistake that was found, a line each, where it is and what it is.
class Faults {
 public:
  void add(const std::string& where, const std::string& what) {
    if (lines_.size() < kFaultsMax) lines_.push_back(where.empty() ? what : where + ": " + what);
    ++count_;
  }
  bool none() const { return count_ == 0; }
  Error error(std::string_view object) const {
    std::string message = lines_.front();
    if (count_ > 1) {
      message = std::to_string(count_) + " mistakes:";
      for (const std::string& line : lines_) message += "\n  " + line;
      if (count_ > lines_.size()) message += "\n  ...";
    }
    return Error{.code = Code::invalid_argument, .message = std::move(message), .object = std::string(object)};
  }

 private:
  std::vector<std::string> lines_;
  size_t count_ = 0;
};

std::string_view text_of(dm_value value) {
  dm_string_view text{};
  return dm_get_string(value, &text) ? std::string_view(text.data, text.size) : std::string_view();
}

// A key as messages show it: at most kNameBytesMax bytes, cut between code points.
std::string shown(dm_string_view key) {
  size_t size = std::min(key.size, kNameBytesMax);
  while (size < key.size && size > 0 && (static_cast<unsigned char>(key.data[size]) & 0xC0) == 0x80) --size;
  return std::string(key.data, size);
}

std::string format_number(double number) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, number);
  return std::string(digits, end.ptr);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}

// Ids and type names: they stand in configs, paths and URLs.
bool is_dotted_name(std::string_view name) {
  if (name.empty() || name.size() > kNameBytesMax || !(is_lower(name.front()) || is_digit(name.front()))) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return is_lower(c) || is_digit(c) || c == '.' || c == '_' || c == '-'; });
}

// Methods, fields and settings: they are identifiers in Lua.
bool is_identifier(std::string_view name) {
  if (name.empty() || name.size() > kNameBytesMax || is_digit(name.front())) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z') || c == '_'; });
}

// MAJOR.MINOR.PATCH, then perhaps -pre or +build.
bool is_version(std::string_view version) {
  if (version.size() > kNameBytesMax) return false;
  for (int part = 0; part < 3; ++part) {
    size_t digits = 0;
    while (digits < version.size() && is_digit(version[digits])) ++digits;
    if (digits == 0) return false;
    version.remove_prefix(digits);
    if (part < 2 && (version.empty() || version.front() != '.')) return false;
    if (part < 2) version.remove_prefix(1);
  }
  if (version.empty()) return true;
  return (version.front() == '-' || version.front() == '+') && version.size() > 1 &&
         std::all_of(version.begin() + 1, version.end(), [](char c) {
           return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '+';
         });
}

// One JSON object being read: where it stands, its fields by name, and who hears of mistakes.
class Reader {
 public:
  Reader(dm_value value, std::string where, Faults& faults)
      : value_(value), where_(std::move(where)), faults_(faults) {}

  // False, with a fault, when this is no object; then nothing else is asked. Keys that are not in `known` are faults.
  bool is_object(const std::vector<std::string>& known) const {
    if (dm_kind(value_) != DM_MAP) {
      fault("", "expected an object, found " + std::string(kind_name(value_)));
      return false;
    }
    dm_string_view key{};
    dm_value child{};
    for (uint32_t i = 0; dm_map_at(value_, i, &key, &child); ++i) {
      const std::string name = shown(key);
      if (std::find(known.begin(), known.end(), name) == known.end())
        fault("", "unknown key '" + name + "'" + did_you_mean(name, known));
    }
    return true;
  }

  dm_value get(const char* key) const { return dm_map_get(value_, key); }
  bool has(const char* key) const { return get(key).node != nullptr; }
  void fault(const std::string& key, const std::string& what) const { faults_.add(at(key), what); }
  Faults& faults() const { return faults_; }
  std::string at(const std::string& key) const {
    if (key.empty()) return where_;
    return where_.empty() ? key : where_ + "." + key;
  }

  // A text that must be there; "" after a fault.
  std::string required_text(const char* key) const {
    if (!has(key)) fault("", "missing key '" + std::string(key) + "'");
    return optional_text(key);
  }
  std::string optional_text(const char* key) const {
    if (!has(key) || !is_kind(key, DM_STRING, "a string")) return {};
    const std::string_view text = text_of(get(key));
    if (text.find('\0') != std::string_view::npos) fault(key, "holds a NUL");
    if (text.size() <= kHelpBytesMax) return std::string(text);
    fault(key, "longer than " + std::to_string(kHelpBytesMax) + " bytes");
    return {};
  }
  bool flag(const char* key) const {
    int yes = 0;
    return has(key) && is_kind(key, DM_BOOL, "true or false") && dm_get_bool(get(key), &yes) && yes;
  }
  std::optional<double> number(const char* key) const {
    double number = 0;
    if (!has(key)) return std::nullopt;
    if (dm_get_float(get(key), &number)) return number;
    fault(key, "expected a number, found " + std::string(kind_name(get(key))));
    return std::nullopt;
  }
  std::vector<std::string> texts(const char* key) const {
    std::vector<std::string> texts;
    for_each(key, [&](dm_value item, const std::string& where) {
      if (dm_kind(item) == DM_STRING)
        texts.emplace_back(text_of(item));
      else
        faults_.add(where, "expected a string, found " + std::string(kind_name(item)));
    });
    return texts;
  }
  // Calls visit(element, where) for each element of the list `key`, which may be absent.
  template <class Visit>
  void for_each(const char* key, Visit visit) const {
    const dm_value list = get(key);
    if (!list.node || !is_kind(key, DM_LIST, "a list")) return;
    if (dm_count(list) > kListedMax) return fault(key, "more than " + std::to_string(kListedMax) + " elements");
    for (uint32_t i = 0; i < dm_count(list); ++i) visit(dm_list_at(list, i), at(key) + "[" + std::to_string(i) + "]");
  }

 private:
  bool is_kind(const char* key, int kind, const char* expected) const {
    if (dm_kind(get(key)) == kind) return true;
    fault(key, "expected " + std::string(expected) + ", found " + std::string(kind_name(get(key))));
    return false;
  }

  const dm_value value_;
  const std::string where_;
  Faults& faults_;
};

// ---- types of fields ----

Type read_type_text(dm_value text, const std::string& where, Faults& faults) {
  Result<Type> type = Type::parse(text_of(text));
  if (type.ok()) return *type;
  faults.add(where, type.status().to_string());
  return Type();
}

// {field: "type" | {type, help}, ...}
Type read_record(dm_value map, const std::string& where, Faults& faults) {
  std::vector<Type::Field> fields;
  dm_string_view key{};
  dm_value child{};
  if (dm_count(map) > kListedMax) faults.add(where, "more than " + std::to_string(kListedMax) + " fields");
  for (uint32_t i = 0; i < kListedMax && dm_map_at(map, i, &key, &child); ++i) {
    Type::Field field;
    field.name = shown(key);
    const std::string at = where + "." + field.name;
    if (!is_identifier({key.data, key.size})) faults.add(at, "expected a field name of letters, digits and '_'");
    const Reader reader(child, at, faults);
    if (dm_kind(child) == DM_STRING) {
      field.type = read_type_text(child, at, faults);
    } else if (reader.is_object({"type", "help"})) {
      field.help = reader.optional_text("help");
      reader.required_text("type");
      if (reader.has("type")) field.type = read_type_text(reader.get("type"), at, faults);
    }
    fields.push_back(std::move(field));
  }
  return Type::record(std::move(fields));
}

Type read_input(const Reader& method) {
  const dm_value input = method.get("input");
  if (dm_kind(input) == DM_MAP) return read_record(input, method.at("input"), method.faults());
  method.fault("input",
               "expected an object of fields, found " + std::string(input.node ? kind_name(input) : "nothing"));
  return Type::record({});
}

Type read_output(const Reader& method) {
  const dm_value output = method.get("output");
  if (dm_kind(output) == DM_MAP) return read_record(output, method.at("output"), method.faults());
  if (dm_kind(output) == DM_STRING) return read_type_text(output, method.at("output"), method.faults());
  const std::string found(output.node ? kind_name(output) : "nothing");
  method.fault("output", "expected an object of fields or a type, found " + found);
  return Type();
}

// ---- methods ----

MethodManifest read_method(const Reader& reader) {
  MethodManifest method;
  if (!reader.is_object({"name", "help", "input", "output", "thread", "fast", "offline", "batch"})) return method;
  method.name = reader.required_text("name");
  if (reader.has("name") && !is_identifier(method.name)) reader.fault("name", "expected letters, digits and '_'");
  method.help = reader.optional_text("help");
  method.input = read_input(reader);
  method.output = read_output(reader);
  const std::string thread = reader.optional_text("thread");
  if (reader.has("thread") && thread != "any" && thread != "instance")
    reader.fault("thread", "expected 'instance' or 'any', found '" + thread + "'");
  method.thread = thread == "any" ? ThreadRule::any : ThreadRule::instance;
  method.fast = reader.flag("fast");
  method.offline = reader.flag("offline");
  method.batch = reader.flag("batch");
  if (method.batch && method.offline) reader.fault("batch", "an offline method runs once");
  if (method.fast && method.offline) reader.fault("fast", "an offline method is never run on a request thread");
  return method;
}

std::vector<std::string> served_methods(const TypeManifest& type) {
  std::vector<std::string> names;
  for (const MethodManifest& method : type.methods)
    if (!method.offline) names.push_back(method.name);
  return names;
}

void choose_default_method(const Reader& reader, TypeManifest& type) {
  const std::vector<std::string> served = served_methods(type);
  type.default_method = reader.optional_text("default_method");
  if (type.default_method.empty() && served.size() == 1) type.default_method = served.front();
  if (std::find(served.begin(), served.end(), type.default_method) != served.end()) return;
  if (!type.default_method.empty())
    reader.fault("default_method", "no method '" + type.default_method + "' that serves requests" +
                                       did_you_mean(type.default_method, served));
  else if (!served.empty())
    reader.fault("", "missing key 'default_method': there is more than one method");
}

// ---- settings ----

// What of `value` does not fit, or "".
std::string setting_fault(const SettingManifest& setting, dm_value value) {
  const Status fits = setting.type.check(value);
  if (!fits.ok()) return fits.to_string();
  double number = 0;
  if (dm_get_float(value, &number)) {
    if (setting.minimum && number < *setting.minimum)
      return "expected at least " + format_number(*setting.minimum) + ", found " + to_debug_string(value);
    if (setting.maximum && number > *setting.maximum)
      return "expected at most " + format_number(*setting.maximum) + ", found " + to_debug_string(value);
  }
  if (setting.one_of.empty() || dm_kind(value) != DM_STRING) return {};
  const std::string given(text_of(value));
  if (std::find(setting.one_of.begin(), setting.one_of.end(), given) != setting.one_of.end()) return {};
  std::string expected;
  for (const std::string& choice : setting.one_of) expected += (expected.empty() ? "'" : ", '") + choice + "'";
  return "expected one of " + expected + ", found " + to_debug_string(value) + did_you_mean(given, setting.one_of);
}

void check_bounds(const Reader& reader, const SettingManifest& setting) {
  const bool number = setting.type.kind() == Type::Kind::integer || setting.type.kind() == Type::Kind::number;
  if ((setting.minimum || setting.maximum) && !number) reader.fault("", "minimum and maximum are for int and float");
  if (setting.minimum && setting.maximum && *setting.minimum > *setting.maximum)
    reader.fault("", "minimum is larger than maximum");
  if (reader.has("one_of") && (setting.one_of.empty() || setting.type.kind() != Type::Kind::string))
    reader.fault("one_of", "expected at least one choice, for a setting of type string");
}

SettingManifest read_setting(const Reader& reader, const Value& document) {
  SettingManifest setting;
  if (!reader.is_object({"name", "type", "default", "help", "one_of", "minimum", "maximum"})) return setting;
  setting.name = reader.required_text("name");
  if (reader.has("name") && !is_identifier(setting.name)) reader.fault("name", "expected letters, digits and '_'");
  setting.help = reader.optional_text("help");
  reader.required_text("type");
  if (reader.has("type")) setting.type = read_type_text(reader.get("type"), reader.at("type"), reader.faults());
  setting.one_of = reader.texts("one_of");
  setting.minimum = reader.number("minimum");
  setting.maximum = reader.number("maximum");
  check_bounds(reader, setting);
  setting.default_value = document.at(reader.get("default"));
  if (!setting.default_value) return setting;
  const std::string fault = setting_fault(setting, setting.default_value.view());
  if (!fault.empty()) reader.fault("default", fault);
  return setting;
}

// ---- types of components, and the whole ----

// A fault for the second of two elements of one name.
void require_new_name(std::set<std::string>& names, const std::string& name, const Reader& reader) {
  if (!name.empty() && !names.insert(name).second) reader.fault("name", "a second '" + name + "'");
}

std::vector<std::string> read_capabilities(const Reader& reader) {
  std::vector<std::string> ids = reader.texts("capabilities");
  std::set<std::string> seen;
  for (const std::string& id : ids) {
    const size_t slash = id.find('/');
    const bool revised = slash != std::string::npos && slash + 1 < id.size() &&
                         id.find_first_not_of("0123456789", slash + 1) == std::string::npos;
    if (!revised || !is_dotted_name(id.substr(0, slash)))
      reader.fault("capabilities", "expected a name and a revision, such as 'dormouse.cache/1', found '" + id + "'");
    else if (!seen.insert(id).second)
      reader.fault("capabilities", "a second '" + id + "'");
  }
  return ids;
}

TypeManifest read_component_type(const Reader& reader, const Value& document) {
  TypeManifest type;
  if (!reader.is_object(
          {"name", "help", "default_method", "needs_model", "memory_estimate", "capabilities", "methods", "settings"}))
    return type;
  type.name = reader.required_text("name");
  if (reader.has("name") && !is_dotted_name(type.name))
    reader.fault("name", "expected lower-case letters, digits, '.', '_' and '-'");
  type.help = reader.optional_text("help");
  std::set<std::string> names;
  reader.for_each("methods", [&](dm_value item, const std::string& where) {
    const Reader method(item, where, reader.faults());
    type.methods.push_back(read_method(method));
    require_new_name(names, type.methods.back().name, method);
  });
  type.capabilities = read_capabilities(reader);
  if (served_methods(type).empty() && type.capabilities.empty())
    reader.fault("methods", "expected at least one method that serves requests, or a capability");
  choose_default_method(reader, type);
  names.clear();
  reader.for_each("settings", [&](dm_value item, const std::string& where) {
    const Reader setting(item, where, reader.faults());
    type.settings.push_back(read_setting(setting, document));
    require_new_name(names, type.settings.back().name, setting);
  });
  type.needs_model = reader.flag("needs_model");
  const MethodManifest* train = type.find_method("train");
  if (type.needs_model && !(train && train->offline))
    reader.fault("needs_model", "a type that needs a model has an offline method 'train'");
  const std::string estimate = reader.optional_text("memory_estimate");
  if (estimate.empty()) return type;
  const Result<uint64_t> bytes = parse_bytes(estimate);
  if (bytes.ok())
    type.memory_estimate_bytes = *bytes;
  else
    reader.fault("memory_estimate", bytes.status().to_string());
  return type;
}

// "1.0"
bool read_abi(std::string_view text, Manifest& manifest) {
  const char* end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, manifest.abi_major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return false;
  const auto minor = std::from_chars(major.ptr + 1, end, manifest.abi_minor);
  return minor.ec == std::errc() && minor.ptr == end;
}

void read_needs(const Reader& reader, Manifest::Needs& needs) {
  if (!reader.is_object({"network", "threads", "data", "paths", "env"})) return;
  needs.network = reader.flag("network");
  needs.threads = reader.flag("threads");
  needs.data = reader.flag("data");
  needs.paths = reader.texts("paths");
  needs.env = reader.texts("env");
  for (size_t i = 0; i < needs.paths.size(); ++i)
    if (needs.paths[i].empty() || needs.paths[i].front() != '/')
      reader.fault("paths[" + std::to_string(i) + "]", "expected an absolute path");
}

void read_plugin(const Reader& reader, const Value& document, Manifest& manifest) {
  if (!reader.is_object({"id", "version", "abi", "help", "needs", "types"})) return;
  manifest.id = reader.required_text("id");
  if (reader.has("id") && !is_dotted_name(manifest.id))
    reader.fault("id", "expected lower-case letters, digits, '.', '_' and '-'");
  manifest.version = reader.required_text("version");
  if (reader.has("version") && !is_version(manifest.version)) reader.fault("version", "expected MAJOR.MINOR.PATCH");
  manifest.help = reader.optional_text("help");
  if (reader.has("needs")) read_needs(Reader(reader.get("needs"), "needs", reader.faults()), manifest.needs);
  std::set<std::string> names;
  reader.for_each("types", [&](dm_value item, const std::string& where) {
    const Reader type(item, where, reader.faults());
    manifest.types.push_back(read_component_type(type, document));
    require_new_name(names, manifest.types.back().name, type);
  });
  if (dm_count(reader.get("types")) == 0) reader.fault("types", "expected at least one type");
}

}  // namespace

Result<Manifest> parse_manifest(std::string_view json, std::string_view object) {
  const Result<Value> document = value_from_json(json, object, kJsonLimits);
  if (!document.ok()) return document.status();
  Manifest manifest;
  manifest.source = json;
  Faults faults;
  const Reader reader(document->view(), "", faults);
  // Before anything else: what other keys mean is the business of that ABI.
  const std::string abi = dm_kind(document->view()) == DM_MAP ? reader.required_text("abi") : std::string();
  if (!abi.empty() && !read_abi(abi, manifest)) faults.add("abi", "expected MAJOR.MINOR, like \"1.0\"");
  if (!abi.empty() && faults.none()) {
    const Status same = check_abi(manifest.abi_major, manifest.abi_minor, std::string(object));
    if (!same.ok()) return same;
  }
  read_plugin(reader, *document, manifest);
  if (!faults.none()) return faults.error(object);
  return manifest;
}

namespace {

std::vector<std::string> setting_names(const TypeManifest& type) {
  std::vector<std::string> names;
  for (const SettingManifest& setting : type.settings) names.push_back(setting.name);
  return names;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text.empty() ? "none" : text;
}

using SettingFaults = std::vector<SettingFault>;

void check_known(const TypeManifest& type, dm_value settings, SettingFaults& faults) {
  const std::vector<std::string> known = setting_names(type);
  dm_string_view key{};
  dm_value child{};
  for (uint32_t i = 0; dm_map_at(settings, i, &key, &child); ++i) {
    const std::string name = shown(key);
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    std::string message = "unknown setting '";
    message += name;
    message += '\'';
    const std::string hint = did_you_mean(name, known);
    message += hint.empty() ? "; " + type.name + " has " + listed(known) : hint;
    faults.push_back({name, std::move(message)});
  }
}

void check_setting(const SettingManifest& setting, dm_value settings, SettingFaults& faults) {
  const dm_value given = dm_map_find(settings, setting.name.data(), setting.name.size());
  const std::string where = "setting '" + setting.name + "': ";
  if (given.node) {
    const std::string fault = setting_fault(setting, given);
    if (!fault.empty()) faults.push_back({setting.name, where + fault});
  } else if (!setting.default_value && !setting.type.is_optional()) {
    faults.push_back({setting.name, where + "required, of type " + setting.type.to_string() +
                                        (setting.help.empty() ? std::string() : " (" + setting.help + ")")});
  }
}

}  // namespace

std::vector<SettingFault> find_setting_faults(const TypeManifest& type, dm_value settings) {
  SettingFaults faults;
  if (dm_kind(settings) != DM_MAP && dm_kind(settings) != DM_NULL)
    faults.push_back({"", "expected a map of settings, found " + std::string(kind_name(settings))});
  check_known(type, settings, faults);
  for (const SettingManifest& setting : type.settings) check_setting(setting, settings, faults);
  return faults;
}

Result<Value> complete_settings(const TypeManifest& type, dm_value settings, std::string_view object) {
  Faults faults;
  for (const SettingFault& fault : find_setting_faults(type, settings)) faults.add("", fault.message);
  if (!faults.none()) return faults.error(object);
  ValueWriter writer;
  writer.map_begin();
  for (const SettingManifest& setting : type.settings) {
    const dm_value given = dm_map_find(settings, setting.name.data(), setting.name.size());
    const dm_value chosen = given.node ? given : setting.default_value.view();
    if (!chosen.node) continue;
    writer.key(setting.name);
    writer.copy(chosen);
  }
  writer.map_end();
  return writer.finish();
}

}  // namespace dormouse
