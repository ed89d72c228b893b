#include "cache/cache.h"

#include <algorithm>

namespace dormouse {
namespace {

// Failures get this part of a cache's bytes, and at least that many.
constexpr uint64_t kFailuresShare = 16;
constexpr uint64_t kFailureBytesMin = uint64_t{64} << 10;

constexpr MetricInfo kRequests{"dormouse_cache_requests_total",
                               "Lookups of a cache by what they came to; a coalesced one was a miss as well."};
constexpr MetricInfo kNotKept{
    "dormouse_cache_not_kept_total",
    "Results that a cache did not keep: too large, refused by its component, or made before a "
    "purge."};

Counter& request_counter(Metrics& metrics, const std::string& cache, CacheResult result) {
  return metrics.counter(kRequests, {{"cache", cache}, {"result", std::string(to_string(result))}});
}

// A remembered failure: its error, field by field. Only errors of one code are remembered.
constexpr const char* kErrorFields[] = {"message", "object", "needed", "found", "remedy"};
constexpr std::string Error::*kErrorTexts[] = {&Error::message, &Error::object, &Error::needed, &Error::found,
                                               &Error::remedy};

Result<Value> encode(const Error& error, ValueWriter& writer) {
  writer.reset();
  writer.map_begin();
  for (size_t i = 0; i < std::size(kErrorFields); ++i) {
    writer.key(kErrorFields[i]);
    writer.string(error.*kErrorTexts[i]);
  }
  writer.key("near");
  writer.list_begin();
  for (const std::string& name : error.near) writer.string(name);
  writer.list_end();
  writer.map_end();
  return writer.finish();
}

Error decode(const Value& value) {
  Error error;
  error.code = Code::not_found;
  for (size_t i = 0; i < std::size(kErrorFields); ++i) {
    dm_string_view text{};
    if (dm_get_string(value.field(kErrorFields[i]).view(), &text)) error.*kErrorTexts[i] = {text.data, text.size};
  }
  const Value near = value.field("near");
  for (uint32_t i = 0; i < dm_count(near.view()); ++i) {
    dm_string_view name{};
    if (dm_get_string(dm_list_at(near.view(), i), &name)) error.near.emplace_back(name.data, name.size);
  }
  return error;
}

}  // namespace

std::string_view to_string(CacheResult result) {
  constexpr std::string_view kNames[] = {"none", "hit", "negative", "miss", "coalesced"};
  return kNames[static_cast<size_t>(result)];
}

Cache::Cache(std::string name, std::string store, std::unique_ptr<CacheSpace> values,
             std::unique_ptr<CacheSpace> failures, uint64_t seed, Metrics& metrics)
    : name_(std::move(name)),
      store_(std::move(store)),
      values_(std::move(values)),
      failures_(std::move(failures)),
      random_(seed),
      hits_(request_counter(metrics, name_, CacheResult::hit)),
      negatives_(request_counter(metrics, name_, CacheResult::negative)),
      misses_(request_counter(metrics, name_, CacheResult::miss)),
      coalesced_(request_counter(metrics, name_, CacheResult::coalesced)),
      not_kept_(metrics.counter(kNotKept, {{"cache", name_}})) {}

void Cache::set_limits(const CachePolicy& policy) {
  CacheLimits failures = policy.limits;
  failures.max_bytes = std::max(policy.limits.max_bytes / kFailuresShare, kFailureBytesMin);
  values_->set_limits(policy.limits);
  failures_->set_limits(failures);
}

Cache::Answer Cache::look_up(std::string_view key, const CachePolicy& policy, Time now,
                             const std::function<bool(const Value&)>& accepts) {
  Answer answer;
  answer.miss.purges = purges_.load(std::memory_order_acquire);
  CacheSpace::Found found = values_->get(key, now);
  if (found.value && accepts(found.value)) {
    hits_.add();
    answer.result = CacheResult::hit;
    answer.value = std::move(found.value);
    return answer;
  }
  answer.miss.values = found.epoch;
  if (policy.negative_ttl) {
    found = failures_->get(key, now);
    if (found.value) {
      negatives_.add();
      answer.result = CacheResult::negative;
      answer.error = decode(found.value);
      return answer;
    }
    answer.miss.failures = found.epoch;
  }
  misses_.add();
  return answer;
}

void Cache::keep(std::string_view key, const CallResult& call, std::span<const std::string> tags, const Miss& miss,
                 const CachePolicy& policy, Time now, ValueWriter& writer) {
  const bool failed = !call.value.ok();
  if (failed && (!policy.negative_ttl || call.value.status().code() != Code::not_found)) return;
  if (!failed && call.ran < policy.min_cost) return;

  Result<Value> value = call.value;
  if (failed) {
    value = encode(call.value.status().error(), writer);
  } else if (!value->is_root()) {
    writer.reset();
    writer.copy(value->view());
    value = writer.finish();
  }
  if (!value.ok() || value->bytes().size() > policy.max_entry) return not_kept_.add();

  std::vector<std::string> all_tags;
  for (const std::span<const std::string> some : {std::span<const std::string>(policy.tags), tags})
    for (const std::string& tag : some)
      if (std::find(all_tags.begin(), all_tags.end(), tag) == all_tags.end()) all_tags.push_back(tag);
  const Duration lives = spread(failed ? *policy.negative_ttl : policy.ttl, policy.ttl_jitter);
  const CacheSpace::Entry entry{key, *value, all_tags, now + lives, call.ran};
  if (!put(failed ? *failures_ : *values_, entry, failed ? miss.failures : miss.values, miss.purges, now))
    not_kept_.add();
}

// A space that was loaded after the miss tells its epoch first, then purges are looked at: one that comes later moves
// that epoch.
bool Cache::put(CacheSpace& space, const CacheSpace::Entry& entry, CacheSpace::Epoch since, uint64_t purges, Time now) {
  if (purges_.load(std::memory_order_acquire) != purges) return false;
  CacheSpace::Put put = space.put(entry, since, now);
  if (put == CacheSpace::Put::other_load) {
    since = space.get(entry.key, now).epoch;
    if (purges_.load(std::memory_order_acquire) != purges) return false;
    put = space.put(entry, since, now);
  }
  return put == CacheSpace::Put::kept;
}

Result<uint64_t> Cache::purge(const std::string* tag) {
  purges_.fetch_add(1, std::memory_order_acq_rel);
  flights_.detach_all();
  Result<uint64_t> values = values_->purge(tag);
  Result<uint64_t> failures = failures_->purge(tag);
  if (!values.ok()) return values;
  if (!failures.ok()) return failures;
  return *values + *failures;
}

Result<std::optional<uint64_t>> Cache::count(const std::string* tag) const {
  Result<std::optional<uint64_t>> values = values_->count(tag);
  if (!values.ok() || !*values) return values;
  Result<std::optional<uint64_t>> failures = failures_->count(tag);
  if (!failures.ok() || !*failures) return failures;
  return std::optional(**values + **failures);
}

// ttl * (1 - jitter) to ttl: what was kept together does not end together.
Duration Cache::spread(Duration ttl, double jitter) {
  uint64_t x = random_.fetch_add(0x9e3779b97f4a7c15u, std::memory_order_relaxed);  // splitmix64
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  const double part = static_cast<double>((x ^ x >> 31) >> 11) * 0x1p-53;
  return ttl - Duration(static_cast<int64_t>(static_cast<double>(ttl.count()) * jitter * part));
}

Cache::Numbers Cache::numbers() const {
  Numbers numbers;
  numbers.hits = hits_.value();
  numbers.negatives = negatives_.value();
  numbers.misses = misses_.value();
  numbers.coalesced = coalesced_.value();
  numbers.not_kept = not_kept_.value();
  numbers.purges = purges_.load(std::memory_order_relaxed);
  numbers.in_flight = flights_.running();
  numbers.values = values_->numbers();
  numbers.failures = failures_->numbers();
  numbers.problem = values_->problem();
  return numbers;
}

}  // namespace dormouse
