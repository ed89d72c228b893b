#include "components/pool_changes.h"

#include "base/units.h"

namespace dormouse {
namespace {

std::string text_of(unsigned count) {
  return std::to_string(count);
}
std::string text_of(Duration duration) {
  return format_duration(duration);
}
std::string text_of(const std::optional<unsigned>& count) {
  return count ? text_of(*count) : "default";
}
std::string text_of(const std::optional<Duration>& duration) {
  return duration ? text_of(*duration) : "never";
}

struct PoolKey {
  const char* name;
  bool at_once;
  std::string (*read)(const PoolPolicy& policy);
};

// What a lane or a batch queue is made with waits for the next load; all else is read when it is needed.
constexpr PoolKey kKeys[] = {
    {"min_idle", false, [](const PoolPolicy& p) { return text_of(p.min_idle); }},
    {"max_instances", false, [](const PoolPolicy& p) { return text_of(p.max_instances); }},
    {"max_batch", false, [](const PoolPolicy& p) { return text_of(p.max_batch); }},
    {"max_delay", false, [](const PoolPolicy& p) { return text_of(p.max_delay); }},
    {"max_pending", true, [](const PoolPolicy& p) { return text_of(p.max_pending); }},
    {"max_wait", true, [](const PoolPolicy& p) { return text_of(p.max_wait); }},
    {"idle.trim", true, [](const PoolPolicy& p) { return text_of(p.idle_trim); }},
    {"idle.park", true, [](const PoolPolicy& p) { return text_of(p.idle_park); }},
    {"idle.unload", true, [](const PoolPolicy& p) { return text_of(p.idle_unload); }},
    {"min_residency", true, [](const PoolPolicy& p) { return text_of(p.min_residency); }},
    {"load_timeout", true, [](const PoolPolicy& p) { return text_of(p.load_timeout); }},
    {"reload", true, [](const PoolPolicy& p) { return std::string(to_string(p.reload)); }},
    {"drain_timeout", true, [](const PoolPolicy& p) { return text_of(p.drain_timeout); }},
};

}  // namespace

std::vector<PoolChange> pool_changes(const std::string& component, const PoolPolicy& before, const PoolPolicy& loaded,
                                     const PoolPolicy& after) {
  std::vector<PoolChange> changes;
  for (const PoolKey& key : kKeys) {
    std::string from = key.read(key.at_once ? before : loaded);
    std::string to = key.read(after);
    if (from != to) changes.push_back({component, key.name, std::move(from), std::move(to), key.at_once});
  }
  return changes;
}

}  // namespace dormouse
