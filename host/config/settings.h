// The table of settings: every key of the configuration file with its type, unit and meaning. Validation, unknown-key
// messages, environment overrides and configs/reference.yaml are all made from it, so none of them can be out of date.
// Defaults are what the option structs are initialised with, and stand nowhere else. Data and pure functions; knows
// nothing of YAML. Any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"
#include "exec/lane.h"

namespace dormouse {

enum class SettingKind : uint8_t {
  flag,      // true or false
  count,     // a whole number
  bytes,     // "64KiB"
  duration,  // "250ms"
  fraction,  // 0.8
  word,      // text
  address,   // "127.0.0.1:8080"
  path,      // relative to the config file
  paths,     // a list of them
  words,     // a list of texts
  hashes,    // a list of sha256 in hex
};

// What the reference and messages call it: "true or false", "a duration such as 250ms" ...
std::string_view describe(SettingKind kind);
bool is_list(SettingKind kind);

// Where a parsed setting goes. Lists and paths are strings; the kind says what they mean.
using Slot = std::variant<bool*, unsigned*, uint64_t*, double*, Duration*, std::string*, std::vector<std::string>*,
                          Lane::Priority*>;

template <class Owner>
struct Setting {
  std::string name;  // "host.data.listen"; for components the last part alone
  SettingKind kind;
  std::string_view unit;     // "threads", "connections"; empty for none
  std::string_view meaning;  // a sentence or two, for the reference
  Slot (*slot)(Owner&);
  uint64_t minimum = 0;  // of count, bytes, duration (in ns) and fraction (in percent), inclusive
  uint64_t maximum = UINT64_MAX;
  std::string_view choices = {};  // of word: "debug|info"; empty: any
};

std::span<const Setting<Config>> host_settings();
// The keys of one component, but `settings`, which the plugin's manifest describes.
std::span<const Setting<ComponentSpec>> component_settings();

// A setting that got another name. The old one works and warns.
struct RenamedSetting {
  std::string_view old_name;
  std::string_view name;
};
std::span<const RenamedSetting> renamed_settings();
// Settings that are decided and not built: refused by name, rather than as unknown keys.
std::span<const std::string_view> settings_to_come();

// "host.data.listen" -> "DORMOUSE_HOST__DATA__LISTEN".
std::string environment_name(std::string_view setting);

// Stores `texts` (one for a setting that is no list) at `slot`. `folder` is where relative paths begin.
// Errors: invalid_argument with needed and found; the caller knows the place.
template <class Owner>
Status store(const Setting<Owner>& setting, const std::vector<std::string>& texts, const std::string& folder,
             Slot slot);

// The value at `slot` as one would write it in YAML: "16KiB", "[]", "info".
std::string show(SettingKind kind, Slot slot);

}  // namespace dormouse
