#include "config/settings.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "base/suggest.h"
#include "base/units.h"
#include "config/settings_values.h"

namespace dormouse {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;

Error wrong(std::string needed, const std::string& found) {
  return {.code = Code::invalid_argument,
          .message = "not understood",
          .needed = std::move(needed),
          .found = "'" + found.substr(0, 100) + "'"};
}

// ---- one text into one slot ----

Status out_of_range(const std::string& minimum, const std::string& maximum, const std::string& found) {
  return Status(Error{
      .code = Code::invalid_argument, .message = "out of range", .needed = minimum + " to " + maximum, .found = found});
}

std::string fraction_text(double value) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  return error == std::errc() ? std::string(text, end) : "";
}

std::string bound(SettingKind kind, uint64_t value) {
  if (kind == SettingKind::duration) return format_duration(Duration(value));
  if (kind == SettingKind::bytes) return format_bytes(value);
  return std::to_string(value);
}

template <class Owner>
Status check_range(const Setting<Owner>& setting, uint64_t value) {
  if (value >= setting.minimum && value <= setting.maximum) return {};
  return out_of_range(bound(setting.kind, setting.minimum), bound(setting.kind, setting.maximum),
                      bound(setting.kind, value));
}

Result<uint64_t> parse_count(const std::string& text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size())
    return wrong(std::string(describe(SettingKind::count)), text);
  return value;
}

template <class Owner>
Status store_number(const Setting<Owner>& setting, const std::string& text, Slot slot) {
  Result<uint64_t> value = setting.kind == SettingKind::bytes ? parse_bytes(text) : parse_count(text);
  if (!value) return value.status();
  if (Status status = check_range(setting, *value); !status.ok()) return status;
  if (auto* wide = std::get_if<uint64_t*>(&slot)) {
    **wide = *value;
  } else {
    **std::get_if<unsigned*>(&slot) = static_cast<unsigned>(*value);
  }
  return {};
}

template <class Owner>
Status store_duration(const Setting<Owner>& setting, const std::string& text, Slot slot) {
  Result<Duration> value = parse_duration(text);
  if (!value) return value.status();
  if (Status status = check_range(setting, static_cast<uint64_t>(value->count())); !status.ok()) return status;
  **std::get_if<Duration*>(&slot) = *value;
  return {};
}

template <class Owner>
Status store_fraction(const Setting<Owner>& setting, const std::string& text, Slot slot) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (text.empty() || error != std::errc() || end != text.data() + text.size())
    return Status(wrong(std::string(describe(SettingKind::fraction)), text));
  const auto bound_of = [](uint64_t percent) { return static_cast<double>(percent) / 100; };
  if (!(value >= bound_of(setting.minimum) && value <= bound_of(setting.maximum)))
    return out_of_range(fraction_text(bound_of(setting.minimum)), fraction_text(bound_of(setting.maximum)), text);
  **std::get_if<double*>(&slot) = value;
  return {};
}

Status store_flag(const std::string& text, Slot slot) {
  const bool yes = text == "true" || text == "True" || text == "TRUE";
  if (!yes && text != "false" && text != "False" && text != "FALSE")
    return Status(wrong(std::string(describe(SettingKind::flag)), text));
  **std::get_if<bool*>(&slot) = yes;
  return {};
}

std::vector<std::string> split(std::string_view words) {
  std::vector<std::string> parts;
  while (!words.empty()) {
    const size_t bar = std::min(words.find('|'), words.size());
    parts.emplace_back(words.substr(0, bar));
    words.remove_prefix(std::min(bar + 1, words.size()));
  }
  return parts;
}

Status store_word(std::string_view choices, const std::string& text, Slot slot) {
  const std::vector<std::string> known = split(choices);
  if (!known.empty() && std::find(known.begin(), known.end(), text) == known.end()) {
    Error error = wrong("one of " + std::string(choices), text);
    error.near = near_names(text, known);
    return Status(std::move(error));
  }
  if (auto* priority = std::get_if<Lane::Priority*>(&slot)) {
    **priority = text == "high" ? Lane::Priority::high : text == "low" ? Lane::Priority::low : Lane::Priority::normal;
  } else {
    **std::get_if<std::string*>(&slot) = text;
  }
  return {};
}

