// The manifest: the description of a plugin, in JSON, in its ELF section `.dormouse.manifest`. The host reads it
// without running code of the plugin. plugin-api/CONTRACT.md documents the format. It is a promise; handshake.h
// compares it with the plugin's table. Data and pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "values/type.h"
#include "values/value.h"

namespace dormouse {

enum class ThreadRule : uint8_t { instance, any };

struct MethodManifest {
  std::string name;
  std::string help;
  Type input;   // a record
  Type output;  // any type, usually a record
  ThreadRule thread = ThreadRule::instance;
  bool fast = false;     // returns within about 100 microseconds: may run inline on a reactor when thread is `any`
  bool batch = false;    // one call of the plugin may answer several calls: dormouse.batch/1
  bool offline = false;  // not callable from pipelines: `dormouse train` and the like
};

struct SettingManifest {
  std::string name;
  std::string help;
  Type type;
  Value default_value;                     // no value: the setting is required unless its type is optional
  std::vector<std::string> one_of;         // strings only; empty: any
  std::optional<double> minimum, maximum;  // numbers only, inclusive
};

struct TypeManifest {
  std::string name;  // "nlu.language"
  std::string help;
  std::vector<std::string> capabilities;  // function tables for the host itself: "dormouse.cache/1"
  std::vector<MethodManifest> methods;    // empty only when it has capabilities
  std::string default_method;             // the only method, or the one that the manifest names
  std::vector<SettingManifest> settings;
  uint64_t memory_estimate_bytes = 0;  // 0: unknown
  bool needs_model = false;            // served only with a trained model; has an offline method `train`
  const MethodManifest* find_method(std::string_view method) const;
  bool offers(std::string_view capability) const;
};

struct Manifest {
  std::string id;       // "nlu-language"
  std::string version;  // "1.2.0", semver
  std::string help;
  uint16_t abi_major = 0;
  uint16_t abi_minor = 0;
  struct Needs {
    bool network = false;
    bool threads = false;            // starts threads itself
    bool data = false;               // keeps files: gets a private folder (dm_open_args.data_dir)
    std::vector<std::string> paths;  // host paths it reads
    std::vector<std::string> env;    // variables it reads
  } needs;
  std::vector<TypeManifest> types;
  std::string source;  // the JSON text; equal texts are equal manifests
  const TypeManifest* find_type(std::string_view name) const;
};

// Reads and checks a manifest. `object` names its origin in errors. One message has all faults, a line each.
// Errors: invalid_argument. Unknown keys are errors, with a suggestion.
Result<Manifest> parse_manifest(std::string_view json, std::string_view object);

// One fault of settings.
struct SettingFault {
  std::string setting;  // its name; empty: the settings as a whole
  std::string message;  // "setting 'top_k': expected int, found string"
};
std::vector<SettingFault> find_setting_faults(const TypeManifest& type, dm_value settings);

// Checks `settings` (a map; no value counts as {}) against the manifest, and returns them with defaults filled in, in
// the order of the manifest. Errors: invalid_argument naming each fault: "setting 'top_k': expected int, found string".
Result<Value> complete_settings(const TypeManifest& type, dm_value settings, std::string_view object);

}  // namespace dormouse
