#include "cli/ctl_output.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <utility>

#include "cli/table.h"
#include "cli/value_text.h"

namespace dormouse {
namespace {

// Lists come as {"components": [...]}; each element to `row`.
void for_each(dm_value answer, const char* key, const std::function<void(dm_value)>& row) {
  const dm_value list = dm_kind(answer) == DM_LIST ? answer : dm_map_get(answer, key);
  for (uint32_t i = 0; i < dm_count(list); ++i) row(dm_list_at(list, i));
}

bool is_set(dm_value map, const char* key) {
  return dm_kind(dm_map_get(map, key)) != DM_NULL;
}

std::string bytes_at(dm_value map, const char* key) {
  return is_set(map, key) ? show_bytes(static_cast<int64_t>(number_at(map, key))) : "-";
}

std::string ms_at(dm_value map, const char* key) {
  return is_set(map, key) ? show_ms(number_at(map, key)) : "-";
}

std::string words_at(dm_value map, const char* key) {
  const dm_value list = dm_map_get(map, key);
  if (dm_kind(list) != DM_LIST) return to_cell(list);
  std::string words;
  for (uint32_t i = 0; i < dm_count(list); ++i) words += (i ? ", " : "") + to_cell(dm_list_at(list, i));
  return words;
}

// "12 KiB", or "about 12 KiB" when others loaded at the same time; what they gave back meanwhile may make it negative,
// and no component holds less than nothing.
std::string held_bytes(dm_value bytes) {
  const auto held = std::max<int64_t>(static_cast<int64_t>(number_at(bytes, "private")), 0);
  return (flag_at(bytes, "estimate") ? "about " : "") + show_bytes(held);
}

// What a component holds while it is loaded, or gave back when it went.
std::string memory_of(dm_value component) {
  const dm_value bytes = dm_map_get(component, "bytes");
  const std::string state = text_at(component, "state");
  if (state == "unloaded" || state == "parked" || state == "resident") return bytes_at(bytes, "returned") + " returned";
  if (state == "ready" || state == "trimmed" || state == "draining") return held_bytes(bytes);
  return "-";
}

// {"detail":...,"object":...,"needed":...,"found":...,"remedy":...} as one line; empty for none.
std::string error_line(dm_value error) {
  if (dm_kind(error) != DM_MAP) return printable(to_cell(error));
  const std::string object = text_at(error, "object");
  std::string text = is_set(error, "detail") ? text_at(error, "detail") : text_at(error, "title");
  // The detail of a problem names its object as a rule; that of a remembered error does not.
  if (!object.empty() && !text.starts_with(object)) text = object + ": " + text;
  for (const char* key : {"needed", "found"})
    if (is_set(error, key)) text += std::string("; ") + key + " " + text_at(error, key);
  if (is_set(error, "remedy")) text += "; " + text_at(error, "remedy");
  return printable(text);
}

// "nlu.language, nlu.other (an older file)": who has it in memory.
std::string users_of(dm_value plugin) {
  std::string users;
  for_each(plugin, "in_use", [&](dm_value user) {
    users += (users.empty() ? "" : ", ") + text_at(user, "component");
    if (!flag_at(user, "current")) users += " (an older file)";
  });
  return users.empty() ? "-" : users;
}

// "incarnation 2 loading, incarnation 1 draining with 3 leases (version 1.0.0)".
std::string beside_line(dm_value incarnations) {
  std::string text;
  for (uint32_t i = 0; i < dm_count(incarnations); ++i) {
    const dm_value each = dm_list_at(incarnations, i);
    const std::string leases = text_at(each, "leases");
    const std::string version = text_at(each, "version");
    text += (text.empty() ? "incarnation " : ", incarnation ") + text_at(each, "incarnation") + " " +
            text_at(each, "state") + (leases == "0" ? "" : " with " + leases + (leases == "1" ? " lease" : " leases")) +
            (version.empty() ? "" : " (version " + version + ")");
  }
  return text.empty() ? "-" : text;
}

// "bytes" and "load_ms" of a component, and numbers that are durations or sizes, as people say them. Empty: as it is.
std::string show_measured(std::string_view key, dm_value value) {
  const auto shown = [&](dm_value number) {
    double amount = 0;
    if (!dm_get_float(number, &amount)) return to_cell(number);
    return key == "bytes" ? show_bytes(static_cast<int64_t>(amount)) : show_ms(amount);
  };
  if (key.ends_with("_ms") && dm_kind(value) != DM_MAP) return dm_kind(value) == DM_NULL ? "-" : shown(value);
  if (key == "last_error") return dm_kind(value) == DM_MAP ? error_line(value) : "-";
  if (key == "beside") return beside_line(value);
  if (key == "failed_replacement")
    return dm_kind(value) == DM_MAP
               ? error_line(dm_map_get(value, "error")) + "; held back for " + ms_at(value, "retry_in_ms")
               : "-";
  if ((key != "bytes" && key != "load_ms") || dm_kind(value) != DM_MAP) return "";
  std::string text;
  for (uint32_t i = 0; i < dm_count(value); ++i) {
    dm_string_view name;
    dm_value part;
    if (!dm_map_at(value, i, &name, &part)) continue;
    const std::string_view word(name.data, name.size);
    if (dm_kind(part) == DM_BOOL) {
      if (to_cell(part) == "true") text += " (" + std::string(word) + ")";
      continue;
    }
    std::string words(word);
    std::replace(words.begin(), words.end(), '_', ' ');
    text += (text.empty() ? "" : ", ") + words + " " + shown(part);
  }
  return text;
}

std::string one_line(const std::string& text, size_t columns_max) {
  const std::string line = printable(text);
  return line.size() <= columns_max ? line : line.substr(0, columns_max - 3) + "...";
}

// "attention    2" and a line for each: what it is, since when and by whom, and the command that shows or ends it.
std::string attention_lines(dm_value attention) {
  if (dm_kind(attention) != DM_LIST) return "";
  std::string text = "attention    " + (dm_count(attention) ? std::to_string(dm_count(attention)) : "-") + "\n";
  Table table({"", "", "", ""});
  for_each(attention, "", [&](dm_value each) {
    std::string who = is_set(each, "since") ? "since " + text_at(each, "since") : "";
    if (is_set(each, "by")) who += " by " + text_at(each, "by");
    if (is_set(each, "reason")) who += ": " + text_at(each, "reason");
    table.add({"  " + text_at(each, "kind") + " " + text_at(each, "object"), text_at(each, "what"), who,
               text_at(each, "command")});
  });
  const std::string lines = table.to_string();
  return text + lines.substr(lines.find('\n') + 1);
}

std::string rounded(double number, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", digits, number);
  return text;
}

// "requests     412/s, 38 in flight, 0.2 % failed, 1.1 % degraded" and "times        p50 3.1ms, ... in the last 60s".
std::string request_lines(dm_value status) {
  const dm_value recent = dm_map_get(status, "recent");
  const double rate = number_at(recent, "per_second");
  std::string text =
      "requests     " + rounded(rate, rate < 10 ? 1 : 0) + "/s, " + text_at(status, "in_flight") + " in flight";
  for (const auto& [key, word] : {std::pair("failed_ratio", "failed"), std::pair("degraded_ratio", "degraded")})
    if (is_set(recent, key)) text += ", " + rounded(100 * number_at(recent, key), 1) + " % " + word;
  text += "\ntimes        ";
  if (!is_set(recent, "p50_ms")) return text + "-\n";
  for (const char* key : {"p50", "p95", "p99"})
    text += std::string(key) + " " + show_ms(number_at(recent, (std::string(key) + "_ms").c_str())) + ", ";
  text.erase(text.size() - 2);
  return text + " in the last " + show_ms(number_at(recent, "over_ms")) + "\n";
}

// Whether what is on disk is what serves.
std::string on_disk(dm_value status, std::string_view kind) {
  const std::string are = kind == "scripts" ? "the files on disk " : "the file on disk ";
  std::string text = are + (kind == "scripts" ? "are equal" : "is equal");
  for_each(status, "files_differ", [&](dm_value each) {
    if (text_at(each, "kind") == kind)
      text = are + (kind == "scripts" ? "differ" : "differs") + ": " + printable(text_at(each, "reason"));
  });
  return text;
}

}  // namespace

std::string show_status(dm_value answer) {
  const dm_value counts = dm_map_get(answer, "components");
  std::string components = text_at(counts, "total");
  const char* separator = ": ";
  for (uint32_t i = 0; i < dm_count(counts); ++i) {
    dm_string_view state;
    dm_value count;
    if (!dm_map_at(counts, i, &state, &count) || std::string_view(state.data, state.size) == "total") continue;
    if (to_cell(count) != "0")
      components += std::exchange(separator, ", ") + to_cell(count) + " " + std::string(state.data, state.size);
  }
  const dm_value memory = dm_map_get(answer, "memory");
  const double limit = number_at(memory, "limit");
  std::string text;
  text += "version      " + text_at(answer, "version") +
          (is_set(answer, "pid") ? ", pid " + text_at(answer, "pid") : "") + "\n";
  text += "uptime       " + ms_at(answer, "uptime_ms") + "\n";
  text += "state        " +
          (flag_at(answer, "ready") ? "ready" : "not ready: " + error_line(dm_map_get(answer, "not_ready"))) + "\n";
  text += request_lines(answer);
  text += "components   " + components + "\n";
  text += "memory       " + bytes_at(memory, "resident");
  if (limit > 0)
    text += " of " + bytes_at(memory, "limit") + ", " +
            std::to_string(std::lround(100 * number_at(memory, "resident") / limit)) + " %";
  text += flag_at(memory, "warning") ? ": above the line of host.memory.warn_at\n" : "\n";
  text += "scripts      generation " + text_at(answer, "generation") + ", " + on_disk(answer, "scripts") + "\n";
  text += "config       since the start, " + on_disk(answer, "config") + "\n";
  return text + attention_lines(dm_map_get(answer, "attention"));
}

std::string show_components(dm_value answer) {
  Table table({"COMPONENT", "STATE", "MEMORY", "LEASES", "IDLE", "UNLOAD IN", "CAUSE"});
  std::string problems;
  for_each(answer, "components", [&](dm_value component) {
    table.add({text_at(component, "name"), text_at(component, "state"), memory_of(component),
               text_at(component, "leases"), ms_at(component, "idle_ms"), ms_at(component, "unload_in_ms"),
               one_line(text_at(component, "cause"), 60)});
    const dm_value beside = dm_map_get(component, "beside");
    for (uint32_t i = 0; i < dm_count(beside); ++i) {
      const dm_value each = dm_list_at(beside, i);
      table.add({text_at(component, "name") + " #" + text_at(each, "incarnation"), text_at(each, "state"), "-",
                 text_at(each, "leases"), "-", "-", one_line(text_at(each, "cause"), 60)});
    }
  });
  return table.size() ? table.to_string() + problems : "";
}

std::string show_plugins(dm_value answer) {
  Table table({"PLUGIN", "VERSION", "SHA256", "CLASS", "TYPES", "IN USE", "FILE"});
  std::string problems;
  for_each(answer, "plugins", [&](dm_value plugin) {
    const std::string problem = error_line(dm_map_get(plugin, "problem"));
    const std::string hash = text_at(plugin, "sha256").substr(0, 12);
    table.add({text_at(plugin, "id"), text_at(plugin, "version"), hash.empty() ? "-" : hash,
               problem.empty() ? text_at(plugin, "class") : "unusable", words_at(plugin, "types"), users_of(plugin),
               text_at(plugin, "path")});
    if (!problem.empty()) problems += problem + "\n";
  });
  return table.size() ? table.to_string() + problems : "";
}

std::string show_pipelines(dm_value answer) {
  Table table({"PIPELINE", "GENERATION", "DEADLINE", "COMPONENTS", "PROBLEM"});
  for_each(answer, "pipelines", [&](dm_value pipeline) {
    table.add({text_at(pipeline, "name"), text_at(pipeline, "generation"), ms_at(pipeline, "deadline_ms"),
               words_at(pipeline, "components"), one_line(error_line(dm_map_get(pipeline, "problem")), 80)});
  });
  return table.size() ? table.to_string() : "";
}

namespace {

// "limit    8.0 GiB, used to 12 %, told at 80 %"
std::string memory_limits(dm_value process) {
  if (!is_set(process, "limit")) return "";
  const double limit = std::max(number_at(process, "limit"), 1.0);
  const auto percent = [](double share) { return std::to_string(std::lround(100 * share)) + " %"; };
  return "limit    " + bytes_at(process, "limit") + ", used to " + percent(number_at(process, "resident") / limit) +
         ", told at " + percent(number_at(process, "warn_at")) +
         (flag_at(process, "warning") ? ": above it now\n" : "\n");
}

void add_sample(Table& table, const std::string& what, dm_value sample) {
  if (dm_kind(sample) != DM_MAP) return;
  table.add({what, text_at(sample, "at"), bytes_at(sample, "resident"), bytes_at(sample, "private"),
             bytes_at(sample, "heap"), text_at(sample, "loaded"), bytes_at(sample, "components_private")});
}

std::string memory_history(dm_value answer) {
  const dm_value history = dm_map_get(answer, "history");
  if (dm_kind(history) != DM_MAP) return "";
  Table samples({"SAMPLE", "AT", "RESIDENT", "PRIVATE", "HEAP", "LOADED", "OF COMPONENTS"});
  for (const char* point : {"start", "lowest", "highest"}) add_sample(samples, point, dm_map_get(history, point));
  for_each(history, "samples", [&](dm_value sample) {
    const std::string object = text_at(sample, "object");
    add_sample(samples, text_at(sample, "cause") + (object.empty() ? "" : " " + object), sample);
  });
  Table components({"COMPONENT", "AT", "STATE", "MAPPED", "PRIVATE", "HEAP", "RETURNED"});
  const dm_value by_name = dm_map_get(history, "components");
  for (uint32_t i = 0; i < dm_count(by_name); ++i) {
    dm_string_view name;
    dm_value list;
    if (!dm_map_at(by_name, i, &name, &list)) continue;
    for_each(list, "", [&](dm_value sample) {
      components.add({std::string(name.data, name.size), text_at(sample, "at"), text_at(sample, "state"),
                      bytes_at(sample, "mapped"), bytes_at(sample, "private"), bytes_at(sample, "heap"),
                      bytes_at(sample, "returned")});
    });
  }
  Table stages({"PIPELINE", "STAGE", "COMPONENT", "RESULTS", "LARGEST"});
  for_each(answer, "stages", [&](dm_value stage) {
    stages.add({text_at(stage, "pipeline"), text_at(stage, "stage"), text_at(stage, "component"),
                bytes_at(stage, "result_bytes"), bytes_at(stage, "largest_result")});
  });
  std::string text = "\n" + samples.to_string();
  for (const Table* table : {&components, &stages})
    if (table->size()) text += "\n" + table->to_string();
  return text;
}

}  // namespace

std::string show_memory(dm_value answer) {
  const dm_value process = dm_map_get(answer, "process");
  std::string text = "process  " + bytes_at(process, "resident") + " resident, " + bytes_at(process, "private") +
                     " private, " + bytes_at(process, "heap") + " heap\n" + memory_limits(process);
  Table table({"COMPONENT", "STATE", "MAPPED", "PRIVATE", "HEAP", "RETURNED"});
  for_each(answer, "components", [&](dm_value component) {
    table.add({text_at(component, "name"), text_at(component, "state"), bytes_at(component, "mapped"),
               bytes_at(component, "private"), bytes_at(component, "heap"), bytes_at(component, "returned")});
  });
  if (table.size()) text += "\n" + table.to_string();
  return text + memory_history(answer);
}

std::string show_caches(dm_value answer) {
  Table table({"CACHE", "STORE", "HITS", "MISSES", "COALESCED", "HIT RATIO", "ENTRIES", "HOLDS", "OF", "PROBLEM"});
  for_each(answer, "caches", [&](dm_value cache) {
    const dm_value values = dm_map_get(cache, "values");
    const bool known = dm_kind(values) == DM_MAP;
    char ratio[16] = "-";
    if (is_set(cache, "hit_ratio")) std::snprintf(ratio, sizeof ratio, "%.1f %%", 100 * number_at(cache, "hit_ratio"));
    const auto hits = static_cast<int64_t>(number_at(cache, "hits") + number_at(cache, "negative_hits"));
    table.add({text_at(cache, "name"), text_at(cache, "store"), std::to_string(hits), text_at(cache, "misses"),
               text_at(cache, "coalesced"), ratio, known ? text_at(values, "entries") : "-",
               known ? bytes_at(values, "bytes") : "-", bytes_at(dm_map_get(cache, "policy"), "max_bytes"),
               one_line(error_line(dm_map_get(cache, "problem")), 80)});
  });
  return table.size() ? table.to_string() : "";
}

std::string show_operations(dm_value answer) {
  Table table({"OPERATION", "STATE", "VERB", "OBJECT", "STARTED", "ENDED", "CAUSE"});
  for_each(answer, "operations", [&](dm_value operation) {
    const std::string ended = text_at(operation, "ended_at");
    const dm_value result = dm_map_get(operation, "result");
    const std::string cause =
        dm_kind(result) == DM_MAP ? text_at(result, "explanation") : error_line(dm_map_get(operation, "problem"));
    table.add({text_at(operation, "id"), text_at(operation, "state"), text_at(operation, "verb"),
               text_at(operation, "object"), text_at(operation, "started_at"), ended.empty() ? "-" : ended,
               cause.empty() ? "-" : cause});
  });
  return table.size() ? table.to_string() : "";
}

std::string show_change(dm_value answer) {
  std::string text = text_at(answer, "explanation");
  if (text.empty()) text = flag_at(answer, "changed") ? "done" : "nothing to do";
  text = printable(text_at(answer, "object") + ": " + text) + "\n";
  for_each(answer, "pool_changes", [&](dm_value change) {
    const std::string component = text_at(change, "component");
    text += "  pool " + component + ": " + text_at(change, "key") + " " + text_at(change, "from") + " -> " +
            text_at(change, "to") +
            (text_at(change, "acts") == "at_once" ? ", at once"
                                                  : ", with its next load: dormouse ctl reload " + component) +
            "\n";
  });
  return text;
}

std::string show(const Command& command, dm_value answer) {
  switch (command.id) {
    case CommandId::status:
      return show_status(answer);
    case CommandId::components:
      return show_components(answer);
    case CommandId::plugins:
    case CommandId::scan:
      return show_plugins(answer);
    case CommandId::pipelines:
      return show_pipelines(answer);
    case CommandId::caches:
      return show_caches(answer);
    case CommandId::memory:
      return show_memory(answer);
    case CommandId::crashes:
      return show_crashes(answer);
    case CommandId::crash:
      return show_crash(answer);
    case CommandId::operations:
      return show_operations(answer);
    default:
      return command.changes() ? show_change(answer) : to_report(answer, show_measured);
  }
}

namespace {

std::string name_of(dm_value value) {
  for (const char* key : {"name", "id", "object"})
    if (is_set(value, key)) return printable(text_at(value, key));
  return {};
}

}  // namespace

std::string show_names(const Command& command, dm_value answer) {
  const dm_value list = dm_map_get(answer, std::string(command.noun).c_str());
  if (command.changes() || dm_kind(list) != DM_LIST) {
    const std::string name = name_of(answer);
    return name.empty() ? "" : name + "\n";
  }
  std::string names;
  for (uint32_t i = 0; i < dm_count(list); ++i) names += name_of(dm_list_at(list, i)) + "\n";
  return names;
}

std::string show_notices(const Command& command, dm_value answer) {
  std::string notices;
  for_each(answer, "warnings", [&](dm_value warning) {
    notices +=
        "dormouse: warning: " + to_cell(dm_kind(warning) == DM_MAP ? dm_map_get(warning, "text") : warning) + "\n";
  });
  const dm_value list = dm_map_get(answer, std::string(command.noun).c_str());
  if (!command.changes() && is_set(answer, "next"))
    notices += "dormouse: there are more: --after " + printable(text_at(answer, "next")) + "\n";
  if (!command.changes() && dm_kind(list) == DM_LIST && dm_count(list) == 0)
    notices += "dormouse: there are no " + std::string(command.noun) + "\n";
  return notices;
}

std::string show_going_on(dm_value operation) {
  const std::string id = text_at(operation, "id");
  return printable(text_at(operation, "object") + ": " + text_at(operation, "verb") +
                   " has not ended and goes on as operation " + id + "; its end: dormouse ctl operations " + id +
                   " --wait 30s");
}

std::string show_ready(Duration waited) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(waited).count();
  return ms < 200 ? "host: ready\n" : "host: ready after " + show_ms(static_cast<double>(ms)) + "\n";
}

std::string show_not_ready(dm_value status) {
  return "not ready: " + error_line(dm_map_get(status, "not_ready")) + "\n";
}

std::string show_problem(dm_value problem) {
  std::string lines = error_line(problem) + "\n";
  // Script errors keep their lines: file, place, source and caret.
  for_each(problem, "errors", [&](dm_value error) {
    lines += (dm_kind(error) == DM_MAP ? text_at(error, "text") : to_cell(error)) + "\n";
  });
  return lines;
}

std::string show_event(std::string_view kind, dm_value event) {
  std::string line = text_at(event, "at") + " ";
  line += is_set(event, "kind") ? text_at(event, "kind") : std::string(kind);
  line += " " + text_at(event, "object");
  for (const char* key : {"cause", "actor"})
    if (!text_at(event, key).empty()) line += std::string(" ") + key + "=" + text_at(event, key);
  const dm_value fields = dm_map_get(event, "fields");
  for (uint32_t i = 0; i < dm_count(fields); ++i) {
    dm_string_view name;
    dm_value value;
    if (dm_map_at(fields, i, &name, &value)) line += " " + std::string(name.data, name.size) + "=" + to_cell(value);
  }
  return printable(line);
}

}  // namespace dormouse