// "address:port"; whether the address exists is found out when it is bound.
Status store_address(const std::string& text, Slot slot) {
  const size_t colon = text.rfind(':');
  uint64_t port = 65536;
  if (colon != std::string::npos && colon > 0)
    if (Result<uint64_t> parsed = parse_count(text.substr(colon + 1))) port = *parsed;
  if (port > 65535) return Status(wrong(std::string(describe(SettingKind::address)), text));
  **std::get_if<std::string*>(&slot) = text;
  return {};
}

Status check_item(SettingKind kind, const std::string& text) {
  if (text.empty()) return Status(wrong("a text that is not empty", text));
  const bool is_hash = text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (kind == SettingKind::hashes && !is_hash)
    return Status(wrong("64 digits 0-9 a-f, as sha256sum prints them", text));
  return {};
}

Status store_list(SettingKind kind, const std::vector<std::string>& texts, const std::string& folder, Slot slot) {
  std::vector<std::string> items;
  for (const std::string& text : texts) {
    if (Status status = check_item(kind, text); !status.ok()) return status;
    items.push_back(kind == SettingKind::paths ? path_from(folder, text) : text);
  }
  **std::get_if<std::vector<std::string>*>(&slot) = std::move(items);
  return {};
}

// ---- the table ----

// The limits of a listener, once for each: `prefix` and where they are kept differ, the meaning does not.
template <auto Listener>
void add_listener(std::vector<Setting<Config>>& rows, const std::string& prefix, std::string_view what) {
  using Kind = SettingKind;
  rows.push_back(
      {prefix + ".listen", Kind::address, "", what, [](Config& c) -> Slot { return &(c.*Listener).listen; }});
  rows.push_back(
      {prefix + ".allow_remote", Kind::flag, "",
       "Whether the listener may bind to an address other than loopback. Put a proxy with TLS and authentication in "
       "front before you set true.",
       [](Config& c) -> Slot { return &(c.*Listener).allow_remote; }});
  rows.push_back(
      {prefix + ".allowed_hosts", Kind::words, "",
       "More host names, without port, that the listener accepts in a Host header: the names that a proxy passes on.",
       [](Config& c) -> Slot { return &(c.*Listener).allowed_hosts; }});
  rows.push_back(
      {prefix + ".allowed_origins", Kind::words, "",
       "Origins (https://app.example.org) whose web pages may send requests; a request from any other page gets 403.",
       [](Config& c) -> Slot { return &(c.*Listener).allowed_origins; }});
  rows.push_back(
      {prefix + ".connections_max", Kind::count, "connections",
       "Connections open at once. Beyond it, the listener closes an idle connection, or answers the new one with 503.",
       [](Config& c) -> Slot { return &(c.*Listener).limits.connections_max; }, 1, 1'000'000});
  rows.push_back({prefix + ".header_bytes_max", Kind::bytes, "",
                  "Size of request line and header fields; a larger one gets 431.",
                  [](Config& c) -> Slot { return &(c.*Listener).limits.header_bytes_max; }, 512, uint64_t{1} << 20});
  rows.push_back({prefix + ".header_timeout", Kind::duration, "",
                  "Time from the first byte to the end of the header; after it, 408.",
                  [](Config& c) -> Slot { return &(c.*Listener).limits.header_timeout; }, kSecond / 100,
                  3600 * kSecond});
  rows.push_back({prefix + ".body_bytes_max", Kind::bytes, "", "Size of one request's body; a larger one gets 413.",
                  [](Config& c) -> Slot { return &(c.*Listener).limits.body_bytes_max; }, 1, uint64_t{1} << 30});
  rows.push_back({prefix + ".bodies_bytes_max", Kind::bytes, "",
                  "Sum of all request bodies over 64 KiB that are in memory; beyond it, 503.",
                  [](Config& c) -> Slot { return &(c.*Listener).limits.bodies_bytes_max; }, 1, uint64_t{1} << 36});
  rows.push_back({prefix + ".body_timeout", Kind::duration, "",
                  "Time from the end of the header to the end of the body; after it, 408.",
                  [](Config& c) -> Slot { return &(c.*Listener).limits.body_timeout; }, kSecond / 100, 3600 * kSecond});
  rows.push_back(
      {prefix + ".request_timeout", Kind::duration, "",
       "Time from the end of the body to the last byte of the answer; after it, the request is cancelled and gets 504.",
       [](Config& c) -> Slot { return &(c.*Listener).limits.request_timeout; }, kSecond / 100, 86400 * kSecond});
  rows.push_back({prefix + ".idle_timeout", Kind::duration, "",
                  "Time between two requests of a connection; after it, the connection is closed.",
                  [](Config& c) -> Slot { return &(c.*Listener).limits.idle_timeout; }, kSecond / 100,
                  86400 * kSecond});
}

