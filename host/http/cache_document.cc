#include "http/cache_document.h"

#include <optional>

#include "http/document_parts.h"

namespace dormouse {
namespace {

void write_policy(JsonText& out, const CachePolicy& policy) {
  out.key("policy").begin_object();
  out.member("eviction", policy.limits.eviction);
  out.member("max_bytes", policy.limits.max_bytes);
  out.member("max_entry", policy.max_entry);
  write_ms(out, "min_cost_ms", true, policy.min_cost);
  write_ms(out, "ttl_ms", true, policy.ttl);
  out.member("ttl_jitter", policy.ttl_jitter);
  write_ms(out, "negative_ttl_ms", policy.negative_ttl);
  out.member("single_flight", policy.single_flight);
  write_list(out, "tags", policy.tags);
  out.key("version_by").begin_array();
  if (policy.version_by_plugin) out.value("plugin");
  if (policy.version_by_script) out.value("script");
  out.end_array();
  out.end_object();
}

// null: the component that keeps it is not in memory.
void write_space(JsonText& out, std::string_view name, const std::optional<CacheNumbers>& space) {
  out.key(name);
  if (!space) return out.null(), void();
  out.begin_object();
  out.member("entries", space->entries);
  out.member("bytes", space->bytes);
  out.member("max_bytes", space->max_bytes);
  out.member("inserted", space->inserted);
  out.member("evicted", space->evicted);
  out.member("expired", space->expired);
  out.member("refused", space->refused);
  out.member("purged", space->purged);
  out.end_object();
}

}  // namespace

void write(JsonText& out, const CacheStatus& cache) {
  const Cache::Numbers& numbers = cache.numbers;
  const uint64_t answered = numbers.hits + numbers.negatives;
  const uint64_t asked = answered + numbers.misses;
  out.begin_object();
  out.member("name", cache.policy.name);
  out.member("store", cache.policy.store);
  out.member("hits", numbers.hits);
  out.member("negative_hits", numbers.negatives);
  out.member("misses", numbers.misses);
  out.member("coalesced", numbers.coalesced);
  out.key("hit_ratio");
  asked > 0 ? out.value(static_cast<double>(answered) / static_cast<double>(asked)) : out.null();
  out.member("not_kept", numbers.not_kept);
  out.member("in_flight", numbers.in_flight);
  out.member("purges", numbers.purges);
  write_space(out, "values", numbers.values);
  write_space(out, "failures", numbers.failures);
  write_policy(out, cache.policy);
  write(out.key("problem"), numbers.problem);
  out.end_object();
}

}  // namespace dormouse
