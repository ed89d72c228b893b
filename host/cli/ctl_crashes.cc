// `dormouse ctl crashes [ID]`: how crash records look to people.
#include <algorithm>
#include <ctime>

#include "cli/ctl_output.h"
#include "cli/table.h"
#include "cli/value_text.h"

namespace dormouse {
namespace {

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

std::string field(dm_value map, const char* key) {
  return dm_kind(dm_map_get(map, key)) == DM_NULL ? "-" : or_dash(text_at(map, key));
}

// "4m", from the time of the record to now.
std::string age_of(dm_value crash) {
  tm parts{};
  if (!::strptime(text_at(crash, "at").c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts)) return "-";
  return show_ms(std::max(std::difftime(std::time(nullptr), ::timegm(&parts)), 0.0) * 1000);
}

}  // namespace

std::string show_crashes(dm_value answer) {
  const dm_value crashes = dm_map_get(answer, "crashes");
  if (dm_count(crashes) == 0) return "";
  Table table({"CRASH", "AGE", "COMPONENT", "METHOD", "REQUEST", "SIGNAL", "WHERE"});
  for (uint32_t i = 0; i < dm_count(crashes); ++i) {
    const dm_value crash = dm_list_at(crashes, i);
    table.add({text_at(crash, "id"), age_of(crash), field(crash, "component"), field(crash, "method"),
               field(crash, "request"), field(crash, "signal"), field(crash, "where")});
  }
  return table.to_string();
}

std::string show_crash(dm_value crash) {
  std::string text;
  const auto line = [&text](const std::string& name, const std::string& value) {
    text += name + std::string(15 - std::min<size_t>(name.size(), 14), ' ') + printable(value) + "\n";
  };
  line("crash", text_at(crash, "id") + ", " + age_of(crash) + " ago, process " + text_at(crash, "pid"));
  line("component", field(crash, "component") + ", method " + field(crash, "method") + ", plugin " +
                        field(crash, "plugin") + " " + field(crash, "plugin_version"));
  line("signal",
       field(crash, "signal") + (field(crash, "address") == "-" ? "" : " at address " + field(crash, "address")));
  line("where", field(crash, "where"));
  line("file", field(crash, "file"));
  const std::string batch = text_at(crash, "batch");
  line("request", field(crash, "request") + (batch == "1" ? "" : ", the first of " + batch + " answered together"));
  line("thread", field(crash, "thread"));
  const dm_value frames = dm_map_get(crash, "frames");
  for (uint32_t i = 0; i < dm_count(frames); ++i) line(i == 0 ? "frames" : "", text_at(dm_list_at(frames, i), "where"));
  return text;
}

}  // namespace dormouse
