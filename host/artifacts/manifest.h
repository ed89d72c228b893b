// The manifest: what a plugin says about itself in JSON, in its ELF section `.dormouse.manifest`, read without running
// any of its code. The format is documented in plugin-api/CONTRACT.md.
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
  bool batch = false;    // calls that arrive together may be answered together: dormouse.batch/1
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
  std::vector<std::string> capabilities;  // what it offers to the host itself: "dormouse.cache/1"
  std::vector<MethodManifest> methods;    // empty only when it has capabilities
  std::string default_method;             // the only one, or named in the manifest
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
    bool threads = false;            // starts threads of its own
    bool data = false;               // keeps files: gets a folder of its own (dm_open_args.data_dir)
    std::vector<std::string> paths;  // host paths it reads
    std::vector<std::string> env;    // variables it reads
  } needs;
  std::vector<TypeManifest> types;
  std::string source;  // the JSON itself: the same text is the same manifest
  const TypeManifest* find_type(std::string_view name) const;
};

// Reads and checks a manifest; `object` names its origin in errors. All faults found are in one message, a line each.
// Errors: invalid_argument. Unknown keys are errors, with a suggestion.
Result<Manifest> parse_manifest(std::string_view json, std::string_view object);

// What is wrong with `settings`, fault by fault.
struct SettingFault {
  std::string setting;  // its name; empty: all of them
  std::string message;  // "setting 'top_k': expected int, found string"
};
std::vector<SettingFault> find_setting_faults(const TypeManifest& type, dm_value settings);

// `settings` as given (a map, or no value for {}), checked against the manifest, defaults filled in, in manifest order.
// Errors: invalid_argument naming each fault: "setting 'top_k': expected int, found string".
Result<Value> complete_settings(const TypeManifest& type, dm_value settings, std::string_view object);

}  // namespace dormouse