void add_host(std::vector<Setting<Config>>& rows) {
  using Kind = SettingKind;
  rows.push_back({"host.threads", Kind::count, "threads", "Threads that serve requests; 0: one per core.",
                  [](Config& c) -> Slot { return &c.host.threads; }, 0, 1024});
  rows.push_back(
      {"host.state_dir", Kind::path, "",
       "Folder of the token, models, private copies of plugins and the components' own data. Its mode is 0700, and one "
       "host uses it at a time. Empty: $STATE_DIRECTORY, else $XDG_STATE_HOME/dormouse, else ~/.local/state/dormouse.",
       [](Config& c) -> Slot { return &c.host.state_dir; }});
  rows.push_back({"host.log.level", Kind::word, "", "Lines of this level and above go to standard error.",
                  [](Config& c) -> Slot { return &c.host.log.level; }, 0, 0, "debug|info|warn|error"});
  rows.push_back({"host.log.format", Kind::word, "", "text: lines for people; json: one JSON document a line.",
                  [](Config& c) -> Slot { return &c.host.log.format; }, 0, 0, "text|json"});
  rows.push_back({"host.log.lines_per_second", Kind::count, "lines",
                  "Lines of one message (same kind and object) in a second; more are dropped and counted. 0: no limit.",
                  [](Config& c) -> Slot { return &c.host.log.lines_per_second; }, 0, 1'000'000});
  rows.push_back(
      {"host.stop_delay", Kind::duration, "",
       "After SIGTERM: how long /readyz answers 503 while both listeners still serve, so that a load balancer "
       "can stop sending requests.",
       [](Config& c) -> Slot { return &c.host.stop_delay; }, 0, 3600 * kSecond});
  rows.push_back({"host.stop_grace", Kind::duration, "",
                  "After host.stop_delay: how long running requests may take before they are cancelled.",
                  [](Config& c) -> Slot { return &c.host.stop_grace; }, 0, 3600 * kSecond});
  rows.push_back(
      {"host.memory.limit", Kind::bytes, "",
       "Memory that the process may use; 0: the limit of its control group (container), else the machine's memory.",
       [](Config& c) -> Slot { return &c.memory.limit_bytes; }, 0, uint64_t{1} << 50});
  rows.push_back(
      {"host.memory.warn_at", Kind::fraction, "",
       "Share of the limit. When resident memory rises above it, the host publishes memory.warning once; after a fall "
       "to 0.05 below, it publishes memory.relieved.",
       [](Config& c) -> Slot { return &c.memory.warn_at; }, 10, 100});
  rows.push_back({"host.memory.sample_every", Kind::duration, "",
                  "Time between two samples of memory; the host also takes one after each load and unload.",
                  [](Config& c) -> Slot { return &c.memory.sample_every; }, kSecond / 10, 86400 * kSecond});
  rows.push_back({"host.memory.samples_kept", Kind::count, "samples",
                  "Samples that the host keeps for ctl memory --history; it drops older ones.",
                  [](Config& c) -> Slot { return &c.memory.samples_kept; }, 1, 100'000});
}

void add_data(std::vector<Setting<Config>>& rows) {
  using Kind = SettingKind;
  add_listener<&Config::data>(rows, "host.data",
                              "Address of the data listener, which serves pipelines; port 0: any free port.");
  rows.push_back({"host.data.answers_bytes_max", Kind::bytes, "",
                  "Sum of all answers over 64 KiB that clients have not read yet; beyond it, an answer becomes 503.",
                  [](Config& c) -> Slot { return &c.data.limits.answers_bytes_max; }, 1, uint64_t{1} << 36});
  rows.push_back({"host.data.cors_credentials", Kind::flag, "",
                  "Whether browsers may send cookies and client certificates with requests from allowed_origins.",
                  [](Config& c) -> Slot { return &c.data.cors_credentials; }});
  rows.push_back({"host.data.loop_lag_max", Kind::duration, "",
                  "While a reactor (a thread that serves requests) is late without a break, a request that waited "
                  "longer than this to "
                  "be read gets 503. 0: never.",
                  [](Config& c) -> Slot { return &c.data.limits.loop_lag_max; }, 0, 60 * kSecond});
  rows.push_back({"host.data.concurrent_max", Kind::count, "requests",
                  "Pipeline requests that run at once; the next one gets 503 with Retry-After immediately. One "
                  "pipeline may use at "
                  "most 8/9 of them.",
                  [](Config& c) -> Slot { return &c.data.concurrent_max; }, 1, 1'000'000});
  rows.push_back({"host.data.priority_max", Kind::word, "",
                  "Highest priority that a request gets by its Priority header.",
                  [](Config& c) -> Slot { return &c.data.priority_max; }, 0, 0, "high|normal|low"});
}

void add_control(std::vector<Setting<Config>>& rows) {
  using Kind = SettingKind;
  add_listener<&Config::control>(
      rows, "host.control",
      "Address of the control listener, which serves operators (dormouse ctl); port 0: any free port.");
  rows.push_back({"host.control.event_streams_max", Kind::count, "streams",
                  "Clients that may read /v1/events at once; the next one gets 503.",
                  [](Config& c) -> Slot { return &c.control.event_streams_max; }, 0, 10'000});
  rows.push_back({"host.control.event_stream_bytes_max", Kind::bytes, "",
                  "Events kept for one slow reader of /v1/events; beyond it, an event gap says what the reader missed.",
                  [](Config& c) -> Slot { return &c.control.event_stream_bytes_max; }, 1024, uint64_t{1} << 26});
  rows.push_back({"host.control.event_heartbeat", Kind::duration, "",
                  "After this time without an event, the host sends a comment to readers of /v1/events.",
                  [](Config& c) -> Slot { return &c.control.event_heartbeat; }, kSecond / 10, 3600 * kSecond});
}

void add_plugins(std::vector<Setting<Config>>& rows) {
  using Kind = SettingKind;
  rows.push_back({"plugins.path", Kind::paths, "",
                  "Folders with plugin files, searched in this order. Other users must not be able to write to them.",
                  [](Config& c) -> Slot { return &c.registry.plugins.folders; }});
  rows.push_back({"plugins.allow", Kind::hashes, "",
                  "SHA-256 of each plugin file that may be loaded (docs/service.md); empty: every file in the folders "
                  "may be loaded.",
                  [](Config& c) -> Slot { return &c.registry.plugins.allow; }});
  rows.push_back({"plugins.parallel_loads", Kind::count, "loads",
                  "Components that are loaded or closed at the same time; the others wait.",
                  [](Config& c) -> Slot { return &c.registry.parallel_loads; }, 1, 256});
  rows.push_back({"plugins.watch", Kind::flag, "",
                  "true: the host loads a changed plugin file or a new current model without ctl reload.",
                  [](Config& c) -> Slot { return &c.registry.watch; }});
  rows.push_back(
      {"plugins.unmap", Kind::flag, "",
       "false: the code of a closed plugin stays mapped, for sanitizers and profilers that must name its frames.",
       [](Config& c) -> Slot { return &c.registry.unmap; }});
}

void add_scripts(std::vector<Setting<Config>>& rows) {
  using Kind = SettingKind;
  rows.push_back({"scripts.pipelines", Kind::paths, "", "Lua files, or folders of them, that return pipelines.",
                  [](Config& c) -> Slot { return &c.scripts.pipelines; }});
  rows.push_back({"scripts.policies", Kind::paths, "",
                  "Lua files, or folders of them, with policies: when components are loaded, how long they are kept, "
                  "and when they are unloaded.",
                  [](Config& c) -> Slot { return &c.scripts.policies; }});
  rows.push_back({"scripts.memory_bytes_max", Kind::bytes, "",
                  "Size of the heap of one Lua state; each thread that serves requests has one state.",
                  [](Config& c) -> Slot { return &c.scripts.limits.memory_bytes_max; }, uint64_t{1} << 20,
                  uint64_t{1} << 34});
  rows.push_back({"scripts.load_cpu_max", Kind::duration, "", "CPU time that loading one script may take.",
                  [](Config& c) -> Slot { return &c.scripts.limits.load_cpu_max; }, kSecond / 1000, 3600 * kSecond});
  rows.push_back({"scripts.entry_cpu_max", Kind::duration, "",
                  "CPU time that one function of a script may take in a request.",
                  [](Config& c) -> Slot { return &c.scripts.limits.entry_cpu_max; }, kSecond / 1000, 3600 * kSecond});
  rows.push_back({"scripts.generations_max", Kind::count, "generations",
                  "Sets of scripts in memory at once, including the serving one: old sets stay while they have "
                  "requests. Beyond it, a "
                  "reload is refused.",
                  [](Config& c) -> Slot { return &c.scripts.limits.generations_max; }, 2, 100});
}

std::vector<Setting<ComponentSpec>> make_component_settings() {
  using Kind = SettingKind;
  return {
      {"plugin", Kind::word, "", "Id of the component's plugin. Required.",
       [](ComponentSpec& c) -> Slot { return &c.plugin; }},
      {"version", Kind::word, "", "Version of the plugin; empty: the newest usable one.",
       [](ComponentSpec& c) -> Slot { return &c.version; }},
      {"type", Kind::word, "", "Component type; empty: the plugin's only type, or its type with the component's name.",
       [](ComponentSpec& c) -> Slot { return &c.type; }},
      {"preload", Kind::flag, "",
       "Whether the host loads the component at the start. The host is ready only when this load is done.",
       [](ComponentSpec& c) -> Slot { return &c.preload; }},
      {"pin", Kind::flag, "", "Whether the component, once loaded, stays loaded whatever the policies say.",
       [](ComponentSpec& c) -> Slot { return &c.pinned; }},
  };
}

}  // namespace

std::string_view describe(SettingKind kind) {
  switch (kind) {
    case SettingKind::flag:
      return "true or false";
    case SettingKind::count:
      return "a whole number";
    case SettingKind::bytes:
      return "a size such as 64KiB";
    case SettingKind::duration:
      return "a duration such as 250ms";
    case SettingKind::fraction:
      return "a fraction such as 0.8";
    case SettingKind::word:
      return "a text";
    case SettingKind::address:
      return "an address and a port such as 127.0.0.1:8080";
    case SettingKind::path:
      return "a path";
    case SettingKind::paths:
      return "a list of paths";
    case SettingKind::words:
      return "a list of texts";
    case SettingKind::hashes:
      return "a list of sha256 sums";
  }
  return "";
}

bool is_list(SettingKind kind) {
  return kind == SettingKind::paths || kind == SettingKind::words || kind == SettingKind::hashes;
}

std::span<const Setting<Config>> host_settings() {
  static const std::vector<Setting<Config>> rows = [] {
    std::vector<Setting<Config>> all;
    add_host(all);
    add_data(all);
    add_control(all);
    add_plugins(all);
    add_scripts(all);
    return all;
  }();
  return rows;
}

std::span<const Setting<ComponentSpec>> component_settings() {
  static const std::vector<Setting<ComponentSpec>> rows = make_component_settings();
  return rows;
}

std::span<const RenamedSetting> renamed_settings() {
  static constexpr RenamedSetting kRows[] = {{"host.log_level", "host.log.level"}};
  return kRows;
}

std::span<const std::string_view> settings_to_come() {
  static constexpr std::string_view kRows[] = {"host.log.access"};
  return kRows;
}

std::string environment_name(std::string_view setting) {
  std::string name = "DORMOUSE_";
  for (char c : setting) {
    if (c == '.') {
      name += "__";
    } else {
      name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
  }
  return name;
}

template <class Owner>
Status store(const Setting<Owner>& setting, const std::vector<std::string>& texts, const std::string& folder,
             Slot slot) {
  if (is_list(setting.kind)) return store_list(setting.kind, texts, folder, slot);
  const std::string& text = texts.front();
  switch (setting.kind) {
    case SettingKind::flag:
      return store_flag(text, slot);
    case SettingKind::count:
    case SettingKind::bytes:
      return store_number(setting, text, slot);
    case SettingKind::duration:
      return store_duration(setting, text, slot);
    case SettingKind::fraction:
      return store_fraction(setting, text, slot);
    case SettingKind::address:
      return store_address(text, slot);
    case SettingKind::path:
      **std::get_if<std::string*>(&slot) = text.empty() ? "" : path_from(folder, text);
      return {};
    default:
      return store_word(setting.choices, text, slot);
  }
}
template Status store(const Setting<Config>&, const std::vector<std::string>&, const std::string&, Slot);
template Status store(const Setting<ComponentSpec>&, const std::vector<std::string>&, const std::string&, Slot);

std::string show(SettingKind kind, Slot slot) {
  const auto size = [](uint64_t bytes) {
    for (const auto& [unit, name] :
         {std::pair{uint64_t{1} << 30, "GiB"}, {uint64_t{1} << 20, "MiB"}, {uint64_t{1} << 10, "KiB"}})
      if (bytes && bytes % unit == 0) return std::to_string(bytes / unit) + name;
    return std::to_string(bytes) + "B";
  };
  const auto quoted = [](const std::string& text) { return "\"" + text + "\""; };
  if (auto* flag = std::get_if<bool*>(&slot)) return **flag ? "true" : "false";
  if (auto* count = std::get_if<unsigned*>(&slot)) return std::to_string(**count);
  if (auto* wide = std::get_if<uint64_t*>(&slot))
    return kind == SettingKind::bytes ? size(**wide) : std::to_string(**wide);
  if (auto* fraction = std::get_if<double*>(&slot)) return fraction_text(**fraction);
  if (auto* duration = std::get_if<Duration*>(&slot)) return format_duration(**duration);
  if (auto* text = std::get_if<std::string*>(&slot))
    return (*text)->empty() || kind == SettingKind::path ? quoted(**text) : **text;
  if (auto* priority = std::get_if<Lane::Priority*>(&slot)) {
    constexpr const char* kNames[] = {"high", "normal", "low"};
    return kNames[static_cast<size_t>(**priority)];
  }
  std::string list;
  for (const std::string& item : **std::get_if<std::vector<std::string>*>(&slot))
    list += (list.empty() ? "" : ", ") + quoted(item);
  return "[" + list + "]";
}

}  // namespace dormouse
