#include "cache/component_space.h"

#include <utility>

namespace dormouse {
namespace {

constexpr unsigned kRevisionBits = 24;

}  // namespace

ComponentSpace::ComponentSpace(std::shared_ptr<Component> component, std::string name)
    : component_(std::move(component)), name_(std::move(name)) {}

void ComponentSpace::set_limits(const CacheLimits& limits) {
  {
    std::lock_guard lock(mutex_);
    if (limits.max_bytes == limits_.max_bytes && limits.eviction == limits_.eviction) return;
    limits_ = limits;
    revision_.fetch_add(1, std::memory_order_release);
  }
  // A space that is open takes them now: a lowered bound must not wait for somebody to put something.
  const std::optional<Lease> lease = component_->try_observe();
  if (lease && opened_space_of(*lease)) (void)space_of(*lease);
}

void* ComponentSpace::space_of(const Lease& lease) {
  const uint64_t revision = revision_.load(std::memory_order_acquire) & ((uint64_t{1} << kRevisionBits) - 1);
  const uint64_t wanted = load_number(lease) << kRevisionBits | revision;
  if (opened_as_.load(std::memory_order_acquire) == wanted) return space_.load(std::memory_order_relaxed);
  if (opening_.exchange(true, std::memory_order_acquire)) return nullptr;
  void* space = open(lease, wanted);
  opening_.store(false, std::memory_order_release);
  return space;
}

void* ComponentSpace::opened_space_of(const Lease& lease) const {
  const uint64_t opened_as = opened_as_.load(std::memory_order_acquire);
  return opened_as >> kRevisionBits == load_number(lease) ? space_.load(std::memory_order_relaxed) : nullptr;
}

void* ComponentSpace::open(const Lease& lease, uint64_t wanted) {
  CacheLimits limits;
  bool owed = false;
  {
    std::lock_guard lock(mutex_);
    limits = limits_;
    owed = std::exchange(owes_purge_, false);
  }
  Result<void*> space = open_cache_space(lease, name_, limits);
  // A failure is remembered as well: it is tried again with the next load or other limits, not with every request. Of
  // limits that are refused the old ones stay in force.
  void* kept = space.ok() ? *space : opened_space_of(lease);
  Status purged;
  if (owed && kept) purged = cache_purge(lease, kept, nullptr).status();
  if (!purged.ok()) kept = nullptr;
  {
    std::lock_guard lock(mutex_);
    owes_purge_ = owes_purge_ || !purged.ok();
    problem_ = purged.ok() ? space.status() : purged;
  }
  space_.store(kept, std::memory_order_relaxed);
  opened_as_.store(wanted, std::memory_order_release);
  return kept;
}

// One demand at a time. A failed load has its own back-off.
void ComponentSpace::wake() {
  if (waking_->exchange(true)) return;
  component_->acquire(Demand{"cache", false, [waking = waking_](Result<Lease>) { waking->store(false); }});
}

CacheSpace::Found ComponentSpace::get(std::string_view key, Time now) {
  const std::optional<Lease> lease = component_->try_acquire();
  if (!lease) {
    wake();
    return {};
  }
  void* space = space_of(*lease);
  if (!space) return {};
  CacheFound found = cache_get(*lease, space, key, now);
  if (!found.problem.ok()) {
    std::lock_guard lock(mutex_);
    problem_ = found.problem;
  }
  return {std::move(found.value), {load_number(*lease), found.epoch}};
}

CacheSpace::Put ComponentSpace::put(const Entry& entry, Epoch since, Time now) {
  const std::optional<Lease> lease = component_->try_acquire();
  if (!lease || since.load != load_number(*lease)) return Put::other_load;
  void* space = space_of(*lease);
  if (!space) return Put::refused;
  const CachePut put{.key = entry.key,
                     .value = entry.value.bytes(),
                     .tags = entry.tags,
                     .expires = entry.expires,
                     .cost = entry.cost,
                     .epoch = since.epoch};
  return cache_put(*lease, space, put, now) ? Put::kept : Put::refused;
}

Result<uint64_t> ComponentSpace::purge(const std::string* tag) {
  const std::optional<Lease> lease = component_->try_observe();
  if (!lease) {
    // It may be trimmed or drain, and come back with what it has: then all of it goes before anything is found.
    std::lock_guard lock(mutex_);
    owes_purge_ = true;
    revision_.fetch_add(1, std::memory_order_release);
    return uint64_t{0};
  }
  void* space = opened_space_of(*lease);
  if (!space) return uint64_t{0};
  return cache_purge(*lease, space, tag);
}

Result<std::optional<uint64_t>> ComponentSpace::count(const std::string* tag) const {
  const std::optional<Lease> lease = component_->try_observe();
  void* space = lease ? opened_space_of(*lease) : nullptr;
  if (!space) return std::optional<uint64_t>(0);
  return cache_count(*lease, space, tag);
}

std::optional<CacheNumbers> ComponentSpace::numbers() {
  const std::optional<Lease> lease = component_->try_observe();
  if (!lease) return std::nullopt;
  void* space = opened_space_of(*lease);
  if (!space) return std::nullopt;
  return cache_numbers(*lease, space);
}

Status ComponentSpace::problem() const {
  std::lock_guard lock(mutex_);
  return problem_;
}

}  // namespace dormouse
