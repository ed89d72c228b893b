// From what policy scripts said to policies that may hold: names resolved, bounds and orders checked, all faults found.
// Pure but for the manifests it asks the callees for; runs no plugin code. Not on a reactor.
#pragma once

#include <vector>

#include "cache/policy.h"
#include "graph/callee.h"
#include "graph/description.h"
#include "graph/script_errors.h"

namespace dormouse {

// As dm_cache_entry says; those of dm.cache and of a stage together.
constexpr size_t kCacheTagsMax = 16;
constexpr size_t kCacheTagBytesMax = 256;

// Meaningful only when `errors` is still empty afterwards.
std::vector<NamedPoolPolicy> check_pools(const ScriptDescription& description, Callees& callees, ScriptErrors& errors);
std::vector<CachePolicy> check_caches(const ScriptDescription& description, Callees& callees, ScriptErrors& errors);

}  // namespace dormouse
